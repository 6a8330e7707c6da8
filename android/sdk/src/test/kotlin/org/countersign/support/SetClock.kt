package org.countersign.support

import org.countersign.ffi.ClockReading
import org.countersign.ffi.DeviceClock

/** A device clock that stands where it is set. */
class SetClock(@Volatile var unixSeconds: Long) : DeviceClock {
    override fun read() = ClockReading(wall = unixSeconds * 1000, monotonic = 1, boot = "the one")
}
