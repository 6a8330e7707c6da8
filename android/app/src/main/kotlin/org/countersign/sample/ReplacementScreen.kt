package org.countersign.sample

import kotlinx.coroutines.flow.collectLatest
import org.countersign.Authenticator
import org.countersign.ffi.Id
import org.countersign.ffi.Replacement
import org.countersign.ffi.ReplacementStep
import org.countersign.replacementSteps

/** Lets a new phone take this one's place at an account's service: a code, then a number to type there. */
class ReplacementScreen(activity: MainActivity, private val authenticator: Authenticator, private val account: Id) : Screen(activity) {
    private var replacement: Replacement? = null

    override suspend fun run() {
        val begun = replacement ?: trying { authenticator.replaceDevice(account) } ?: return leave()
        replacement = begun
        trying { authenticator.replacementSteps(begun).collectLatest { show(it, begun.link()) } }
    }

    private suspend fun show(step: ReplacementStep, link: String) {
        column.removeAllViews()
        when (step) {
            is ReplacementStep.Waiting -> {
                text("Scan this with the new phone.")
                addBack()
                play(link)
            }
            is ReplacementStep.Activating -> {
                text("The new phone must show this too. If it doesn't, stop here.")
                text(step.checkValue, LARGE)
                step.number?.let {
                    text("Then type this number there:")
                    text(it, LARGE)
                }
                addBack()
                step.matchLink?.let { play(it) }
            }
            is ReplacementStep.Done -> leave("The new phone is active, and this one is revoked.")
            is ReplacementStep.Ended -> leave("It came to nothing, and this phone is as it was.")
        }
    }

    private suspend fun play(text: String) {
        val codes = CodesView(activity).also { column.addView(it.view, FILL, CodesView.SIZE) }
        codes.play(listOf(text))
    }

    private fun addBack() = button("Back") { leave() }

    private suspend fun leave(what: String) {
        tell(what)
        leave()
    }

    private fun leave() {
        replacement?.close()
        activity.show(SettingsScreen(activity, authenticator))
    }
}
