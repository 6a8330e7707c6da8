package org.countersign.sample.support

import android.Manifest
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Color
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.view.Surface
import android.view.SurfaceHolder
import android.view.SurfaceView
import com.google.zxing.BarcodeFormat
import com.google.zxing.qrcode.QRCodeWriter
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.annotation.RealObject
import org.robolectric.shadows.ShadowCameraCharacteristics
import org.robolectric.shadows.ShadowImageReader
import org.robolectric.shadows.ShadowSurfaceView
import java.nio.ByteBuffer
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicBoolean

/** A phone's back camera, held over a code: what reads its frames is the library. */
object Camera {
    internal val readers = ConcurrentHashMap<ImageReader, Listening>()

    private const val SIZE = 640

    @Volatile
    private var seen: Bitmap? = null

    fun install() {
        readers.clear()
        seen = null
        val app = RuntimeEnvironment.getApplication()
        shadowOf(app).grantPermissions(Manifest.permission.CAMERA)
        val characteristics = ShadowCameraCharacteristics.newCameraCharacteristics()
        shadowOf(characteristics).set(CameraCharacteristics.LENS_FACING, CameraCharacteristics.LENS_FACING_BACK)
        shadowOf(app.getSystemService(CameraManager::class.java)).addCamera("0", characteristics)
    }

    /** Holds it over this picture. */
    fun holdOver(picture: ByteArray) {
        seen = BitmapFactory.decodeByteArray(picture, 0, picture.size)
    }

    /** Holds it over a QR code with this text. */
    fun holdOver(text: String) {
        seen = codeOf(text)
    }

    /** A QR code with this text. */
    fun codeOf(text: String): Bitmap {
        val modules = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, SIZE, SIZE)
        val pixels = IntArray(SIZE * SIZE) { if (modules[it % SIZE, it / SIZE]) Color.BLACK else Color.WHITE }
        return Bitmap.createBitmap(pixels, SIZE, SIZE, Bitmap.Config.ARGB_8888)
    }

    internal fun takePicture() {
        if (seen == null) return
        for ((reader, listening) in readers) listening.tellOf(reader)
    }

    internal fun frame(): Image? = seen?.let(::Frame)

    /** Who waits for frames. One that comes while another is looked at is dropped, as a camera's is. */
    internal class Listening(private val listener: ImageReader.OnImageAvailableListener, private val handler: Handler) {
        private val isLooking = AtomicBoolean()

        fun tellOf(reader: ImageReader) {
            if (!isLooking.compareAndSet(false, true)) return
            handler.post {
                listener.onImageAvailable(reader)
                isLooking.set(false)
            }
        }
    }

    private class Frame(private val picture: Bitmap) : Image() {
        override fun getFormat() = ImageFormat.YUV_420_888
        override fun getWidth() = picture.width
        override fun getHeight() = picture.height
        override fun getTimestamp() = 0L
        override fun getTransform() = 0
        override fun getScalingMode() = 0
        override fun close() = Unit
        override fun getPlanes(): Array<Plane> = arrayOf(
            object : Plane() {
                override fun getRowStride() = width
                override fun getPixelStride() = 1
                override fun getBuffer(): ByteBuffer = ByteBuffer.allocateDirect(width * height).put(luma()).flip()
            },
        )

        private fun luma(): ByteArray {
            val pixels = IntArray(width * height).also { picture.getPixels(it, 0, width, 0, 0, width, height) }
            return ByteArray(pixels.size) { Color.green(pixels[it]).toByte() }
        }
    }
}

/** The reader of a camera's frames, which are those of [Camera]. */
@Implements(ImageReader::class)
class ShadowFrames : ShadowImageReader() {
    @RealObject
    private lateinit var reader: ImageReader

    @Implementation
    fun setOnImageAvailableListener(listener: ImageReader.OnImageAvailableListener, handler: Handler) {
        Camera.readers[reader] = Camera.Listening(listener, handler)
    }

    @Implementation
    fun acquireLatestImage(): Image? = Camera.frame()

    @Implementation
    public override fun close() {
        Camera.readers.remove(reader)
    }
}

/** Where the camera's picture is shown: a surface that is there at once, and that nothing draws on. */
@Implements(SurfaceView::class)
class ShadowPreview : ShadowSurfaceView() {
    @Implementation
    public override fun getHolder(): SurfaceHolder = object : SurfaceHolder by super.getHolder() {
        override fun getSurface() = Surface(SurfaceTexture(0))

        override fun addCallback(callback: SurfaceHolder.Callback) = callback.surfaceCreated(this)
    }
}
