package org.countersign.sample

import android.text.InputType
import android.widget.EditText
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.VaultState
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.Vault

/** Opens the vault, makes it on the first start, or asks for the recovery code; then goes on. */
class OpeningScreen(activity: MainActivity, private val next: (Authenticator) -> Screen) : Screen(activity) {

    override suspend fun run() {
        column.removeAllViews()
        activity.app.authenticator()?.let { return activity.show(next(it)) }
        when (val state = activity.app.vaultFile.open()) {
            is VaultState.Unlocked -> goOn(state.vault)
            is VaultState.Missing -> create()
            is VaultState.Locked -> recover(state)
            is VaultState.Unusable -> text(state.reason.describe())
        }
    }

    private fun create() {
        val code = RecoveryCode.makeRandom()
        text("Your recovery code", LARGE)
        text("Write it down. It opens your accounts when this phone's keys are lost, and is shown only now.")
        text(code.text(), LARGE)
        button("I have written it down") {
            activity.launch {
                val vault = trying { activity.app.vaultFile.create(code) }
                code.close()
                vault?.let { activity.show(RecoveryCodeScreen(activity, it) { screenOf(it) }) }
            }
        }
    }

    private fun recover(state: VaultState.Locked) {
        text(state.reason.describe())
        button("Try again") { activity.show(OpeningScreen(activity, next)) }
        text("Or type your recovery code:")
        val typed = EditText(activity).apply { inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS }
        column.addView(typed)
        button("Open") {
            activity.launch {
                trying {
                    RecoveryCode.parse(typed.text.toString()).use { state.vault.unlockWithRecoveryCode(it) }
                    activity.app.vaultFile.renewKeyStoreSlot(state.vault)
                    goOn(state.vault)
                }
            }
        }
    }

    private suspend fun goOn(vault: Vault) {
        screenOf(vault)?.let(activity::show)
    }

    private suspend fun screenOf(vault: Vault): Screen? = trying { activity.app.authenticatorOn(vault) }?.let(next)
}
