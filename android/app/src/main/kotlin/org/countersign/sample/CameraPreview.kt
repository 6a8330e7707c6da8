package org.countersign.sample

import android.Manifest.permission
import android.content.pm.PackageManager
import android.view.SurfaceHolder
import android.view.SurfaceView
import android.view.ViewGroup
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
    private val view = SurfaceView(activity).apply { contentDescription = activity.getString(R.string.camera_view) }

    /** Adds the picture, or says that the camera is needed, and asks for it; a screen runs again once the person has allowed it. */
    fun addTo(column: ViewGroup): Boolean {
        val isAllowed = activity.checkSelfPermission(permission.CAMERA) == PackageManager.PERMISSION_GRANTED
        if (isAllowed) column.addView(view, FILL, activity.dp(HEIGHT)) else column.text(activity.getString(R.string.camera_needed))
        if (!isAllowed) activity.askFor(permission.CAMERA)
        return isAllowed
    }

    /** The codes in the camera's view. Ends with a `CameraAccessException` if the camera can't be used. */
    fun codes(): Flow<ScannedCode> = flow { emitAll(CameraScanner(activity).codes(surface())) }

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

    private companion object {
        const val HEIGHT = 320
    }
}

/** Only the codes of a move. Codes seen while one is processed are dropped, since they will be seen again. */
fun Flow<ScannedCode>.transferCodes(): Flow<ScannedCode.Transfer> = conflate().filterIsInstance()
