package org.countersign.sample

import android.os.Build
import android.widget.TextView
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import org.countersign.Authenticator
import org.countersign.Decision
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.ContainerPassphrase
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.Offer
import org.countersign.ffi.OfferContent
import org.countersign.ffi.Platform
import org.countersign.ffi.ScannedCode
import org.countersign.ffi.TransferCodeKind
import org.countersign.passphraseOf

/** Scans a code and does what it offers: add accounts, enrol, register a container, or approve [request] by the code on its page. */
class ScanScreen(
    activity: MainActivity,
    private val authenticator: Authenticator,
    private val request: ApprovalRequest? = null,
) : Screen(activity) {
    private val camera = CameraPreview(activity)

    override val back = { AccountsScreen(activity, authenticator) }

    override suspend fun run() {
        begin(words(R.string.scan_title))
        backButton()
        if (!camera.addTo(column)) return
        val hint = column.text("")
        val seen = scanning(camera) { codes -> codes.onEach { hint.tellOf(it) }.first { it is ScannedCode.Offer || it.isInvitation() } }
        when (val scanned = seen) {
            // A new phone asks for this one's accounts.
            is ScannedCode.Transfer -> activity.show(SendScreen(activity, authenticator, scanned.text))
            is ScannedCode.Offer -> {
                scanned.offer.use { offer -> trying { take(offer) } }
                activity.goBack()
            }
            else -> activity.goBack()
        }
    }

    /** A text in several codes is an offer once the camera has seen all of them. */
    private fun TextView.tellOf(code: ScannedCode) {
        if (code is ScannedCode.Parts) text = counted(R.plurals.codes_missing, code.missing.size)
    }

    private fun ScannedCode.isInvitation() = this is ScannedCode.Transfer && kind == TransferCodeKind.INVITATION

    private suspend fun take(offer: Offer) {
        when (val content = offer.content()) {
            is OfferContent.Otp -> add(offer, words(R.string.add_question, content.account.issuer, content.account.name))
            is OfferContent.Migration -> {
                val refused = if (content.refused.isEmpty()) "" else "\n" + counted(R.plurals.cannot_add, content.refused.size)
                add(offer, counted(R.plurals.add_many, content.accounts.size) + refused)
            }
            is OfferContent.Enrolment -> enrol(offer, content.service)
            is OfferContent.Container -> register(offer, content)
            is OfferContent.Match -> request?.let { asked ->
                authenticator.answer(asked.id, Decision.Approve(offer)).inWords(activity.resources, asked)?.let { tell(it) }
            }
        }
    }

    private suspend fun add(offer: Offer, question: String) {
        val warning = if (offer.hasUnreadableLetters()) "\n" + words(R.string.letters_lost) else ""
        if (tell(question + warning, agree = words(R.string.add), decline = words(R.string.cancel))) authenticator.add(listOf(offer))
    }

    private suspend fun enrol(offer: Offer, service: String) {
        if (!tell(words(R.string.enrol_question, service), agree = words(R.string.enrol), decline = words(R.string.cancel))) return
        val device = DeviceDescription(Build.MODEL, Platform.ANDROID, activity.app.wakeUps.address)
        tell(words(R.string.compare, authenticator.enrol(offer, device).checkValue))
    }

    private suspend fun register(offer: Offer, content: OfferContent.Container) {
        val question = words(R.string.container_question, content.service)
        if (!tell(question, agree = words(R.string.get_them), decline = words(R.string.cancel))) return
        if (content.asksForNoCertificateCheck) tell(words(R.string.certificate_checked))
        val passphrase = content.prompt?.let { passphrase(it, content) ?: return }
        val container = authenticator.registerContainer(offer, Build.MODEL, passphrase)
        val sync = authenticator.synchroniseContainer(container.id, activity.app.wakeUps.address)
        val failed = sync.failed.map { words(R.string.not_added, it.serial, it.error.describe()) }
        tell((listOf(counted(R.plurals.added, sync.added.size)) + failed).joinToString("\n"))
    }

    private suspend fun passphrase(prompt: String, content: OfferContent.Container): ContainerPassphrase? {
        val question = words(R.string.sends_password, content.service)
        val agreed = !content.sendsPassword || tell(question, agree = words(R.string.send_it), decline = words(R.string.cancel))
        val typed = if (agreed) ask(prompt)?.let { passphraseOf(it) } else null
        return typed?.let { if (content.sendsPassword) ContainerPassphrase.SentPassword(it) else ContainerPassphrase.Proof(it) }
    }
}
