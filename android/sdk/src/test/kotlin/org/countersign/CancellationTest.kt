package org.countersign

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.CancelHandle
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.Offer
import org.countersign.ffi.Platform
import org.countersign.support.JdkVaultKeyStore
import org.countersign.support.Page
import org.countersign.support.Phone
import org.countersign.support.ServiceProcess
import org.countersign.support.SilentService
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** That a cancelled coroutine ends the work in Rust: seen at the other end of the connection, and in the key store. */
class CancellationTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `cancelling a call drops its connection to the service`() = runBlocking {
        SilentService().use { service ->
            Phone.create(folder).use { phone ->
                val enrolling = async(Dispatchers.Default) { phone.enrol(service.link) }
                val connection = service.accept()
                connection.awaitRequest()
                enrolling.cancel()
                assertTrue(connection.isClosedByPeer(), "the connection stayed open after the coroutine was cancelled")
                assertFailsWith<CancellationException> { enrolling.await() }
            }
        }
    }

    @Test
    fun `a time limit around a call drops its connection too`() = runBlocking {
        SilentService().use { service ->
            Phone.create(folder).use { phone ->
                val enrolling = async(Dispatchers.Default) { withTimeoutOrNull(1.seconds) { phone.enrol(service.link) } }
                assertTrue(service.accept().isClosedByPeer())
                assertNull(enrolling.await())
            }
        }
    }

    @Test
    fun `a cancel handle ends the call, with an error and no exception of coroutines`() = runBlocking {
        SilentService().use { service ->
            Phone.create(folder).use { phone ->
                val handle = CancelHandle()
                val device = DeviceDescription("Phone", Platform.ANDROID, null)
                val enrolling = async(Dispatchers.Default) {
                    assertFailsWith<AuthenticatorException.Cancelled> {
                        Offer.parse(service.link).use { phone.authenticator.enrol(it, device, handle) }
                    }
                }
                val connection = service.accept()
                connection.awaitRequest()
                handle.cancel()
                assertEquals("cancelled", enrolling.await().code())
                assertTrue(connection.isClosedByPeer())
            }
        }
    }

    @Test
    fun `cancelling an approval takes the prompt away, and the request stays open`() = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            Phone.create(folder.resolve("phone")).use { phone ->
                val invited = service.relyingParty().enrolmentLink("ada")
                phone.enrol(invited["link"])
                val request = phone.authenticator.checkSignIns(10.seconds).open.single()
                val number = Page(invited["page_url"]).number
                val shown = CompletableDeferred<Unit>()
                val taken = CompletableDeferred<Unit>()
                phone.keys.onApproval = {
                    try {
                        shown.complete(Unit)
                        awaitCancellation()
                    } finally {
                        taken.complete(Unit)
                    }
                }
                val approving = launch(Dispatchers.Default) { phone.authenticator.answer(request.id, Decision.Approve(number)) }
                withTimeout(10.seconds) { shown.await() }
                approving.cancel()
                withTimeout(10.seconds) { taken.await() }

                phone.keys.onApproval = {}
                assertEquals(Answer.Approved, phone.authenticator.answer(request.id, Decision.Approve(number)))
            }
        }
    }

    @Test
    fun `leaving the screen ends the long poll`() = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            Phone.create(folder.resolve("phone")).use { phone ->
                phone.enrol(service.relyingParty().enrolmentLink("ada")["link"])
                val seen = CompletableDeferred<Unit>()
                val watching = launch(Dispatchers.Default) {
                    phone.authenticator.watchSignIns().collect { if (it.open.isNotEmpty()) seen.complete(Unit) }
                }
                withTimeout(10.seconds) { seen.await() }
                withTimeout(2.seconds) { watching.cancel(); watching.join() }
            }
        }
    }

    @Test
    fun `cancelling the opening of a vault takes the key store's prompt away`() = runBlocking {
        val store = JdkVaultKeyStore()
        val file = VaultFile(folder.resolve("vault.db").toFile(), store)
        org.countersign.ffi.RecoveryCode.makeRandom().use { file.create(it).close() }
        val taken = CompletableDeferred<Unit>()
        store.onUnwrap = {
            try {
                awaitCancellation()
            } finally {
                taken.complete(Unit)
            }
        }
        val opening = launch(Dispatchers.Default) { file.open() }
        delay(50)
        opening.cancel()
        withTimeout(10.seconds) { taken.await() }
    }
}
