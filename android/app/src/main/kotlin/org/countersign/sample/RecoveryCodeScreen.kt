package org.countersign.sample

import android.text.InputType
import android.widget.EditText
import kotlinx.coroutines.launch
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.Vault

/** Has the recovery code typed back from the paper, so that it is known to be written down rightly; then goes on. */
class RecoveryCodeScreen(activity: MainActivity, private val vault: Vault, private val next: suspend () -> Screen?) : Screen(activity) {

    override suspend fun run() {
        column.removeAllViews()
        text("Type your recovery code from the paper:")
        val typed = EditText(activity).apply { inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS }
        column.addView(typed)
        button("Check") {
            activity.launch {
                trying { RecoveryCode.parse(typed.text.toString()).use { vault.checkRecoveryCode(it) } }?.let { goOn() }
            }
        }
        button("Later") { activity.launch { goOn() } }
    }

    private suspend fun goOn() {
        next()?.let(activity::show)
    }
}
