package org.countersign.sample

import kotlinx.coroutines.flow.collectLatest
import org.countersign.Authenticator
import org.countersign.ffi.Id
import org.countersign.ffi.Replacement
import org.countersign.ffi.ReplacementStep
import org.countersign.replacementSteps

/** Replaces this phone by a new one at an account's service: a code to scan, then a number to type there. */
class ReplacementScreen(activity: MainActivity, private val authenticator: Authenticator, private val account: Id) : Screen(activity) {
    private var replacement: Replacement? = null

    override val back = {
        replacement?.close()
        SettingsScreen(activity, authenticator)
    }

    override suspend fun run() {
        val underWay = replacement ?: trying { open() } ?: return activity.goBack()
        replacement = underWay
        trying { authenticator.replacementSteps(underWay).collectLatest { show(it, underWay.link()) } }
    }

    /** Starts a replacement, which uses the approval key; or resumes the open one, which doesn't, so the person is checked here. */
    private suspend fun open(): Replacement? {
        if (account !in authenticator.openReplacements()) return authenticator.replaceDevice(account)
        if (!activity.isThePerson(words(R.string.go_on_question))) return null
        return authenticator.resumeReplacement(account) ?: authenticator.replaceDevice(account)
    }

    private suspend fun show(step: ReplacementStep, link: String) {
        begin(words(R.string.send))
        backButton()
        when (step) {
            is ReplacementStep.Waiting -> {
                column.text(words(R.string.scan_with_new))
                play(link)
            }
            is ReplacementStep.Activating -> {
                column.text(words(R.string.must_show_too))
                column.text(step.checkValue, R.style.Text_Code)
                step.number?.let {
                    column.text(words(R.string.type_there))
                    column.text(it.inGroups(), R.style.Text_Code)
                }
                step.matchLink?.let { play(it) }
            }
            is ReplacementStep.Done -> leave(R.string.replaced)
            is ReplacementStep.Ended -> leave(R.string.not_replaced)
        }
    }

    private suspend fun play(text: String) = CodesView(activity).also { column.addView(it.view, FILL, WRAP) }.play(listOf(text))

    private suspend fun leave(what: Int) {
        tell(words(what))
        activity.goBack()
    }
}
