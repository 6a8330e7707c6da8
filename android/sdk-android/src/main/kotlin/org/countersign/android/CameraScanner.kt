package org.countersign.android

import android.Manifest.permission
import android.annotation.RequiresPermission
import android.content.Context
import android.graphics.ImageFormat
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.params.OutputConfiguration
import android.hardware.camera2.params.SessionConfiguration
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.view.Surface
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import org.countersign.ffi.FrameScanner
import org.countersign.ffi.ScannedCode
import java.util.concurrent.Executor

/**
 * The codes in this frame. The luminance plane is read where it is; nothing is copied.
 *
 * @param image of the format `YUV_420_888`.
 */
public fun FrameScanner.scan(image: Image): List<ScannedCode> {
    val luma = image.planes[0]
    return scan(luma.buffer, image.width.toUInt(), image.height.toUInt(), luma.rowStride.toUInt())
}

/** A minimal back camera for QR codes. An app with its own camera passes its frames to [scan]. */
public class CameraScanner(context: Context) {
    private val cameras = context.getSystemService(CameraManager::class.java)

    /**
     * The codes that the camera sees, repeated for every frame. Frames that arrive while one is processed are dropped. Ends
     * with a [CameraAccessException] if there is no camera, or another app takes it.
     *
     * @param preview shows the camera's picture.
     */
    @RequiresPermission(permission.CAMERA)
    public fun codes(preview: Surface): Flow<ScannedCode> = callbackFlow {
        val running = Running(this, preview)
        cameras.openCamera(backCamera(), running.executor, running)
        awaitClose { running.stop() }
    }

    private fun backCamera(): String {
        val all = cameras.cameraIdList
        fun facing(id: String) = cameras.getCameraCharacteristics(id).get(CameraCharacteristics.LENS_FACING)
        return all.firstOrNull { facing(it) == CameraCharacteristics.LENS_FACING_BACK } ?: all.firstOrNull()
            ?: throw CameraAccessException(CameraAccessException.CAMERA_ERROR, "this device has no camera")
    }
}

/** One run of the camera. Everything happens on one thread, so that nothing is closed while in use. */
private class Running(private val out: ProducerScope<ScannedCode>, private val preview: Surface) : CameraDevice.StateCallback() {
    private val thread = HandlerThread("countersign-camera").apply { start() }
    private val handler = Handler(thread.looper)
    private val scanner = FrameScanner()
    private val frames = ImageReader.newInstance(WIDTH, HEIGHT, ImageFormat.YUV_420_888, 2)
    private var camera: CameraDevice? = null

    val executor = Executor { handler.post(it) }

    init {
        frames.setOnImageAvailableListener({ reader -> reader.acquireLatestImage()?.use { read(it) } }, handler)
    }

    override fun onOpened(camera: CameraDevice) {
        this.camera = camera
        val outputs = listOf(preview, frames.surface)
        val request = camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW).apply {
            outputs.forEach(::addTarget)
            set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
        }.build()
        val started = object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(session: CameraCaptureSession) {
                session.setRepeatingRequest(request, null, handler)
            }

            override fun onConfigureFailed(session: CameraCaptureSession) = fail(CameraAccessException.CAMERA_ERROR)
        }
        val configuration = SessionConfiguration(
            SessionConfiguration.SESSION_REGULAR, outputs.map(::OutputConfiguration), executor, started,
        )
        camera.createCaptureSession(configuration)
    }

    override fun onDisconnected(camera: CameraDevice) = fail(CameraAccessException.CAMERA_DISCONNECTED)

    override fun onError(camera: CameraDevice, error: Int) = fail(CameraAccessException.CAMERA_ERROR)

    fun stop() {
        handler.post {
            camera?.close()
            frames.close()
            scanner.close()
            thread.quitSafely()
        }
    }

    private fun read(image: Image) {
        for (code in scanner.scan(image)) out.trySend(code)
    }

    private fun fail(reason: Int) {
        out.close(CameraAccessException(reason))
    }

    private companion object {
        const val WIDTH = 1280
        const val HEIGHT = 720
    }
}
