package org.countersign.android

import android.content.Context
import android.os.SystemClock
import android.provider.Settings
import org.countersign.ffi.ClockReading
import org.countersign.ffi.DeviceClock

/** The phone's clocks. The monotonic one goes on while the phone sleeps, and the boot count names what it counts from. */
public class AndroidClock(context: Context) : DeviceClock {
    private val resolver = context.applicationContext.contentResolver

    override fun read(): ClockReading = ClockReading(
        wall = System.currentTimeMillis(),
        monotonic = SystemClock.elapsedRealtime(),
        boot = Settings.Global.getInt(resolver, Settings.Global.BOOT_COUNT, 0).toString(),
    )
}
