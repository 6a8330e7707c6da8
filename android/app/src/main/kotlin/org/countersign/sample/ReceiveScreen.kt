package org.countersign.sample

import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.firstOrNull
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.ffi.Receiving
import org.countersign.ffi.ReceivingStep

/** The new phone's side of a move: it shows its code, scans the old phone's, says what would come, and stores it. */
class ReceiveScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    private val camera = CameraPreview(activity)

    override suspend fun run() {
        if (!camera.isAllowed()) return
        val begun = trying { authenticator.receiveAccounts() } ?: return leave()
        when (val step = begun.step) {
            is ReceivingStep.Inviting -> invite(step.invitation)
            is ReceivingStep.Scanning -> scan(begun)
            is ReceivingStep.Complete -> preview()
            is ReceivingStep.Stored -> showReceipt(step.receipt)
        }
    }

    private suspend fun invite(invitation: String): Unit = coroutineScope {
        column.removeAllViews()
        text("Scan this with your old phone, and the code that it shows then with this one.")
        val codes = CodesView(activity).also { column.addView(it.view, FILL, CodesView.SIZE) }
        addCamera()
        val showing = launch { codes.play(listOf(invitation)) }
        val answered = nextUntil { it.step !is ReceivingStep.Inviting }
        showing.cancel()
        answered?.let { scan(it) } ?: leave()
    }

    private suspend fun scan(begun: Receiving) {
        column.removeAllViews()
        text("Type this on the old phone:")
        text(begun.checkValue.orEmpty(), LARGE)
        val progress = text("Then scan the codes that it shows, in any order.")
        addCamera()
        val complete = nextUntil {
            val step = it.step
            if (step is ReceivingStep.Scanning) step.count?.let { count -> progress.text = "${step.missing.size} of $count codes are missing." }
            step is ReceivingStep.Complete
        }
        if (complete != null) preview() else leave()
    }

    private suspend fun preview() {
        column.removeAllViews()
        val choices = ImportChoices()
        val preview = trying { authenticator.previewReceived() } ?: return leave()
        preview.rows.forEach { addRow(it, choices) }
        button("Store them") {
            activity.launch {
                trying { authenticator.storeReceived(choices.options()) }?.let { activity.show(ReceiveScreen(activity, authenticator)) }
            }
        }
        endButton()
    }

    private suspend fun showReceipt(receipt: List<String>) {
        column.removeAllViews()
        text("The accounts are here: they were read back. Scan this receipt with the old phone. Until then it keeps everything.")
        val codes = CodesView(activity).also { column.addView(it.view, FILL, CodesView.SIZE) }
        button("The old phone has scanned it") { end() }
        codes.play(receipt)
    }

    /** Takes in codes until one brings this about; nothing when the camera fails. */
    private suspend fun nextUntil(isThere: (Receiving) -> Boolean): Receiving? {
        var last: Receiving? = null
        val found = scanning(camera) { codes ->
            codes.firstOrNull { code ->
                last = trying { authenticator.receiveCode(code.text) }
                last?.let(isThere) ?: false
            }
        }
        return found?.let { last }
    }

    private fun addCamera() {
        column.addView(camera.view, FILL, CameraPreview.HEIGHT)
        endButton()
    }

    private fun endButton() {
        button("Back") { leave() }
        button("End the move") { end() }
    }

    private fun end() {
        activity.launch {
            trying { authenticator.endTransfer() }
            leave()
        }
    }

    private fun leave() = activity.show(SettingsScreen(activity, authenticator))
}
