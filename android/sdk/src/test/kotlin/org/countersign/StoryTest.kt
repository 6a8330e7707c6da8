package org.countersign

import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.countersign.ffi.BindingState
import org.countersign.ffi.CodeRefusal
import org.countersign.ffi.Offer
import org.countersign.ffi.Purpose
import org.countersign.ffi.ScannedCode
import org.countersign.ffi.ShownCode
import org.countersign.ffi.WakeUp
import org.countersign.ffi.scanPicture
import org.countersign.support.Page
import org.countersign.support.Phone
import org.countersign.support.ServiceProcess
import org.countersign.support.pictureOf
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** The whole story, as the demo tells it: the real service in a process, the real library, keys of the JDK. */
class StoryTest {
    @Test
    fun `a phone enrols, approves a sign-in by its number, reports another, and has a code without network`(
        @TempDir folder: Path,
    ) = runBlocking {
        val service = ServiceProcess.start(folder.resolve("service"))
        val portal = service.relyingParty()
        Phone.create(folder.resolve("phone")).use { phone ->
            // Ada is invited; her phone scans the page's QR and makes its two keys.
            val page = Page(portal.enrolment("ada")["page_url"])
            val enrolment = scan(page.picture("qr")).use { phone.enrol(it) }
            assertEquals("ada", enrolment.user)
            page.reloadUntil("joined")
            assertEquals(enrolment.checkValue, page.text("check-value"))
            assertEquals(2, phone.keys.pairs.size)
            assertEquals(ShownCode.Refused(CodeRefusal.NOT_ACTIVE), phone.authenticator.codes(null).codes.single().code)

            // Its first approval makes the device active.
            val activation = phone.nextSignIn()
            assertEquals(Purpose.ACTIVATION, activation.purpose)
            assertEquals(Answer.Approved, phone.authenticator.answer(activation.id, Decision.Approve(page.number)))
            page.reloadUntil("enrolled")
            assertEquals(BindingState.ACTIVE, phone.authenticator.accounts().accounts.single().binding)

            // Her phone's push channel gives another address.
            assertEquals(emptyList(), phone.authenticator.setWakeUp(WakeUp.Fcm("another token")))

            // She signs in: the number is on the page, never in the message.
            val signIn = portal.signIn("ada")
            val signInPage = Page(signIn["page_url"])
            phone.restart()
            val request = phone.nextSignIn()
            assertEquals("Ward portal", request.application)
            assertEquals("Leeds", request.place)
            assertEquals(6, request.matching.digits)
            assertEquals(Answer.Approved, phone.authenticator.answer(request.id, Decision.Approve(signInPage.number)))
            signInPage.reloadUntil("approved")
            assertEquals("approved", portal.state(signIn))
            assertEquals("Ward portal", phone.keys.prompts.last().application)

            // The next time she scans the page in place of typing.
            val scanned = portal.signIn("ada")
            scan(Page(scanned["page_url"]).scanInstead().picture("qr")).use { offer ->
                assertEquals(Answer.Approved, phone.authenticator.answer(phone.nextSignIn().id, Decision.Approve(offer)))
            }
            assertEquals("approved", portal.state(scanned))

            // Somebody else tries.
            val attack = portal.signIn("ada")
            assertEquals(Answer.Reported, phone.authenticator.answer(phone.nextSignIn().id, Decision.Report))
            assertEquals("reported", portal.state(attack))

            // The code is right, works without the service, and is accepted once.
            val row = phone.authenticator.liveCodes().first().codes.codes.single()
            val code = assertIs<ShownCode.Timed>(row.code).code
            assertTrue(portal.takesCode("ada", code))
            assertFalse(portal.takesCode("ada", code))
            service.close()
            assertEquals(1, phone.authenticator.liveCodes().first().codes.codes.size)
            assertEquals(1, phone.authenticator.checkSignIns().failures.size)
            assertEquals(1, phone.authenticator.setWakeUp(null).size)
        }
    }

    @Test
    fun `codes of a phone that was never activated are refused, and collectors see it at once`(@TempDir folder: Path) =
        runBlocking {
            val portal = ServiceProcess.start(folder.resolve("service")).relyingParty()
            Phone.create(folder.resolve("phone")).use { phone ->
                val page = Page(portal.enrolment("ada")["page_url"])
                scan(page.picture("qr")).use { phone.enrol(it) }
                val shown = phone.authenticator.liveCodes().map { it.codes.codes.single().code }
                withTimeout(20.seconds) {
                    val removed = async { shown.first { it == ShownCode.Refused(CodeRefusal.REMOVED) } }
                    phone.authenticator.answer(phone.nextSignIn().id, Decision.Deny)
                    removed.await()
                }
                page.reloadUntil("denied")
                assertEquals(BindingState.REVOKED, phone.authenticator.accounts().accounts.single().binding)
            }
        }

    private suspend fun scan(picture: ByteArray): Offer = assertIs<ScannedCode.Offer>(scanPicture(pictureOf(picture)).single()).offer

    private suspend fun Phone.nextSignIn() =
        withTimeout(20.seconds) { authenticator.watchSignIns().first { it.open.isNotEmpty() }.open.single() }
}
