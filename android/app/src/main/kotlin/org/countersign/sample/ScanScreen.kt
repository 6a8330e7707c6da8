package org.countersign.sample

import android.hardware.camera2.CameraAccessException
import android.os.Build
import kotlinx.coroutines.flow.first
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

    init {
        column.addView(camera.view, FILL, CameraPreview.HEIGHT)
        button("Back") { leave() }
    }

    override suspend fun run() {
        if (!camera.isAllowed()) return
        val scanned = try {
            camera.codes().first { it is ScannedCode.Offer || it.isInvitation() }
        } catch (_: CameraAccessException) {
            tell("The camera can't be used now.")
            return leave()
        }
        // A new phone asks for this one's accounts.
        if (scanned is ScannedCode.Transfer) return activity.show(SendScreen(activity, authenticator, scanned.text))
        if (scanned is ScannedCode.Offer) scanned.offer.use { offer -> trying { take(offer) } }
        leave()
    }

    private fun ScannedCode.isInvitation() = this is ScannedCode.Transfer && kind == TransferCodeKind.INVITATION

    private suspend fun take(offer: Offer) {
        when (val content = offer.content()) {
            is OfferContent.Otp -> add(offer, "Add ${content.account.issuer} ${content.account.name}?")
            is OfferContent.Migration -> add(offer, "Add ${content.accounts.size} accounts? ${content.refused.size} can't be added.")
            is OfferContent.Enrolment -> enrol(offer, content.service)
            is OfferContent.Container -> register(offer, content)
            is OfferContent.Match -> request?.let {
                val answer = authenticator.answer(it.id, Decision.Approve(offer))
                tell(answer::class.java.simpleName)
            }
        }
    }

    private suspend fun add(offer: Offer, question: String) {
        if (tell(question, agree = "Add", decline = "Cancel")) authenticator.add(listOf(offer))
    }

    private suspend fun enrol(offer: Offer, service: String) {
        if (!tell("Enrol this phone with $service?", agree = "Enrol", decline = "Cancel")) return
        val device = DeviceDescription(Build.MODEL, Platform.ANDROID, activity.app.wakeUps.address)
        val enrolment = authenticator.enrol(offer, device)
        tell("The page must show the same: ${enrolment.checkValue}\nThen type its number into the request that comes now.")
    }

    private suspend fun register(offer: Offer, content: OfferContent.Container) {
        if (!tell("Get accounts from ${content.service}?", agree = "Get them", decline = "Cancel")) return
        if (content.asksForNoCertificateCheck) tell("This code asks not to check the server's certificate. It is checked all the same.")
        val passphrase = content.prompt?.let { passphrase(it, content) ?: return }
        val container = authenticator.registerContainer(offer, Build.MODEL, passphrase)
        val sync = authenticator.synchroniseContainer(container.id, activity.app.wakeUps.address)
        tell("Added: ${sync.added.size}" + sync.failed.joinToString("") { "\n${it.serial}: ${it.error.describe()}" })
    }

    private suspend fun passphrase(prompt: String, content: OfferContent.Container): ContainerPassphrase? {
        val agreed = !content.sendsPassword || tell(
            "${content.service} wants your own password there, and it is sent to ${content.service}.",
            agree = "Send it",
            decline = "Cancel",
        )
        val typed = if (agreed) ask(prompt)?.let { passphraseOf(it) } else null
        return typed?.let { if (content.sendsPassword) ContainerPassphrase.SentPassword(it) else ContainerPassphrase.Proof(it) }
    }

    private fun leave() = activity.show(AccountsScreen(activity, authenticator))
}
