package org.countersign

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.runBlocking
import org.countersign.ffi.AnswerOutcome
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.ErrorDetail
import org.countersign.ffi.Outcome
import org.countersign.ffi.PlatformKeyException
import org.countersign.support.Page
import org.countersign.support.Phone
import org.countersign.support.RelyingParty
import org.countersign.support.ServiceProcess
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.time.Duration.Companion.seconds

/** Every end of an answer is a choice for the app, by the kind of failure. */
class AnswerTest {
    @Test
    fun `each kind of error is its own answer`() = runBlocking {
        fun detail(code: String) = ErrorDetail(code, "what happened", null)
        val answers = mapOf(
            AuthenticatorException.Cancelled(detail("key_store_cancelled")) to Answer.NotChecked::class,
            AuthenticatorException.Locked(detail("vault_locked")) to Answer.Locked::class,
            AuthenticatorException.WrongKey(detail("wrong_key")) to Answer.Refused::class,
            AuthenticatorException.Vault(detail("vault_damaged")) to Answer.Refused::class,
            AuthenticatorException.KeyStore(detail("key_store_locked")) to Answer.Locked::class,
            AuthenticatorException.KeyStore(detail("key_store_unavailable")) to Answer.Locked::class,
            AuthenticatorException.KeyStore(detail("key_store_invalidated")) to Answer.KeyLost::class,
            AuthenticatorException.KeyStore(detail("key_store_key_not_found")) to Answer.KeyLost::class,
            AuthenticatorException.Input(detail("answer_not_a_number")) to Answer.NotUsable::class,
            AuthenticatorException.Network(detail("network_offline")) to Answer.TryAgain::class,
            AuthenticatorException.Busy(detail("vault_busy")) to Answer.TryAgain::class,
            AuthenticatorException.Untrusted(detail("not_secure")) to Answer.Refused::class,
            AuthenticatorException.Refused(detail("account_throttled")) to Answer.Refused::class,
            AuthenticatorException.Gone(detail("no_such_request")) to Answer.Gone::class,
        )
        for ((error, answer) in answers) {
            assertEquals(answer, answerOf { throw error }::class, error.toString())
        }
        val kinds = AuthenticatorException::class.java.declaredClasses.filter { AuthenticatorException::class.java.isAssignableFrom(it) }
        assertEquals(kinds.toSet(), answers.keys.map { it.javaClass }.toSet<Class<*>>())
    }

    @Test
    fun `a cancelled coroutine stays cancelled`() {
        assertFailsWith<CancellationException> { runBlocking { answerOf { throw CancellationException("left") } } }
    }

    @Test
    fun `each outcome is its own answer`() = runBlocking {
        assertEquals(Answer.Approved, answerOf { AnswerOutcome(Outcome.APPROVED, 0) })
        assertEquals(Answer.ShowCode("07"), answerOf { AnswerOutcome(Outcome.APPROVED, 0, "07") })
        assertEquals(Answer.Denied, answerOf { AnswerOutcome(Outcome.DENIED, 0) })
        assertEquals(Answer.Reported, answerOf { AnswerOutcome(Outcome.REPORTED, 0) })
        assertEquals(Answer.ReportedAndLocked, answerOf { AnswerOutcome(Outcome.REPORTED, 0, locked = true) })
        assertEquals(Answer.WrongMatch(2), answerOf { AnswerOutcome(Outcome.WRONG_MATCH, 2) })
    }

    @Test
    fun `whatever the key store or the person does, the request stays open until it is answered`(@TempDir folder: Path) =
        withActivePhone(folder) { phone, portal ->
            val signIn = portal.signInShown("ada")
            val request = phone.authenticator.checkSignIns(10.seconds).open.single()
            val approve = Decision.Approve(signIn["number"])
            suspend fun answerWhen(failure: Throwable): Answer {
                phone.keys.onApproval = { throw failure }
                return phone.authenticator.answer(request.id, approve)
            }
            assertEquals(Answer.NotChecked, answerWhen(PlatformKeyException.Cancelled()))
            assertIs<Answer.Locked>(answerWhen(PlatformKeyException.Locked()))
            assertIs<Answer.KeyLost>(answerWhen(PlatformKeyException.Invalidated()))
            assertIs<Answer.KeyLost>(answerWhen(PlatformKeyException.NotFound()))
            assertIs<Answer.Locked>(answerWhen(PlatformKeyException.Unavailable()))
            assertIs<Answer.Locked>(answerWhen(LinkageError("nobody foresaw it")))
            assertIs<Answer.NotUsable>(phone.authenticator.answer(request.id, Decision.Approve("12")))
            assertEquals("open", portal.state(signIn).replace("pending", "open"))

            phone.keys.onApproval = {}
            assertEquals(Answer.Approved, phone.authenticator.answer(request.id, approve))
            assertIs<Answer.Gone>(phone.authenticator.answer(request.id, approve))
        }

    @Test
    fun `a wrong number fails the sign-in`(@TempDir folder: Path) = withActivePhone(folder) { phone, portal ->
        val signIn = portal.signInShown("ada")
        val request = phone.authenticator.checkSignIns(10.seconds).open.single()
        val wrong = ((signIn["number"].toInt() + 1) % 1_000_000).toString().padStart(6, '0')
        assertEquals(Answer.WrongMatch(0), phone.authenticator.answer(request.id, Decision.Approve(wrong)))
        assertEquals("failed", portal.state(signIn))
    }

    @Test
    fun `a denied request needs no check of the person`(@TempDir folder: Path) = withActivePhone(folder) { phone, portal ->
        val signIn = portal.signInShown("ada")
        val request = phone.authenticator.checkSignIns(10.seconds).open.single()
        val asked = phone.keys.prompts.size
        assertEquals(Answer.Denied, phone.authenticator.answer(request.id, Decision.Deny))
        assertEquals("denied", portal.state(signIn))
        assertEquals(asked, phone.keys.prompts.size)
    }

    @Test
    fun `without the service an answer can be tried again, and then arrives`(@TempDir folder: Path) = runBlocking {
        val data = folder.resolve("service")
        val service = ServiceProcess.start(data)
        Phone.create(folder.resolve("phone")).use { phone ->
            phone.activate(service.relyingParty())
            service.relyingParty().signInShown("ada").let { signIn ->
                val request = phone.authenticator.checkSignIns(10.seconds).open.single()
                service.close()
                val approve = Decision.Approve(signIn["number"])
                assertIs<Answer.TryAgain>(phone.authenticator.answer(request.id, approve))
                ServiceProcess.start(data, port = service.port).use {
                    assertEquals(Answer.Approved, phone.authenticator.answer(request.id, approve))
                }
            }
        }
    }

    private fun withActivePhone(folder: Path, test: suspend (Phone, RelyingParty) -> Unit) = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            Phone.create(folder.resolve("phone")).use { phone ->
                phone.activate(service.relyingParty())
                test(phone, service.relyingParty())
            }
        }
    }

    private suspend fun Phone.activate(portal: RelyingParty) {
        val invited = portal.enrolmentLink("ada")
        enrol(invited["link"])
        val request = authenticator.checkSignIns(10.seconds).open.single()
        assertEquals(Answer.Approved, authenticator.answer(request.id, Decision.Approve(Page(invited["page_url"]).number)))
    }
}
