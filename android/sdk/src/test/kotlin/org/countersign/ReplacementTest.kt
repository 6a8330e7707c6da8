package org.countersign

import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.BindingState
import org.countersign.ffi.Id
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.ReplacementStep
import org.countersign.support.Phone
import org.countersign.support.ServiceProcess
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** A new phone in place of the old one, against the real service. */
class ReplacementTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `a new phone approves in place of the old one, which is revoked then`() = service { service, old, account ->
        val portal = service.relyingParty()
        Phone.create(folder.resolve("new")).use { new ->
            old.authenticator.replaceDevice(account).use { replacement ->
                assertEquals(account, replacement.account())
                val seen = mutableListOf<ReplacementStep>()
                val steps = async { old.authenticator.replacementSteps(replacement, 50.milliseconds).onEach { seen += it }.toList() }
                waitUntil { ReplacementStep.Waiting in seen }

                val enrolled = new.enrol(replacement.link())
                waitUntil { seen.last() is ReplacementStep.Activating }
                val activating = assertIs<ReplacementStep.Activating>(seen.last())
                assertEquals(enrolled.checkValue, activating.checkValue)
                val number = requireNotNull(activating.number)
                assertFalse(number in "$activating" || activating.checkValue in "$activating")
                // The old phone works until the new one does.
                assertEquals(BindingState.ACTIVE, old.binding())

                val activation = new.nextSignIn()
                assertEquals(Answer.Approved, new.authenticator.answer(activation.id, Decision.Approve(number)))
                assertEquals(ReplacementStep.Done, withTimeout(20.seconds) { steps.await() }.last())
            }
            assertEquals(BindingState.REVOKED, old.binding())
            assertTrue(old.authenticator.accounts().accounts.single().movedAt != null)
            assertTrue(old.keys.pairs.isEmpty(), "the old phone's keys are still there")

            val signIn = portal.signInShown("ada")
            val request = new.nextSignIn()
            assertEquals(Answer.Approved, new.authenticator.answer(request.id, Decision.Approve(signIn["number"])))
            assertEquals("approved", portal.state(signIn))
        }
    }

    @Test
    fun `a replacement needs the person, and one that is given up changes nothing`() = service { _, old, account ->
        old.keys.onApproval = { throw PlatformKeyException.Cancelled() }
        assertFailsWith<AuthenticatorException.Cancelled> { old.authenticator.replaceDevice(account) }
        old.keys.onApproval = {}
        old.authenticator.replaceDevice(account).use { replacement ->
            assertEquals(ReplacementStep.Waiting, old.authenticator.replacementSteps(replacement).first())
            // An app that was ended meanwhile goes on with the same code, and asks no key for it.
            old.keys.onApproval = { throw PlatformKeyException.Cancelled() }
            assertEquals(listOf(account), old.authenticator.openReplacements())
            requireNotNull(old.authenticator.resumeReplacement(account)).use { resumed ->
                assertEquals(replacement.link(), resumed.link())
                assertEquals(ReplacementStep.Waiting, old.authenticator.replacementSteps(resumed).first())
            }
        }
        assertEquals(BindingState.ACTIVE, old.binding())
        assertEquals(2, old.keys.pairs.size)
    }

    @Test
    fun `another device of the person's is reported once`() = service { service, old, account ->
        old.authenticator.checkSignIns()
        assertEquals(emptyList(), old.authenticator.newDevices())
        Phone.create(folder.resolve("another")).use { another ->
            another.activate(service)
            old.authenticator.checkSignIns()
            val device = old.authenticator.newDevices().single()
            assertEquals(account to "Ada's phone", device.account to device.name)
            old.authenticator.noteNewDevicesTold(account)
            assertEquals(emptyList(), old.authenticator.newDevices())
        }
    }

    private fun service(test: suspend kotlinx.coroutines.CoroutineScope.(ServiceProcess, Phone, Id) -> Unit) = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            Phone.create(folder.resolve("old")).use { old -> test(service, old, old.activate(service)) }
        }
    }

    private companion object {
        suspend fun Phone.binding(): BindingState? = authenticator.accounts().accounts.single().binding

        suspend fun waitUntil(condition: () -> Boolean): Unit =
            withTimeout(20.seconds) { while (!condition()) kotlinx.coroutines.delay(10) }
    }
}
