package org.countersign.sample

import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.firstOrNull
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.ffi.Receiving
import org.countersign.ffi.ReceivingStep

/** The new phone's side of a move: shows its code, scans the old phone's, shows a preview, and stores the accounts. */
class ReceiveScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    private val camera = CameraPreview(activity)

    override val back = { SettingsScreen(activity, authenticator) }

    override suspend fun run() {
        val begun = trying { authenticator.receiveAccounts() } ?: return activity.goBack()
        when (val step = begun.step) {
            is ReceivingStep.Inviting -> invite(step.invitation)
            is ReceivingStep.Scanning -> scan(begun)
            is ReceivingStep.Complete -> preview()
            is ReceivingStep.Stored -> showReceipt(step.receipt)
        }
    }

    private suspend fun invite(invitation: String): Unit = coroutineScope {
        beginStep()
        column.text(words(R.string.scan_with_old))
        val codes = CodesView(activity).also { column.addView(it.view, FILL, WRAP) }
        val showing = launch { codes.play(listOf(invitation)) }
        val answered = nextUntil { it.step !is ReceivingStep.Inviting }
        showing.cancel()
        answered?.let { scan(it) }
    }

    private suspend fun scan(begun: Receiving) {
        beginStep()
        column.text(words(R.string.type_on_old))
        column.text(begun.checkValue.orEmpty().inGroups(), R.style.Text_Code)
        val progress = column.text(words(R.string.then_scan))
        val complete = nextUntil {
            val step = it.step
            if (step is ReceivingStep.Scanning) step.count?.let { count -> progress.text = words(R.string.missing, step.missing.size, count) }
            step is ReceivingStep.Complete
        }
        if (complete != null) preview()
    }

    private suspend fun preview() {
        begin(words(R.string.what_comes))
        val choices = ImportChoices()
        val preview = trying { authenticator.previewReceived() } ?: return activity.goBack()
        preview.rows.forEach { column.importRow(it, choices) }
        actions.button(words(R.string.store_them), R.style.Button_Main) {
            activity.launch {
                trying { authenticator.storeReceived(choices.options()) }?.let { activity.show(ReceiveScreen(activity, authenticator)) }
            }
        }
        endButtons()
    }

    private suspend fun showReceipt(receipt: List<String>) {
        begin(words(R.string.receive))
        column.text(words(R.string.receipt))
        val codes = CodesView(activity).also { column.addView(it.view, FILL, WRAP) }
        actions.button(words(R.string.receipt_scanned), R.style.Button_Main) { end() }
        codes.play(receipt)
    }

    /** Reads codes until one leads to this state; returns null if the camera can't be used. */
    private suspend fun nextUntil(isThere: (Receiving) -> Boolean): Receiving? {
        if (!camera.addTo(column)) return null
        var last: Receiving? = null
        val found = scanning(camera) { codes ->
            codes.transferCodes().firstOrNull { code ->
                last = trying { authenticator.receiveCode(code.text) }
                last?.let(isThere) ?: false
            }
        }
        if (found == null) activity.goBack()
        return found?.let { last }
    }

    private fun beginStep() {
        begin(words(R.string.receive))
        endButtons()
    }

    private fun endButtons() {
        actions.row {
            button(words(R.string.end_move), R.style.Button_Danger) { end() }
            button(words(R.string.back)) { activity.goBack() }
        }
    }

    private fun end() {
        activity.launch {
            trying { authenticator.endTransfer() }
            activity.goBack()
        }
    }
}
