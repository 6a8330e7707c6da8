package org.countersign

import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.test.testTimeSource
import org.countersign.ffi.ClockStatus
import org.countersign.ffi.Codes
import org.countersign.ffi.Completeness
import org.countersign.ffi.Offer
import org.countersign.ffi.ShownCode
import org.countersign.ffi.TimeSource
import org.countersign.support.Phone
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

@OptIn(ExperimentalCoroutinesApi::class)
class LiveCodesTest {
    private val changes = MutableSharedFlow<Unit>(extraBufferCapacity = 1)
    private val readAt = mutableListOf<Long>()

    @Test
    fun `codes are read once at the start and once at each change, and never between`() = runTest {
        backgroundScope.launch { codes(period = 30_000, start = 12_300).collect {} }
        advanceTimeBy(80.seconds)
        assertEquals(listOf(0L, 17_700, 47_700, 77_700), readAt)
    }

    @Test
    fun `a changed account brings new codes at once, and the next change at its own moment`() = runTest {
        backgroundScope.launch { codes(period = 30_000, start = 0).collect {} }
        advanceTimeBy(5.seconds)
        changes.emit(Unit)
        advanceTimeBy(26.seconds)
        assertEquals(listOf(0L, 5_000, 30_000), readAt)
    }

    @Test
    fun `a list without timed codes waits only for a changed account`() = runTest {
        backgroundScope.launch { codes(period = null, start = 0).collect {} }
        advanceTimeBy(3600.seconds)
        assertEquals(listOf(0L), readAt)
        changes.emit(Unit)
        runCurrent()
        assertEquals(listOf(0L, 3_600_000), readAt)
    }

    @Test
    fun `a collector that takes longer than a period gets the codes of the moment, not those it missed`() = runTest {
        backgroundScope.launch { codes(period = 30_000, start = 0).collect { delay(100.seconds) } }
        advanceTimeBy(250.seconds)
        assertEquals(listOf(0L, 100_000, 200_000), readAt)
    }

    @Test
    fun `the countdown goes on between two ticks, and ends at zero`() = runTest {
        val live = codes(period = 30_000, start = 12_300).first()
        val code = ShownCode.Timed("123456", "654321", remainingSeconds = 18, period = 30)
        assertEquals(17_700.milliseconds, live.remaining(code))
        delay(10.seconds)
        assertEquals(7_700.milliseconds, live.remaining(code))
        assertEquals(7.7f / 30, live.remainingPart(code), 0.001f)
        delay(10.seconds)
        assertEquals(0.seconds, live.remaining(code))
    }

    @Test
    fun `real codes follow each other, each once`(@TempDir folder: Path) = runBlocking {
        Phone.create(folder).use { phone ->
            Offer.parse("otpauth://totp/a:b?period=3&secret=JBSWY3DPEHPK3PXP&issuer=a").use { phone.authenticator.add(listOf(it)) }
            val codes = phone.authenticator.liveCodes().map { assertIs<ShownCode.Timed>(it.codes.codes.single().code) }
            val (first, second) = codes.take(2).toList()
            assertEquals(first.next, second.code)
        }
    }

    @Test
    fun `an added, a renamed and a trashed account are seen at once`(@TempDir folder: Path) = runBlocking {
        Phone.create(folder).use { phone ->
            val seen = mutableListOf<List<String>>()
            val collector = launch { phone.authenticator.liveCodes().collect { seen += it.codes.codes.map { row -> row.name } } }
            suspend fun until(names: List<String>) {
                while (seen.lastOrNull() != names) delay(1)
            }
            until(emptyList())
            val account = Offer.parse("otpauth://totp/a:ada?secret=JBSWY3DPEHPK3PXP&period=600")
                .use { phone.authenticator.add(listOf(it)).single().id }
            until(listOf("ada"))
            phone.authenticator.rename(account, "a", "grace")
            until(listOf("grace"))
            phone.authenticator.trash(account)
            until(emptyList())
            collector.cancel()
            assertTrue(seen.size <= 5, "$seen")
        }
    }

    /** Codes of one period, asked for `start` milliseconds into it, that tell when they were read. */
    private fun TestScope.codes(period: Long?, start: Long) = liveCodes(changes, testTimeSource) {
        readAt += currentTime
        val now = start + currentTime
        val clock = ClockStatus(now, TimeSource.WALL_CLOCK, wallAheadMs = 0, isCorrected = false, service = null, ageMs = null)
        Codes(emptyList(), 0, emptyList(), Completeness.Complete, clock, period?.let { it - now % it })
    }
}
