package org.countersign.sample

import android.Manifest.permission
import android.content.pm.PackageManager
import android.view.SurfaceHolder
import android.view.SurfaceView
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.emitAll
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.suspendCancellableCoroutine
import org.countersign.android.CameraScanner
import org.countersign.ffi.ScannedCode
import kotlin.coroutines.resume

/** What the camera sees, and the codes in it. */
class CameraPreview(private val activity: MainActivity) {
    val view = SurfaceView(activity)

    /** Asks for the camera if need be; a screen runs again once the person has answered. */
    fun isAllowed(): Boolean {
        val isAllowed = activity.checkSelfPermission(permission.CAMERA) == PackageManager.PERMISSION_GRANTED
        if (!isAllowed) activity.askFor(permission.CAMERA)
        return isAllowed
    }

    /** The codes, while this is collected. Ends with a `CameraAccessException` when the camera can't be used. */
    fun codes(): Flow<ScannedCode> = flow { emitAll(CameraScanner(activity).codes(surface())) }

    /** The codes of a move alone. What is seen while one is taken in is left out: it is seen again. */
    fun transferCodes(): Flow<ScannedCode.Transfer> = codes().conflate().filterIsInstance()

    private suspend fun surface() = suspendCancellableCoroutine { waiting ->
        view.holder.takeIf { it.surface.isValid }?.let { return@suspendCancellableCoroutine waiting.resume(it.surface) }
        view.holder.addCallback(object : SurfaceHolder.Callback {
            override fun surfaceCreated(holder: SurfaceHolder) {
                if (waiting.isActive) waiting.resume(holder.surface)
            }

            override fun surfaceChanged(holder: SurfaceHolder, format: Int, width: Int, height: Int) = Unit

            override fun surfaceDestroyed(holder: SurfaceHolder) = Unit
        })
    }

    companion object {
        /** Pixels. */
        const val HEIGHT = 900
    }
}
