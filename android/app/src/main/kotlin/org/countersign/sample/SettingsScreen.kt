package org.countersign.sample

import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.ffi.AccountSummary
import org.countersign.ffi.BindingState
import org.countersign.ffi.Recoverability

/** The state of vault, clock and wake-ups; other phones, files, and deleting accounts. */
class SettingsScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    override val back = { AccountsScreen(activity, authenticator) }

    override suspend fun run() {
        begin()
        backButton()
        vault()
        head(R.string.clock)
        column.text(authenticator.clockStatus().inWords(activity.resources))
        wakeUps()
        phonesAndFiles()
        accounts()
    }

    private fun head(words: Int) = column.text(words(words), R.style.Text_Heading)

    private suspend fun vault() {
        head(R.string.vault)
        authenticator.vault().use { vault ->
            trying { vault.check() }?.let { health ->
                column.text(words(if (health.isSound) R.string.sound else R.string.damaged))
                column.text(words(R.string.opened_by, health.slots.joinToString { it.kind.inWords(activity.resources) }))
            }
            if (trying { vault.recoverability() } != Recoverability.PROVEN) {
                column.text(words(R.string.unproven_code))
                column.button(words(R.string.check_it)) { activity.show(recoveryCode()) }
            }
        }
    }

    private fun recoveryCode(): Screen {
        val settings = { SettingsScreen(activity, authenticator) }
        return RecoveryCodeScreen(activity, authenticator.vault(), settings) { settings() }
    }

    private fun wakeUps() {
        head(R.string.wake_ups)
        val channel = activity.app.wakeUps
        column.text(words(if (channel.address != null) R.string.woken else R.string.not_woken))
        for (distributor in channel.distributors()) column.button(words(R.string.wake_by, distributor)) { channel.registerWith(distributor) }
    }

    private fun phonesAndFiles() {
        head(R.string.phones_and_files)
        column.button(words(R.string.backup)) { activity.show(BackupScreen(activity, authenticator)) }
        column.button(words(R.string.import_accounts)) { activity.show(ImportScreen(activity, authenticator)) }
        column.button(words(R.string.receive)) { activity.show(ReceiveScreen(activity, authenticator)) }
        column.button(words(R.string.send)) { activity.show(SendScreen(activity, authenticator)) }
    }

    private suspend fun accounts() {
        val accounts = trying { authenticator.accounts().accounts }.orEmpty()
        if (accounts.isNotEmpty()) head(R.string.accounts)
        for (account in accounts) {
            if (account.binding == BindingState.ACTIVE) {
                column.button(words(R.string.replace, account.issuer)) { activity.show(ReplacementScreen(activity, authenticator, account.id)) }
            }
            if (account.movedAt != null && account.binding != BindingState.REVOKED) {
                column.button(words(R.string.take_back, account.issuer, account.name)) {
                    activity.launch {
                        trying { authenticator.takeBack(account.id) }
                        run()
                    }
                }
            }
            column.button(words(R.string.remove, account.issuer, account.name), R.style.Button_Danger) { activity.launch { remove(account) } }
        }
    }

    private suspend fun remove(account: AccountSummary) {
        val isBound = account.binding == BindingState.ACTIVE || account.binding == BindingState.AWAITING_ACTIVATION
        val question = if (isBound) words(R.string.give_up_question, account.service) else words(R.string.remove_question)
        if (!tell(question, agree = words(R.string.delete), decline = words(R.string.cancel))) return
        trying {
            if (isBound) authenticator.revoke(account.id)
            authenticator.delete(account.id)
        }
        run()
    }
}
