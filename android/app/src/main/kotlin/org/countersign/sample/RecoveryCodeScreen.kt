package org.countersign.sample

import kotlinx.coroutines.launch
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.Vault

/** Asks the person to type the recovery code from paper, to check that it was written down correctly; then continues. */
class RecoveryCodeScreen(
    activity: MainActivity,
    private val vault: Vault,
    override val back: (() -> Screen)? = null,
    private val next: suspend () -> Screen?,
) : Screen(activity) {

    override suspend fun run() {
        begin(words(R.string.recovery_code))
        val typed = column.field(words(R.string.type_recovery_code))
        actions.row {
            button(words(R.string.later)) { activity.launch { goOn() } }
            button(words(R.string.check), R.style.Button_Main) {
                activity.launch {
                    trying { RecoveryCode.parse(typed.text.toString()).use { vault.checkRecoveryCode(it) } }?.let { goOn() }
                }
            }
        }
    }

    private suspend fun goOn() {
        next()?.let(activity::show)
    }
}
