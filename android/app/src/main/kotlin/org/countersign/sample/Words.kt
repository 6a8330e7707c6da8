package org.countersign.sample

import org.countersign.ffi.ClockStatus
import org.countersign.ffi.TimeSource
import kotlin.math.abs

/** What a person should know of the phone's clock. */
fun ClockStatus.inWords(): String {
    val off = "${abs(wallAheadMs) / MS_PER_SECOND} s ${if (wallAheadMs > 0) "fast" else "slow"}"
    return when {
        source == TimeSource.CLOCK_WENT_BACK -> "Your phone's clock shows a time that is long over. Set it, or codes are wrong."
        source == TimeSource.WALL_CLOCK -> "Codes go by the phone's clock: no service has told the time yet."
        !isCorrected -> "The phone's clock is right."
        source == TimeSource.LAST_KNOWN_OFFSET -> "Your phone was $off before it was restarted; codes are corrected by that, unverified."
        source == TimeSource.UNSIGNED_SERVICE -> "Your phone is $off by $service, which signs no time; codes are corrected."
        else -> "Your phone is $off; codes are corrected."
    }
}

private const val MS_PER_SECOND = 1000
