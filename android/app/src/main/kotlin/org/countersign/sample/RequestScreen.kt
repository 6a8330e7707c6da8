package org.countersign.sample

import android.text.InputType
import android.widget.EditText
import kotlinx.coroutines.launch
import org.countersign.Answer
import org.countersign.Authenticator
import org.countersign.Decision
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.MatchProof

/** One sign-in: all that the service signed, the number, and the decision. */
class RequestScreen(
    activity: MainActivity,
    private val authenticator: Authenticator,
    private val request: ApprovalRequest,
    private val typed: String? = null,
) : Screen(activity) {
    private val number = EditText(activity)

    init {
        text(request.application, LARGE)
        text(request.organisation)
        for (line in listOfNotNull(request.user, request.place, request.client, request.ip)) text(line)
        request.message?.let { text(it.ifEmpty { "The server doesn't say what this is. Deny it unless you just signed in." }) }
        if (request.matching.digits != null) {
            text("Type the number that the sign-in page shows:")
            number.inputType = InputType.TYPE_CLASS_NUMBER
            column.addView(number)
        }
        if (request.matching.scan) button("Scan the page instead") { activity.show(ScanScreen(activity, authenticator, request)) }
        if (request.matching.options.isEmpty()) {
            button("Approve") { answer(Decision.Approve(proof())) }
        } else {
            text("Tap the one that the sign-in page shows. You can tap once.")
            for (option in request.matching.options) button(option) { answer(Decision.Approve(MatchProof.Choice(option))) }
        }
        button("Deny") { answer(Decision.Deny) }
        if (request.canReport) button("This wasn't me") { answer(Decision.Report) }
        if (request.canLock) button("This wasn't me: lock my account") { answer(Decision.ReportAndLock) }
        // From the notification. The platform still checks the person before anything is signed.
        typed?.let(number::setText)
    }

    private fun proof() =
        if (request.matching.digits != null) MatchProof.Number(number.text.toString()) else MatchProof.NotAsked

    private fun answer(decision: Decision) {
        activity.launch {
            when (val answer = authenticator.answer(request.id, decision)) {
                Answer.Approved -> leave("Signed in.")
                is Answer.ShowCode -> leave("Type ${answer.code} on the sign-in page.")
                Answer.Denied -> leave("Denied.")
                Answer.Reported -> leave("Reported. Your organisation has been told.")
                Answer.ReportedAndLocked ->
                    leave("Reported. No phone is asked again until your administrator unlocks your account. Codes still work.")
                Answer.NotChecked -> Unit
                is Answer.WrongMatch ->
                    if (answer.triesLeft > 0) tell("That is not the number on the page. Try again.") else leave("Wrong number: this sign-in has failed.")
                is Answer.KeyLost -> leave("This phone's key for the account is gone: ${answer.error.describe()} Enrol again.")
                is Answer.Gone -> leave(answer.error.describe())
                is Answer.Failure -> tell(answer.error.describe())
            }
        }
    }

    private suspend fun leave(what: String) {
        tell(what)
        activity.show(AccountsScreen(activity, authenticator))
    }
}
