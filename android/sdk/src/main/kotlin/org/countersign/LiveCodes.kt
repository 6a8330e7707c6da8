package org.countersign

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import org.countersign.ffi.Codes
import org.countersign.ffi.ShownCode
import kotlin.time.Duration
import kotlin.time.Duration.Companion.ZERO
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeMark
import kotlin.time.TimeSource

/**
 * The codes at one moment, with their remaining time: a countdown needs no call to the library.
 *
 * @property codes the rows, problems of the list if any, and how far the device's clock is off.
 */
public class LiveCodes internal constructor(public val codes: Codes, private val since: TimeMark) {

    /** Time until `next` replaces `code`; zero afterwards. */
    public fun remaining(code: ShownCode.Timed): Duration {
        // `remainingSeconds` counts from the second that the codes are for; they were asked for a part of it later.
        val intoTheSecond = Math.floorMod(codes.clock.unixMs, MS_PER_SECOND).milliseconds
        return (code.remainingSeconds.seconds - intoTheSecond - since.elapsedNow()).coerceAtLeast(ZERO)
    }

    /** As [remaining], as a fraction of the code's lifetime: 1 when it is new, 0 at its end. */
    public fun remainingPart(code: ShownCode.Timed): Float =
        (remaining(code) / code.period.coerceAtLeast(1).seconds).toFloat()
}

/** One call of [read] a tick: at once, then whenever a code changes or [changes] says so. */
internal fun liveCodes(changes: Flow<Unit>, timeSource: TimeSource, read: suspend () -> Codes): Flow<LiveCodes> = flow {
    while (true) {
        val codes = read()
        // Marked after the call: the time until the change is counted from a moment within it, and to be early would show old codes.
        val since = timeSource.markNow()
        val live = LiveCodes(codes, since)
        emit(live)
        val next = codes.nextChangeMs?.milliseconds
        if (next == null) {
            changes.first()
        } else {
            // A slow collector may have used up the time; the next codes are then due at once.
            val left = next - since.elapsedNow()
            if (left > ZERO) withTimeoutOrNull(left) { changes.first() } else yield()
        }
    }
}

private const val MS_PER_SECOND = 1000L
