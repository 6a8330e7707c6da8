package org.countersign.sample

import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.LiveCodes
import org.countersign.SignIns
import org.countersign.ffi.AccountCode
import org.countersign.ffi.Completeness
import org.countersign.ffi.PauseReason
import org.countersign.ffi.RequestGroup
import org.countersign.ffi.TurnDown
import org.countersign.ids
import kotlin.time.Duration.Companion.milliseconds

/** The accounts with their codes and countdowns; open sign-ins below them, where the thumb is. */
class AccountsScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    private val warnings = activity.column()
    private val rows = activity.column()
    private val requests = activity.column()

    init {
        begin(words(R.string.codes))
        column.addView(warnings)
        column.addView(rows)
        actions.addView(requests)
        actions.row {
            button(words(R.string.settings)) { activity.show(SettingsScreen(activity, authenticator)) }
            button(words(R.string.scan_code)) { activity.show(ScanScreen(activity, authenticator)) }
        }
    }

    override suspend fun run(): Unit = coroutineScope {
        val isDue = trying { authenticator.passphraseReminder() }?.isDue == true
        launch {
            trying {
                authenticator.watchSignIns().collect {
                    show(it, isDue)
                    tellNewDevices()
                }
            }
        }
        trying { authenticator.liveCodes().collectLatest { show(it) } }
    }

    private fun show(signIns: SignIns, isReminderDue: Boolean) {
        requests.removeAllViews()
        val groups = authenticator.requestGroups()
        groups.take(MOST).forEach(::show)
        if (groups.size > MOST) requests.text(counted(R.plurals.more_requests, groups.size - MOST))
        warnings.removeAllViews()
        if (isReminderDue) warnings.button(words(R.string.still_known)) { activity.show(ReminderScreen(activity, authenticator)) }
        signIns.failures.forEach { warnings.text(it.error.describe()) }
        for (pause in signIns.pauses) {
            warnings.text(pause.inWords(activity.resources))
            if (pause.reason != PauseReason.TURNED_DOWN) continue
            warnings.button(words(R.string.show_anyway)) { activity.launch { trying { authenticator.askForRequests() } } }
            warnings.button(words(R.string.were_mine)) { activity.launch { trying { authenticator.resume(pause.account) } } }
        }
    }

    private fun show(group: RequestGroup) {
        val newest = group.newest
        requests.button(newest.inWords(activity.resources), R.style.Button_Main) { activity.show(RequestScreen(activity, authenticator, newest)) }
        if (group.older.isEmpty()) return
        requests.button(counted(R.plurals.deny_all, group.ids.size), R.style.Button_Danger) {
            activity.launch { trying { authenticator.turnDown(group.ids, TurnDown.DENY) } }
        }
    }

    private suspend fun tellNewDevices() {
        for ((account, devices) in authenticator.newDevices().groupBy { it.account }) {
            tell(words(R.string.new_devices, devices.joinToString { it.name }))
            authenticator.noteNewDevicesTold(account)
        }
    }

    /** Draws the countdowns until the next codes come. */
    private suspend fun show(live: LiveCodes) {
        rows.removeAllViews()
        val codes = live.codes
        val isWhole = codes.damaged.isEmpty() && codes.completeness == Completeness.Complete
        if (!isWhole) rows.text(words(R.string.unreadable_accounts))
        if (isWhole && codes.codes.isEmpty()) rows.text(words(R.string.no_accounts))
        val shown = codes.codes.map { account ->
            CodeRow(activity, account, onRemove = { activity.launch { remove(account) } }) { row ->
                activity.launch { trying { authenticator.nextCode(account.account) }?.let(row::show) }
            }
        }
        for (row in shown) rows.addView(row.view)
        while (true) {
            for (row in shown) row.drawTime(live)
            delay(REDRAW)
        }
    }

    /** Removes an account that its service doesn't know: there is nobody to tell. */
    private suspend fun remove(account: AccountCode) {
        if (!tell(words(R.string.remove_question), agree = words(R.string.delete), decline = words(R.string.cancel))) return
        trying { authenticator.delete(account.account) }
    }

    private companion object {
        /** Requests that are shown at once. */
        const val MOST = 2
        val REDRAW = 250.milliseconds
    }
}
