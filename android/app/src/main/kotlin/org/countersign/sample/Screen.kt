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
import org.countersign.ffi.ImportRow
import org.countersign.ffi.RowVerdict
import org.countersign.ffi.ScannedCode
import kotlin.coroutines.resume

/** A screen: a column of views, and what happens while it is in front. */
abstract class Screen(protected val activity: MainActivity) {
    protected val column = LinearLayout(activity).apply {
        orientation = LinearLayout.VERTICAL
        setPadding(PADDING, PADDING, PADDING, PADDING)
    }

    open val view: View = ScrollView(activity).apply {
        fitsSystemWindows = true
        addView(column)
    }

    /** Runs while the screen is in front, and is cancelled when it leaves. */
    open suspend fun run() = Unit

    protected fun text(words: CharSequence = "", size: Float = BODY): TextView =
        TextView(activity).apply {
            text = words
            textSize = size
            setPadding(0, PADDING / 4, 0, PADDING / 4)
        }.also(column::addView)

    protected fun button(label: String, onClick: () -> Unit): Button =
        Button(activity).apply {
            text = label
            setOnClickListener { onClick() }
        }.also(column::addView)

    /** Tells something, and waits until it has been read; gives whether the person agreed. */
    protected suspend fun tell(what: String, agree: String = "OK", decline: String? = null): Boolean =
        suspendCancellableCoroutine { waiting ->
            val dialog = AlertDialog.Builder(activity).setMessage(what)
                .setPositiveButton(agree) { _, _ -> waiting.resume(true) }
                .setOnCancelListener { waiting.resume(false) }
            decline?.let { dialog.setNegativeButton(it) { _, _ -> waiting.resume(false) } }
            val shown = dialog.show()
            waiting.invokeOnCancellation { shown.dismiss() }
        }

    /** Asks for something that must not be seen; nothing if the person dismisses it. */
    protected suspend fun ask(what: String): CharArray? =
        suspendCancellableCoroutine { waiting ->
            val typed = EditText(activity).apply { inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD }
            val shown = AlertDialog.Builder(activity).setMessage(what).setView(typed)
                .setPositiveButton("OK") { _, _ -> waiting.resume(CharArray(typed.length()) { typed.text[it] }) }
                .setNegativeButton("Cancel") { _, _ -> waiting.resume(null) }
                .setOnCancelListener { waiting.resume(null) }
                .show()
            waiting.invokeOnCancellation { shown.dismiss() }
        }

    /** Adds an entry of an import; a tap changes what becomes of it where its name is taken. */
    protected fun addRow(row: ImportRow, choices: ImportChoices) {
        text("${row.issuer}  ${row.name}: ${row.verdict.inWords()}")
        if (row.verdict is RowVerdict.SameName) {
            lateinit var choice: Button
            choice = button(choices.of(row).inWords()) { choice.text = choices.change(row).inWords() }
        }
    }

    /** Scans codes of a move; nothing when the camera can't be used, of which the person is told. */
    protected suspend fun <T> scanning(camera: CameraPreview, work: suspend (Flow<ScannedCode.Transfer>) -> T): T? =
        try {
            work(camera.transferCodes())
        } catch (_: CameraAccessException) {
            tell("The camera can't be used now.")
            null
        }

    /** Does something, and tells the person what went wrong, if anything. */
    protected suspend fun <T> trying(work: suspend () -> T): T? =
        try {
            work()
        } catch (_: AuthenticatorException.Cancelled) {
            null
        } catch (error: AuthenticatorException) {
            tell(error.describe())
            null
        }

    protected companion object {
        const val PADDING = 48
        const val BODY = 16f
        const val LARGE = 32f
        const val FILL = ViewGroup.LayoutParams.MATCH_PARENT
    }
}
