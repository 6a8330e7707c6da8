package org.countersign.sample

import android.text.InputType
import android.view.ViewGroup
import android.view.inputmethod.EditorInfo
import android.widget.Button
import android.widget.EditText
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.Decision
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.MatchProof
import org.countersign.ffi.Purpose

/** One sign-in: everything that the service signed, the number, and the decision. */
class RequestScreen(
    activity: MainActivity,
    private val authenticator: Authenticator,
    private val request: ApprovalRequest,
    typed: String? = null,
) : Screen(activity) {
    override val back = { AccountsScreen(activity, authenticator) }
    private val buttons = mutableListOf<Button>()

    init {
        describe()
        if (request.matching.scan) column.button(words(R.string.scan_instead)) { activity.show(ScanScreen(activity, authenticator, request)) }
        if (request.canReport) column.decide(R.string.not_me, Decision.Report)
        if (request.canLock) column.decide(R.string.not_me_lock, Decision.ReportAndLock)
        if (request.matching.options.isEmpty()) takeNumber(typed) else offerOptions()
    }

    private fun describe() {
        column.text(words(if (request.purpose == Purpose.ACTIVATION) R.string.activation else R.string.sign_in), R.style.Text_Label)
        column.text(request.application, R.style.Text_Heading)
        val facts = listOf(
            R.string.who to request.user,
            R.string.place to request.place,
            R.string.browser to request.client,
            R.string.address to request.ip,
            R.string.organisation to request.organisation,
        )
        for ((label, fact) in facts) {
            if (fact.isNullOrEmpty()) continue
            column.text(words(label), R.style.Text_Label)
            column.text(fact)
        }
        request.message?.let { column.text(it.ifEmpty { words(R.string.unexplained) }) }
    }

    private fun ViewGroup.decide(label: Int, decision: Decision) {
        buttons += button(words(label), R.style.Button_Danger) { answer(decision) }
    }

    private fun takeNumber(typed: String?) {
        val number = request.matching.digits?.let { numberField() }
        actions.row {
            decide(R.string.deny, Decision.Deny)
            val approve = button(words(R.string.approve), R.style.Button_Main) {
                answer(Decision.Approve(number?.let { MatchProof.Number(it.text.toString()) } ?: MatchProof.NotAsked))
            }
            buttons += approve
            number?.setOnEditorActionListener { _, _, _ -> approve.performClick() }
        }
        // From the notification. The platform still checks the person before anything is signed.
        typed?.let { number?.setText(it) }
    }

    private fun numberField(): EditText =
        actions.field(words(R.string.type_number), InputType.TYPE_CLASS_NUMBER, R.style.Field_Number).apply {
            imeOptions = EditorInfo.IME_ACTION_DONE
            requestFocus()
        }

    private fun offerOptions() {
        actions.text(words(R.string.tap_option))
        actions.row {
            for (option in request.matching.options) {
                buttons += button(option, R.style.Button_Main) { answer(Decision.Approve(MatchProof.Choice(option))) }
            }
        }
        actions.decide(R.string.deny, Decision.Deny)
    }

    private fun answer(decision: Decision) {
        buttons.forEach { it.isEnabled = false }
        activity.launch {
            val answer = authenticator.answer(request.id, decision)
            answer.inWords(activity.resources, request)?.let { tell(it) }
            buttons.forEach { it.isEnabled = true }
            if (answer.isFinal) activity.goBack()
        }
    }
}
