package org.countersign

import kotlinx.coroutines.runBlocking
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.FrameScanner
import org.countersign.ffi.Import
import org.countersign.ffi.OfferContent
import org.countersign.ffi.Picture
import org.countersign.ffi.ScannedCode
import org.countersign.ffi.scanPicture
import org.countersign.support.Phone
import org.countersign.support.pictureOf
import org.junit.jupiter.api.io.TempDir
import java.nio.ByteBuffer
import java.nio.file.Path
import kotlin.io.path.readBytes
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs

/** Pictures that people really have. */
class ScanTest {
    @TempDir
    lateinit var folder: Path

    private val first = picture("structured-append-part1-cut-in-secret.png")
    private val second = picture("structured-append-part2.png")

    @Test
    fun `a link in two codes is offered once both were seen`() = runBlocking {
        assertIs<ScannedCode.Parts>(scanPicture(second).single())
        FrameScanner().use { scanner ->
            val part = assertIs<ScannedCode.Parts>(scanner.scanPicture(second).single())
            assertEquals(Triple(2, listOf(0), "scan_parts_missing"), Triple(part.count, part.missing, part.reason.code))
            val frame = ByteBuffer.allocateDirect(first.luma.size).put(first.luma).flip()
            val seen = scanner.scan(frame, first.width, first.height, first.width)
            assertIs<ScannedCode.Offer>(seen.single()).offer.use { offer ->
                assertEquals("ada", assertIs<OfferContent.Otp>(offer.content()).account.name)
                assertFalse(offer.hasUnreadableLetters())
            }
        }
    }

    @Test
    fun `an import waits for all codes of a text`() = runBlocking {
        Phone.create(folder).use { phone ->
            val entries = Import()
            assertEquals(1, entries.addPicture(first).missingCodes)
            val refused = assertFailsWith<AuthenticatorException.Input> { phone.authenticator.importAccounts(entries) }
            assertEquals("scan_parts_missing" to 1L, refused.code() to refused.parameter())
            assertEquals(0, entries.addPicture(second).missingCodes)
            assertEquals(1, phone.authenticator.importAccounts(entries).proven)
        }
    }

    private fun picture(name: String): Picture =
        pictureOf(Path.of(System.getProperty("countersign.vectors"), "scan", name).readBytes())
}
