package org.countersign.sample

import android.widget.LinearLayout
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.LiveCodes
import org.countersign.SignIns
import org.countersign.ffi.AccountPause
import org.countersign.ffi.Completeness
import org.countersign.ffi.PauseReason
import org.countersign.ffi.ShownCode
import org.countersign.ffi.TurnDown
import org.countersign.ids
import kotlin.time.Duration.Companion.milliseconds

/** The accounts with their codes and countdowns, and open sign-ins above them. */
class AccountsScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    private val warnings = text()
    private val reminders = LinearLayout(activity).also(column::addView)
    private val requests = LinearLayout(activity).apply { orientation = LinearLayout.VERTICAL }.also(column::addView)
    private val rows = LinearLayout(activity).apply { orientation = LinearLayout.VERTICAL }.also(column::addView)

    init {
        button("Scan a code") { activity.show(ScanScreen(activity, authenticator)) }
        button("Settings") { activity.show(SettingsScreen(activity, authenticator)) }
    }

    override suspend fun run(): Unit = coroutineScope {
        if (trying { authenticator.passphraseReminder() }?.isDue == true) {
            reminders.removeAllViews()
            reminders.addView(button("Do you still know your passphrase?") { activity.show(ReminderScreen(activity, authenticator)) }.detached())
        }
        launch {
            trying {
                authenticator.watchSignIns().collect {
                    show(it)
                    tellNewDevices()
                }
            }
        }
        trying { authenticator.liveCodes().collectLatest { show(it) } }
    }

    private fun show(signIns: SignIns) {
        requests.removeAllViews()
        for (group in authenticator.requestGroups()) {
            val newest = group.newest
            requests.addView(button("${newest.inWords()} …") { activity.show(RequestScreen(activity, authenticator, newest)) }.detached())
            if (group.older.isNotEmpty()) {
                val deny = { activity.launch { trying { authenticator.turnDown(group.ids, TurnDown.DENY) } } }
                requests.addView(button("Deny all ${group.ids.size} that look like it") { deny() }.detached())
            }
        }
        for (pause in signIns.pauses.filter { it.reason == PauseReason.TURNED_DOWN }) {
            requests.addView(button("Show them all the same") { activity.launch { trying { authenticator.askForRequests() } } }.detached())
            requests.addView(button("They were mine") { activity.launch { trying { authenticator.resume(pause.account) } } }.detached())
        }
        warnings.text = (signIns.failures.map { it.error.describe() } + signIns.pauses.map(::inWords)).joinToString("\n")
    }

    private suspend fun tellNewDevices() {
        for ((account, devices) in authenticator.newDevices().groupBy { it.account }) {
            tell("${devices.joinToString { it.name }} can approve your sign-ins now. If it isn't yours, tell your organisation.")
            authenticator.noteNewDevicesTold(account)
        }
    }

    private fun inWords(pause: AccountPause) = when (pause.reason) {
        PauseReason.TURNED_DOWN -> "You turned down ${pause.denied + pause.reported} requests, so none is shown for a while."
        PauseReason.SERVICE_LIMIT -> "Too many requests came, so your organisation sends none for a while. Sign in with a code."
        PauseReason.SERVICE_LOCK -> "Requests to your phone are locked. Your administrator can unlock your account; codes still work."
    }

    /** Draws the countdown until the next codes come. */
    private suspend fun show(live: LiveCodes) {
        rows.removeAllViews()
        if (live.codes.damaged.isNotEmpty() || live.codes.completeness != Completeness.Complete) {
            rows.addView(text("Some accounts can't be read. Open the settings to see what can be done.").detached())
        }
        val countdowns = live.codes.codes.map { row ->
            rows.addView(text("${row.issuer}  ${row.name}").detached())
            val code = row.code
            val shown = text(if (code is ShownCode.Timed) code.code else "Tap for a code", LARGE).detached()
            if (code is ShownCode.OnRequest) {
                shown.setOnClickListener { activity.launch { trying { authenticator.nextCode(row.account) }?.let(shown::setText) } }
            }
            rows.addView(shown)
            val countdown = text().detached().also(rows::addView)
            code to countdown
        }
        while (true) {
            for ((code, countdown) in countdowns) {
                if (code is ShownCode.Timed) countdown.text = "${live.remaining(code).inWholeSeconds + 1} s"
            }
            delay(REDRAW)
        }
    }

    private fun <T : android.view.View> T.detached(): T = also { column.removeView(it) }

    private companion object {
        val REDRAW = 250.milliseconds
    }
}
