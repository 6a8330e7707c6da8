package org.countersign.sample

import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.firstOrNull
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.ffi.SendingStep
import org.countersign.ffi.Transfer
import org.countersign.ffi.TransferCodeKind

/** The old phone's side of a move: the new phone's code ([invitation], or scanned), the check value, the accounts, the receipt. */
class SendScreen(activity: MainActivity, private val authenticator: Authenticator, private val invitation: String? = null) :
    Screen(activity) {
    private val camera = CameraPreview(activity)

    override val back = { SettingsScreen(activity, authenticator) }

    override suspend fun run() {
        val underWay = trying { authenticator.transfer() }
        val step = (underWay as? Transfer.OldPhone)?.sending?.step ?: invited() ?: return
        when (step) {
            is SendingStep.Comparing -> compare(step.acceptance)
            is SendingStep.Showing -> showAccounts(step.codes)
            is SendingStep.Proven -> finish(step)
        }
    }

    private suspend fun invited(): SendingStep? {
        val code = invitation ?: scanned() ?: return null
        val isInHands = tell(words(R.string.in_hands_question), agree = words(R.string.in_hands), decline = words(R.string.cancel))
        val step = if (isInHands) trying { authenticator.sendAccounts(code) }?.step else null
        if (step == null) activity.goBack()
        return step
    }

    private suspend fun scanned(): String? {
        beginStep(R.string.scan_invitation)
        if (!camera.addTo(column)) return null
        val found = scanning(camera) { codes -> codes.transferCodes().first { it.kind == TransferCodeKind.INVITATION } }
        if (found == null) activity.goBack()
        return found?.text
    }

    private suspend fun compare(acceptance: String) {
        beginStep(R.string.scan_with_new)
        val codes = CodesView(activity).also { column.addView(it.view, FILL, WRAP) }
        val typed = column.field(words(R.string.type_check_value))
        column.button(words(R.string.show_accounts), R.style.Button_Main) {
            activity.launch {
                trying { authenticator.showAccounts(typed.text.toString()) }?.let { shown ->
                    if (shown.rehearsal.leftBehind.isNotEmpty()) tell(shown.rehearsal.leftBehind.joinToString("\n") { it.inWords(activity.resources) })
                    activity.show(SendScreen(activity, authenticator))
                }
            }
        }
        codes.play(listOf(acceptance))
    }

    private suspend fun showAccounts(texts: List<String>): Unit = coroutineScope {
        beginStep(R.string.hold_over)
        val codes = CodesView(activity).also { column.addView(it.view, FILL, WRAP) }
        val showing = launch { codes.play(texts) }
        if (!camera.addTo(column)) return@coroutineScope
        var proven: SendingStep.Proven? = null
        scanning(camera) { seen ->
            seen.transferCodes().filter { it.kind == TransferCodeKind.RECEIPT }.firstOrNull {
                proven = trying { authenticator.receiveReceipt(it.text) }?.step as? SendingStep.Proven
                proven != null
            }
        }
        showing.cancel()
        proven?.let { finish(it) } ?: activity.goBack()
    }

    private suspend fun finish(proven: SendingStep.Proven) {
        val held = listOf(
            words(R.string.held, proven.held, proven.sent),
            if (proven.ahead.isEmpty()) "" else counted(R.plurals.ahead, proven.ahead.size),
            words(R.string.trash_question),
        )
        val question = held.filter(String::isNotEmpty).joinToString("\n")
        val removes = tell(question, agree = words(R.string.put_in_trash), decline = words(R.string.keep_them))
        trying { if (removes) authenticator.removeMoved() else authenticator.endTransfer() }
        activity.goBack()
    }

    private fun beginStep(what: Int) {
        begin(words(R.string.send))
        column.text(words(what))
        actions.row {
            button(words(R.string.end_move), R.style.Button_Danger) {
                activity.launch {
                    trying { authenticator.endTransfer() }
                    activity.goBack()
                }
            }
            button(words(R.string.back)) { activity.goBack() }
        }
    }
}
