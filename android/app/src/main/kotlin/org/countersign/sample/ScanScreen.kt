package org.countersign.sample

import android.Manifest.permission
import android.content.pm.PackageManager
import android.hardware.camera2.CameraAccessException
import android.os.Build
import android.view.SurfaceHolder
import android.view.SurfaceView
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.suspendCancellableCoroutine
import org.countersign.Authenticator
import org.countersign.Decision
import org.countersign.android.CameraScanner
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.ContainerPassphrase
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.Offer
import org.countersign.ffi.OfferContent
import org.countersign.ffi.Platform
import org.countersign.ffi.ScannedCode
import org.countersign.passphraseOf
import kotlin.coroutines.resume

/** Scans a code and does what it offers: add accounts, enrol, register a container, or approve [request] by the code on its page. */
class ScanScreen(
    activity: MainActivity,
    private val authenticator: Authenticator,
    private val request: ApprovalRequest? = null,
) : Screen(activity) {
    private val preview = SurfaceView(activity)

    init {
        column.addView(preview, FILL, PREVIEW_HEIGHT)
        button("Back") { leave() }
    }

    override suspend fun run() {
        if (activity.checkSelfPermission(permission.CAMERA) != PackageManager.PERMISSION_GRANTED) {
            return activity.askFor(permission.CAMERA)
        }
        val scanned = try {
            CameraScanner(activity).codes(surface()).filterIsInstance<ScannedCode.Offer>().first()
        } catch (_: CameraAccessException) {
            tell("The camera can't be used now.")
            return leave()
        }
        scanned.offer.use { offer -> trying { take(offer) } }
        leave()
    }

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

    private suspend fun surface() = suspendCancellableCoroutine { waiting ->
        preview.holder.takeIf { it.surface.isValid }?.let { return@suspendCancellableCoroutine waiting.resume(it.surface) }
        preview.holder.addCallback(object : SurfaceHolder.Callback {
            override fun surfaceCreated(holder: SurfaceHolder) {
                if (waiting.isActive) waiting.resume(holder.surface)
            }

            override fun surfaceChanged(holder: SurfaceHolder, format: Int, width: Int, height: Int) = Unit

            override fun surfaceDestroyed(holder: SurfaceHolder) = Unit
        })
    }

    private companion object {
        const val PREVIEW_HEIGHT = 900
    }
}
