package org.countersign

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.Id
import org.countersign.ffi.Receiving
import org.countersign.ffi.ReceivingStep
import org.countersign.ffi.RelayAccount
import org.countersign.ffi.Sending
import org.countersign.ffi.SendingStep
import org.countersign.ffi.Transfer
import org.countersign.ffi.TransferRelay
import org.countersign.support.Phone
import org.countersign.support.ServiceProcess
import org.countersign.support.SilentService
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Moving to a new phone over the real service, in place of the codes that follow the first two. */
class RelayTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `accounts move over the service, although both apps end at every step`() = service { service, old, new, account ->
        greet(old, new, account)
        old.restart()
        new.restart()
        assertIs<ReceivingStep.Scanning>(new.steps().first().receiving.step)
        val sent = old.steps().first().sending
        assertEquals(TransferRelay("127.0.0.1:${service.port}", isDelivered = true), sent.relay)
        assertIs<SendingStep.Showing>(sent.step)
        old.restart()

        assertEquals(ReceivingStep.Complete, new.steps().first().receiving.step)
        new.restart()
        assertEquals(ReceivingStep.Complete, new.steps().first().receiving.step)
        assertEquals(ACCOUNTS, new.authenticator.storeReceived().report.proven.toInt())
        new.restart()
        val left = new.steps().toList().single().receiving
        assertTrue(left.relay?.isDelivered == true && left.step is ReceivingStep.Stored)

        assertEquals(PROVEN, old.steps().toList().single().sending.step)
        old.restart()
        assertEquals(PROVEN, old.steps().toList().single().sending.step)
        assertEquals(ACCOUNTS.toLong(), old.authenticator.removeMoved())
        assertEquals(emptyList(), old.steps().toList())
        assertEquals(ACCOUNTS, new.authenticator.codes().codes.size)
    }

    @Test
    fun `one collection on each phone lasts for the whole move, and tells each state once`() = service { _, old, new, account ->
        val invitation = assertIs<ReceivingStep.Inviting>(new.authenticator.receiveAccounts().step).invitation
        old.authenticator.sendAccounts(invitation)
        val (ofOld, ofNew) = List(2) { mutableListOf<RelayedTransfer>() }
        val sending = async { old.steps().onEach { ofOld += it }.toList() }
        val receiving = async { new.steps().onEach { ofNew += it }.toList() }
        waitUntil { ofOld.isNotEmpty() && ofNew.isNotEmpty() }

        val chosen = old.authenticator.chooseRelay(account)
        waitUntil { ofOld.last().sending == chosen }
        val acceptance = assertIs<SendingStep.Comparing>(chosen.step).acceptance
        assertEquals(chosen.relay, new.authenticator.receiveCode(acceptance).relay)
        waitUntil { ofNew.last().receiving.relay == chosen.relay }
        old.authenticator.showAccounts(chosen.checkValue)
        waitUntil { ofNew.last().receiving.step == ReceivingStep.Complete }
        new.authenticator.storeReceived()

        withTimeout(20.seconds) { assertEquals(PROVEN, sending.await().last().sending.step) }
        assertEquals(true, withTimeout(20.seconds) { receiving.await() }.last().receiving.relay?.isDelivered)
        for (seen in listOf(ofOld, ofNew)) {
            assertTrue(seen.zipWithNext().all { (one, next) -> one != next }, "a state was emitted twice")
            assertTrue(seen.all { it.failure == null })
        }
    }

    @Test
    fun `a cancelled call closes its connection, and the move is as it was`() = service { service, old, new, account ->
        greet(old, new, account)
        val before = old.authenticator.transfer()
        service.close()
        SilentService(service.port).use { silent ->
            val collecting = launch(Dispatchers.Default) { old.steps().toList() }
            val connection = silent.accept()
            connection.awaitRequest()
            collecting.cancelAndJoin()
            assertTrue(connection.isClosedByPeer(), "the connection stayed open after the coroutine was cancelled")
        }
        assertEquals(before, old.authenticator.transfer())
    }

    @Test
    fun `without the service it says so, goes on trying, and codes finish the move`() = service { service, old, new, account ->
        val codes = greet(old, new, account)
        service.close()
        val (ofOld, ofNew) = List(2) { mutableListOf<RelayedTransfer>() }
        val sending = async { old.steps().onEach { ofOld += it }.toList() }
        val receiving = async { new.steps().onEach { ofNew += it }.toList() }
        waitUntil { ofOld.isNotEmpty() && ofNew.isNotEmpty() }
        for (first in listOf(ofOld.first(), ofNew.first())) assertEquals("network_unreachable", first.failure?.code)
        assertEquals(codes, assertIs<SendingStep.Showing>(ofOld.first().sending.step).codes)

        for (code in codes) new.authenticator.receiveCode(code)
        val receipt = new.authenticator.storeReceived().receipt
        for (code in receipt) old.authenticator.receiveReceipt(code)
        assertEquals(PROVEN, withTimeout(20.seconds) { sending.await() }.last().sending.step)
        new.authenticator.endTransfer()
        withTimeout(20.seconds) { receiving.await() }
        assertEquals(ACCOUNTS, new.authenticator.codes().codes.size)
    }

    @Test
    fun `a service that comes back carries on`() = service { service, old, new, account ->
        greet(old, new, account)
        service.close()
        val seen = mutableListOf<RelayedTransfer>()
        val sending = launch { old.steps().collect { seen += it } }
        waitUntil { seen.isNotEmpty() }
        assertEquals("network_unreachable", seen.single().failure?.code)
        ServiceProcess.start(folder.resolve("service"), service.port).use {
            waitUntil { seen.last().failure == null && seen.last().sending.relay?.isDelivered == true }
            assertEquals(ReceivingStep.Complete, new.steps().first().receiving.step)
        }
        sending.cancelAndJoin()
    }

    @Test
    fun `a service is chosen and left out again, and what is there is ended`() = service { service, old, new, account ->
        assertEquals(listOf(RelayAccount(account, "127.0.0.1:${service.port}")), old.authenticator.relayAccounts())
        val invitation = assertIs<ReceivingStep.Inviting>(new.authenticator.receiveAccounts().step).invitation
        val begun = old.authenticator.sendAccounts(invitation)
        assertNotEquals(begun.step, old.authenticator.chooseRelay(account).step)
        assertEquals("move_out_of_turn", assertFailsWith<AuthenticatorException.Input> { old.authenticator.relayTransfer() }.code())
        assertEquals(begun, old.authenticator.chooseRelay(null))
        val other = old.authenticator.accounts().accounts.first { it.id != account }.id
        val unable = assertFailsWith<AuthenticatorException.Refused> { old.authenticator.chooseRelay(other) }
        assertEquals("account_not_able", unable.code())
        old.authenticator.chooseRelay(account)

        old.authenticator.showAccounts(begun.checkValue)
        assertTrue(old.steps().first().sending.relay?.isDelivered == true)
        old.authenticator.endRelay()
        old.authenticator.endTransfer()
        assertEquals(emptyList(), old.steps().toList())
        assertEquals("move_not_under_way", assertFailsWith<AuthenticatorException.Gone> { old.authenticator.relayTransfer() }.code())
    }

    private fun service(test: suspend CoroutineScope.(ServiceProcess, Phone, Phone, Id) -> Unit): Unit = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            Phone.create(folder.resolve("old")).use { old ->
                val account = old.activate(service)
                repeat(ACCOUNTS) { old.add("otpauth://totp/North:$it?secret=$SECRET${'A' + it}A&issuer=North") }
                Phone.create(folder.resolve("new")).use { new -> test(service, old, new, account) }
            }
        }
    }

    private companion object {
        const val ACCOUNTS = 12

        /** What the secrets of all accounts begin with. */
        const val SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3P"

        val PROVEN = SendingStep.Proven(held = ACCOUNTS.toLong(), sent = ACCOUNTS.toLong(), ahead = emptyList())

        /** Both phones as far as the accounts being sealed, over the account's service. Gives the old one's codes. */
        suspend fun greet(old: Phone, new: Phone, account: Id): List<String> {
            old.authenticator.sendAccounts(assertIs<ReceivingStep.Inviting>(new.authenticator.receiveAccounts().step).invitation)
            val chosen = old.authenticator.chooseRelay(account)
            new.authenticator.receiveCode(assertIs<SendingStep.Comparing>(chosen.step).acceptance)
            return old.authenticator.showAccounts(chosen.checkValue).codes
        }

        fun Phone.steps() = authenticator.relayedTransfer(20.milliseconds)

        val RelayedTransfer.sending: Sending get() = assertIs<Transfer.OldPhone>(transfer).sending

        val RelayedTransfer.receiving: Receiving get() = assertIs<Transfer.NewPhone>(transfer).receiving

        suspend fun waitUntil(condition: () -> Boolean): Unit =
            withTimeout(20.seconds) { while (!condition()) delay(10) }
    }
}
