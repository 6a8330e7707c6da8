package org.countersign.sample

import android.widget.EditText
import kotlinx.coroutines.coroutineScope
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

    override suspend fun run() {
        if (!camera.isAllowed()) return
        val underWay = trying { authenticator.transfer() }
        val step = (underWay as? Transfer.OldPhone)?.sending?.step ?: begin() ?: return leave()
        when (step) {
            is SendingStep.Comparing -> compare(step.acceptance)
            is SendingStep.Showing -> showAccounts(step.codes)
            is SendingStep.Proven -> finish(step)
        }
    }

    private suspend fun begin(): SendingStep? {
        val code = invitation ?: scanned() ?: return null
        val question = "Is the new phone in your hands? Whoever sends you such a code, or asks you for what your phone shows, wants your accounts."
        if (!tell(question, agree = "It is in my hands", decline = "Cancel")) return null
        return trying { authenticator.sendAccounts(code) }?.step
    }

    private suspend fun scanned(): String? {
        column.removeAllViews()
        text("On the new phone choose “Move from another phone”, and scan the code that it shows.")
        addCamera()
        return scanning(camera) { codes -> codes.first { it.kind == TransferCodeKind.INVITATION } }?.text
    }

    private suspend fun compare(acceptance: String) {
        column.removeAllViews()
        text("Scan this with the new phone.")
        val codes = CodesView(activity).also { column.addView(it.view, FILL, CodesView.SIZE) }
        text("Then type the eight characters that the new phone shows:")
        val typed = EditText(activity).also(column::addView)
        button("Show the accounts") {
            activity.launch {
                trying { authenticator.showAccounts(typed.text.toString()) }?.let { shown ->
                    if (shown.rehearsal.leftBehind.isNotEmpty()) tell(shown.rehearsal.leftBehind.joinToString("\n") { it.inWords() })
                    activity.show(SendScreen(activity, authenticator))
                }
            }
        }
        endButton()
        codes.play(listOf(acceptance))
    }

    private suspend fun showAccounts(texts: List<String>): Unit = coroutineScope {
        column.removeAllViews()
        text("Hold the new phone's camera over these until it has all of them. Then scan the receipt that it shows.")
        val codes = CodesView(activity).also { column.addView(it.view, FILL, CodesView.SIZE) }
        addCamera()
        val showing = launch { codes.play(texts) }
        var proven: SendingStep.Proven? = null
        scanning(camera) { seen ->
            seen.firstOrNull {
                proven = trying { authenticator.receiveReceipt(it.text) }?.step as? SendingStep.Proven
                proven != null
            }
        }
        showing.cancel()
        proven?.let { finish(it) } ?: leave()
    }

    private suspend fun finish(proven: SendingStep.Proven) {
        val skip = if (proven.ahead.isEmpty()) "" else "\n${proven.ahead.size} gave out codes here since: skip the first ones of the new phone."
        val question = "The new phone holds ${proven.held} of ${proven.sent} accounts.$skip\nPut those in the trash here?"
        val removes = tell(question, agree = "Put them in the trash", decline = "Keep them")
        trying { if (removes) authenticator.removeMoved() else authenticator.endTransfer() }
        leave()
    }

    private fun addCamera() {
        column.addView(camera.view, FILL, CameraPreview.HEIGHT)
        endButton()
    }

    private fun endButton() {
        button("Back") { leave() }
        button("End the move") {
            activity.launch {
                trying { authenticator.endTransfer() }
                leave()
            }
        }
    }

    private fun leave() = activity.show(SettingsScreen(activity, authenticator))
}
