package org.countersign

import com.google.zxing.BarcodeFormat
import com.google.zxing.EncodeHintType
import com.google.zxing.qrcode.QRCodeWriter
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.countersign.ffi.AccountSummary
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.FrameScanner
import org.countersign.ffi.ImportOptions
import org.countersign.ffi.Receiving
import org.countersign.ffi.ReceivingStep
import org.countersign.ffi.RowOutcome
import org.countersign.ffi.SameName
import org.countersign.ffi.ScannedCode
import org.countersign.ffi.SendingStep
import org.countersign.ffi.Transfer
import org.countersign.ffi.TransferCodeKind
import org.countersign.support.GatheredLog
import org.countersign.support.Phone
import org.countersign.support.everything
import org.junit.jupiter.api.io.TempDir
import java.nio.ByteBuffer
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** Moving to a new phone, by the codes that the two phones show each other. */
class TransferTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `accounts move, although both apps end at every step`() = phones { old, new ->
        val begun = new.authenticator.receiveAccounts()
        new.restart()
        assertEquals(begun, assertIs<Transfer.NewPhone>(new.authenticator.transfer()).receiving)

        val accepted = old.authenticator.sendAccounts(invitation(begun))
        old.restart()
        assertEquals(accepted, assertIs<Transfer.OldPhone>(old.authenticator.transfer()).sending)
        val compared = new.authenticator.receiveCode(assertIs<SendingStep.Comparing>(accepted.step).acceptance)
        assertEquals(accepted.checkValue, compared.checkValue)

        val shown = old.authenticator.showAccounts(assertNotNull(compared.checkValue).lowercase().replace("-", " "))
        assertTrue(shown.codes.size > 1, "the test wants codes to be missing")
        old.restart()
        val again = assertIs<Transfer.OldPhone>(old.authenticator.transfer()).sending
        assertEquals(shown.codes, assertIs<SendingStep.Showing>(again.step).codes)

        // In any order, some twice, and the app ends in the middle.
        val last = new.authenticator.receiveCode(shown.codes.last())
        val scanning = assertIs<ReceivingStep.Scanning>(last.step)
        assertEquals(shown.codes.size, scanning.count)
        assertEquals((1..<shown.codes.size).toList(), scanning.missing)
        new.restart()
        assertEquals(scanning, assertIs<Transfer.NewPhone>(new.authenticator.transfer()).receiving.step)
        val complete = shown.codes.map { new.authenticator.receiveCode(it) }.last()
        assertEquals(ReceivingStep.Complete, complete.step)
        new.restart()

        assertEquals(ACCOUNTS, new.authenticator.previewReceived().total.toInt())
        assertEquals(0, new.authenticator.accounts().total)
        val received = new.authenticator.storeReceived()
        assertEquals(ACCOUNTS, received.report.proven.toInt())
        new.restart()
        val receipt = assertIs<ReceivingStep.Stored>(assertIs<Transfer.NewPhone>(new.authenticator.transfer()).receiving.step).receipt
        assertEquals(received.receipt, receipt)

        // Until the receipt is scanned, the old phone keeps everything.
        val early = assertFailsWith<AuthenticatorException.Untrusted> { old.authenticator.removeMoved() }
        assertEquals("move_not_proven", early.code())
        val proven = assertIs<SendingStep.Proven>(receipt.map { old.authenticator.receiveReceipt(it) }.last().step)
        assertEquals(ACCOUNTS.toLong() to ACCOUNTS.toLong(), proven.held to proven.sent)
        old.restart()
        assertTrue(old.accounts().all { it.movedAt != null && it.trashedAt == null })

        val counted = old.accounts().single { it.name == "counted" }.id
        val moved = assertFailsWith<AuthenticatorException.Gone> { old.authenticator.nextCode(counted) }
        assertEquals("account_moved_away", moved.code())
        old.authenticator.takeBack(counted)
        old.authenticator.nextCode(counted)
        assertEquals(ACCOUNTS - 1L, old.authenticator.removeMoved())
        assertNull(old.authenticator.transfer())
        new.authenticator.endTransfer()
        assertNull(new.authenticator.transfer())
        assertEquals(ACCOUNTS, new.authenticator.codes().codes.size)
    }

    @Test
    fun `a wrong check value shows nothing, and the right one does then`() = phones { old, new ->
        val accepted = old.authenticator.sendAccounts(invitation(new.authenticator.receiveAccounts()))
        val wrong = assertFailsWith<AuthenticatorException.Input> { old.authenticator.showAccounts("0000-0000") }
        assertEquals("move_check_value_differs", wrong.code())
        assertIs<SendingStep.Comparing>(assertIs<Transfer.OldPhone>(old.authenticator.transfer()).sending.step)
        val one = old.accounts().first().id
        assertEquals(1, old.authenticator.showAccounts(accepted.checkValue, listOf(one)).rehearsal.restorable)
        // One choice is sealed in the life of a move.
        val second = assertFailsWith<AuthenticatorException.Input> { old.authenticator.showAccounts(accepted.checkValue) }
        assertEquals("move_out_of_turn", second.code())
    }

    @Test
    fun `codes of another move and altered ones change nothing, and are not repeated`() = phones { old, new ->
        val accepted = old.authenticator.sendAccounts(invitation(new.authenticator.receiveAccounts()))
        new.authenticator.receiveCode(assertIs<SendingStep.Comparing>(accepted.step).acceptance)
        val codes = old.authenticator.showAccounts(accepted.checkValue).codes
        val before = new.authenticator.transfer()

        phones("others") { stranger, victim ->
            val other = stranger.authenticator.sendAccounts(invitation(victim.authenticator.receiveAccounts()))
            victim.authenticator.receiveCode(assertIs<SendingStep.Comparing>(other.step).acceptance)
            val foreign = stranger.authenticator.showAccounts(other.checkValue).codes.first()
            assertEquals("move_other", assertFailsWith<AuthenticatorException.Input> { new.authenticator.receiveCode(foreign) }.code())
        }
        val altered = codes.first().dropLast(8) + if (codes.first().endsWith("AAAAAAAA")) "BBBBBBBA" else "AAAAAAAA"
        val untrusted = assertFailsWith<AuthenticatorException.Untrusted> { new.authenticator.receiveCode(altered) }
        assertEquals("move_altered", untrusted.code())
        assertFalse(altered.takeLast(40) in untrusted.everything())
        val second = assertFailsWith<AuthenticatorException.Input> { new.authenticator.receiveReceipt(codes.first()) }
        assertEquals("move_out_of_turn", second.code())
        assertEquals(before, new.authenticator.transfer())
    }

    @Test
    fun `codes are read off the other screen, a taken name is the person's choice, and the receipt says what arrived`() = phones { old, new ->
        new.add("otpauth://totp/North:0?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=North")
        val codes = GatheredLog().use { log ->
            val codes = new.takeFrom(old)
            assertFalse(log.records.any { SECRET in it.text || codes.any { code -> code in it.text } })
            codes
        }
        assertTrue(codes.none { SECRET in it })
        val shown = async { new.authenticator.liveCodes().first { it.codes.codes.size > 1 } }
        delay(100)
        val received = new.authenticator.storeReceived(ImportOptions(SameName.SKIP))
        withTimeout(5.seconds) { assertEquals(ACCOUNTS, shown.await().codes.codes.size) }
        assertEquals(RowOutcome.SKIPPED, received.report.rows.single { it.row.name == "0" }.outcome)
        val proven = assertIs<SendingStep.Proven>(received.receipt.map { old.authenticator.receiveReceipt(seen(it, TransferCodeKind.RECEIPT)) }.last().step)
        assertEquals(ACCOUNTS - 1L to ACCOUNTS.toLong(), proven.held to proven.sent)
        assertEquals(ACCOUNTS - 1L, old.authenticator.removeMoved())
        assertEquals(listOf("0"), old.accounts().filter { it.trashedAt == null }.map { it.name })
    }

    private fun phones(name: String = "phones", test: suspend CoroutineScope.(Phone, Phone) -> Unit): Unit = runBlocking {
        Phone.create(folder.resolve("$name-old")).use { old ->
            repeat(ACCOUNTS - 1) { old.add("otpauth://totp/North:$it?secret=$SECRET${'A' + it}A&issuer=North") }
            old.add("otpauth://hotp/North:counted?secret=${SECRET}ZA&issuer=North&counter=7")
            Phone.create(folder.resolve("$name-new")).use { new -> test(old, new) }
        }
    }

    private companion object {
        const val ACCOUNTS = 12

        /** What the secrets of all accounts begin with. */
        const val SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3P"

        fun invitation(receiving: Receiving): String = assertIs<ReceivingStep.Inviting>(receiving.step).invitation

        suspend fun Phone.accounts(): List<AccountSummary> = authenticator.accounts().accounts

        /** All of the other's accounts, scanned off its screen and not yet stored. Gives the codes. */
        suspend fun Phone.takeFrom(old: Phone): List<String> {
            val accepted = old.authenticator.sendAccounts(seen(invitation(authenticator.receiveAccounts()), TransferCodeKind.INVITATION))
            authenticator.receiveCode(seen(assertIs<SendingStep.Comparing>(accepted.step).acceptance, TransferCodeKind.ACCEPTANCE))
            val codes = old.authenticator.showAccounts(accepted.checkValue).codes
            return codes.onEach { authenticator.receiveCode(seen(it, TransferCodeKind.ACCOUNTS)) }
        }

        /** The text of a code that one phone draws, as the other's camera reads it. */
        fun seen(text: String, kind: TransferCodeKind): String {
            val hints = mapOf(EncodeHintType.ERROR_CORRECTION to ErrorCorrectionLevel.L)
            val code = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, PIXELS, PIXELS, hints)
            val luma = ByteBuffer.allocateDirect(code.width * code.height)
            for (y in 0 until code.height) for (x in 0 until code.width) luma.put(if (code[x, y]) 0 else -1)
            val size = code.width.toUInt()
            val scanned = FrameScanner().use { it.scan(luma.flip(), size, size, size) }
            val read = assertIs<ScannedCode.Transfer>(scanned.single())
            assertEquals(text to kind, read.text to read.kind)
            return read.text
        }

        const val PIXELS = 500
    }
}
