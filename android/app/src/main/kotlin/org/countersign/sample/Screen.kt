package org.countersign.sample

import android.app.AlertDialog
import android.hardware.camera2.CameraAccessException
import android.text.InputType
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.TextView
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.suspendCancellableCoroutine
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.ScannedCode
import java.io.IOException
import kotlin.coroutines.resume

/** A screen: its content, its buttons, and what runs while it is in front. */
abstract class Screen(protected val activity: MainActivity) {
    /** The content, which scrolls. */
    protected val column = activity.column().apply { pad(MARGIN) }

    /** The buttons: at the lower edge, within reach of the thumb. */
    protected val actions = activity.column().apply { pad(MARGIN / 2) }

    val view: View = activity.column().apply {
        fitsSystemWindows = true
        addView(ScrollView(activity).apply { addView(column) }, LinearLayout.LayoutParams(FILL, 0, 1f))
        addView(actions)
    }

    /** Where "back" leads; nothing leaves the app. */
    open val back: (() -> Screen)? = null

    /** Runs while the screen is in front, and is cancelled when it leaves. */
    open suspend fun run() = Unit

    /** Starts or restarts the screen with its subject. */
    protected fun begin(heading: CharSequence? = null) {
        column.removeAllViews()
        actions.removeAllViews()
        heading?.let { column.text(it, R.style.Text_Heading) }
    }

    protected fun backButton() {
        actions.button(words(R.string.back)) { activity.goBack() }
    }

    protected fun words(id: Int, vararg parts: Any?): String = activity.getString(id, *parts)

    protected fun counted(id: Int, count: Int): String = activity.resources.getQuantityString(id, count, count)

    /** A text field with its label, which screen readers read out. */
    protected fun ViewGroup.field(label: CharSequence, type: Int = CODE, style: Int = R.style.Field): EditText {
        val field = EditText(activity, null, 0, style).apply {
            id = View.generateViewId()
            inputType = type
        }
        text(label, R.style.Text_Label).labelFor = field.id
        return field.also { addView(it, FILL, WRAP) }
    }

    /** Shows a message, waits until the person closes it, and returns whether they agreed. */
    protected suspend fun tell(what: String, agree: String = words(R.string.ok), decline: String? = null): Boolean =
        suspendCancellableCoroutine { waiting ->
            val dialog = AlertDialog.Builder(activity).setMessage(what)
                .setPositiveButton(agree) { _, _ -> waiting.resume(true) }
                .setOnCancelListener { waiting.resume(false) }
            decline?.let { dialog.setNegativeButton(it) { _, _ -> waiting.resume(false) } }
            val shown = dialog.show()
            waiting.invokeOnCancellation { shown.dismiss() }
        }

    /** Asks for a hidden text; returns null if the person dismisses it. */
    protected suspend fun ask(what: String): CharArray? =
        suspendCancellableCoroutine { waiting ->
            val asked = activity.column().apply { pad(MARGIN) }
            val typed = asked.field(what, InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD)
            val shown = AlertDialog.Builder(activity).setView(asked)
                .setPositiveButton(R.string.ok) { _, _ -> waiting.resume(CharArray(typed.length()) { typed.text[it] }) }
                .setNegativeButton(R.string.cancel) { _, _ -> waiting.resume(null) }
                .setOnCancelListener { waiting.resume(null) }
                .show()
            waiting.invokeOnCancellation { shown.dismiss() }
        }

    /** Uses the camera; if it isn't available, tells the person and returns null. */
    protected suspend fun <T> scanning(camera: CameraPreview, work: suspend (Flow<ScannedCode>) -> T): T? =
        try {
            work(camera.codes())
        } catch (_: CameraAccessException) {
            tell(words(R.string.camera_fails))
            null
        }

    /** Does something, and shows its error, if any. */
    protected suspend fun <T> trying(work: suspend () -> T): T? =
        try {
            work()
        } catch (_: AuthenticatorException.Cancelled) {
            null
        } catch (error: AuthenticatorException) {
            tell(error.describe())
            null
        } catch (_: IOException) {
            tell(words(R.string.file_fails))
            null
        }

    protected companion object {
        /** For text from paper or from another screen: no dictionary, no capitals, and not learnt by the keyboard. */
        const val CODE = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS or InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD
    }
}
