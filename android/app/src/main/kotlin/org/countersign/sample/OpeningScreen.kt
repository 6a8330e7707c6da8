package org.countersign.sample

import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.VaultState
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.Vault

/** Opens the vault, creates it on the first start, or asks for the recovery code; then continues. */
class OpeningScreen(activity: MainActivity, private val next: (Authenticator) -> Screen) : Screen(activity) {

    override suspend fun run() {
        activity.app.authenticator()?.let { return activity.show(next(it)) }
        when (val state = activity.app.vaultFile.open()) {
            is VaultState.Unlocked -> goOn(state.vault)
            is VaultState.Missing -> create()
            is VaultState.Locked -> recover(state)
            is VaultState.Unusable -> {
                begin(words(R.string.unusable))
                column.text(state.reason.describe())
                offerToBeginAnew()
            }
        }
    }

    private fun create() {
        val code = RecoveryCode.makeRandom()
        begin(words(R.string.recovery_code))
        column.text(words(R.string.write_it_down))
        column.text(code.text().breakable(), R.style.Text_Code)
        actions.button(words(R.string.written_down), R.style.Button_Main) {
            activity.launch {
                val vault = trying { activity.app.vaultFile.create(code) }
                code.close()
                vault?.let { activity.show(RecoveryCodeScreen(activity, it) { screenOf(it) }) }
            }
        }
    }

    private fun recover(state: VaultState.Locked) {
        begin(words(R.string.locked))
        column.text(state.reason.describe())
        val typed = column.field(words(R.string.or_recovery_code))
        offerToBeginAnew { state.vault.close() }
        actions.row {
            button(words(R.string.try_again)) { activity.show(OpeningScreen(activity, next)) }
            button(words(R.string.open), R.style.Button_Main) { activity.launch { unlock(state.vault, typed.text.toString()) } }
        }
    }

    private suspend fun unlock(vault: Vault, typed: String) {
        trying {
            RecoveryCode.parse(typed).use { vault.unlockWithRecoveryCode(it) }
            activity.app.vaultFile.renewKeyStoreSlot(vault)
            goOn(vault)
        }
    }

    /** Deletes nothing: the vault is moved out of the way. */
    private fun offerToBeginAnew(close: () -> Unit = {}) {
        column.button(words(R.string.start_over), R.style.Button_Danger) {
            activity.launch {
                if (!tell(words(R.string.start_over_question), words(R.string.start_over), words(R.string.cancel))) return@launch
                close()
                trying { activity.app.vaultFile.setAside() }
                activity.show(OpeningScreen(activity, next))
            }
        }
    }

    private suspend fun goOn(vault: Vault) {
        screenOf(vault)?.let(activity::show)
    }

    private suspend fun screenOf(vault: Vault): Screen? = trying { activity.app.authenticatorOn(vault) }?.let(next)
}
