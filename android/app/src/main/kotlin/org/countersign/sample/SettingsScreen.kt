package org.countersign.sample

import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.ffi.BindingState
import org.countersign.ffi.Recoverability

/** The state of clock, vault and wake-ups, and giving accounts up. */
class SettingsScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {

    override suspend fun run() {
        column.removeAllViews()
        clock()
        vault()
        wakeUps()
        phonesAndFiles()
        accounts()
        button("Back") { activity.show(AccountsScreen(activity, authenticator)) }
    }

    private fun clock() {
        text(authenticator.clockStatus().inWords())
    }

    private suspend fun vault() {
        authenticator.vault().use { vault ->
            trying { vault.check() }?.let { health ->
                text(if (health.isSound) "The vault is sound." else "The vault is damaged. What is left can be used.")
                text("It is opened by: " + health.slots.joinToString { it.kind.name.lowercase().replace('_', ' ') })
            }
            if (trying { vault.recoverability() } != Recoverability.PROVEN) {
                text("Nobody has checked yet that your recovery code is written down rightly.")
                button("Check it") { activity.show(RecoveryCodeScreen(activity, authenticator.vault()) { SettingsScreen(activity, authenticator) }) }
            }
        }
    }

    private fun wakeUps() {
        val channel = activity.app.wakeUps
        text(if (channel.address != null) "Sign-ins wake this phone." else "Sign-ins are seen when the app is opened.")
        for (distributor in channel.distributors()) button("Wake by $distributor") { channel.registerWith(distributor) }
    }

    private fun phonesAndFiles() {
        button("Backup") { activity.show(BackupScreen(activity, authenticator)) }
        button("Import") { activity.show(ImportScreen(activity, authenticator)) }
        button("Move from another phone") { activity.show(ReceiveScreen(activity, authenticator)) }
        button("Move to a new phone") { activity.show(SendScreen(activity, authenticator)) }
    }

    private suspend fun accounts() {
        for (account in trying { authenticator.accounts().accounts }.orEmpty()) {
            val isBound = account.binding == BindingState.ACTIVE || account.binding == BindingState.AWAITING_ACTIVATION
            if (account.binding == BindingState.ACTIVE) {
                button("Move approvals of ${account.issuer}") { activity.show(ReplacementScreen(activity, authenticator, account.id)) }
            }
            if (account.movedAt != null && account.binding != BindingState.REVOKED) {
                button("Take ${account.issuer} ${account.name} back from the new phone") {
                    activity.launch {
                        trying { authenticator.takeBack(account.id) }
                        run()
                    }
                }
            }
            button("Remove ${account.issuer} ${account.name}") {
                activity.launch {
                    val question = if (isBound) "Give this phone up at ${account.service}, and delete the account?" else "Delete the account?"
                    if (tell(question, agree = "Delete", decline = "Cancel")) {
                        trying {
                            if (isBound) authenticator.revoke(account.id)
                            authenticator.delete(account.id)
                        }
                        run()
                    }
                }
            }
        }
    }
}
