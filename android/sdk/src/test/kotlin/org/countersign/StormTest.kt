package org.countersign

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.countersign.ffi.PauseReason
import org.countersign.ffi.TurnDown
import org.countersign.ffi.WayOut
import org.countersign.support.Page
import org.countersign.support.Phone
import org.countersign.support.RelyingParty
import org.countersign.support.ServiceProcess
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** Push storms, against the real service. */
class StormTest {
    @Test
    fun `a storm is one row and one answer, and then it is quiet until the person asks`(@TempDir folder: Path) =
        withActivePhone(folder) { phone, portal ->
            val storm = List(3) { portal.signInShown("ada") }
            phone.authenticator.checkSignIns()
            val row = phone.authenticator.requestGroups().single()
            assertEquals(3, row.all.size)
            val turnedDown = phone.authenticator.turnDown(row.ids, TurnDown.DENY)
            assertTrue(turnedDown.all { it.error == null })
            assertEquals(List(3) { "denied" }, storm.map(portal::state))

            val pause = withTimeout(20.seconds) { phone.authenticator.watchSignIns().first { it.pauses.isNotEmpty() } }.pauses.single()
            assertEquals(PauseReason.TURNED_DOWN, pause.reason)
            assertEquals(listOf(WayOut.ASK, WayOut.RESUME, WayOut.WAIT), pause.waysOut)
            val signIn = portal.signInShown("ada")
            phone.restart()
            val quiet = phone.authenticator.checkSignIns()
            assertEquals(0 to listOf(pause), quiet.open.size to quiet.pauses)
            val request = phone.authenticator.askForRequests().open.single()
            assertEquals(Answer.Approved, phone.authenticator.answer(request.id, Decision.Approve(signIn["number"])))
            assertEquals(emptyList(), phone.authenticator.pauses())
        }

    @Test
    fun `this isn't me locks the account, and the phone says who can unlock it`(@TempDir folder: Path) =
        withActivePhone(folder) { phone, portal ->
            val signIn = portal.signInShown("ada")
            val request = phone.authenticator.checkSignIns(10.seconds).open.single()
            assertTrue(request.canLock)
            assertEquals(Answer.ReportedAndLocked, phone.authenticator.answer(request.id, Decision.ReportAndLock))
            assertEquals("reported", portal.state(signIn))
            assertEquals("locked", portal.signIn("ada")["push"])
            val pause = phone.authenticator.pauses().single()
            assertEquals(PauseReason.SERVICE_LOCK to null, pause.reason to pause.until)
            assertTrue(WayOut.ADMINISTRATOR in pause.waysOut)
            assertIs<Answer.Gone>(phone.authenticator.answer(request.id, Decision.ReportAndLock))
        }

    private fun withActivePhone(folder: Path, test: suspend (Phone, RelyingParty) -> Unit) = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            Phone.create(folder.resolve("phone")).use { phone ->
                val portal = service.relyingParty()
                val invited = portal.enrolmentLink("ada")
                phone.enrol(invited["link"])
                val request = phone.authenticator.checkSignIns(10.seconds).open.single()
                assertEquals(Answer.Approved, phone.authenticator.answer(request.id, Decision.Approve(Page(invited["page_url"]).number)))
                test(phone, portal)
            }
        }
    }
}
