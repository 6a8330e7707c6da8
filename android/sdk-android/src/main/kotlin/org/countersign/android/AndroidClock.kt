package org.countersign.android

import android.content.Context
import android.os.SystemClock
import android.provider.Settings
import java.lang.reflect.Method
import java.time.Clock
import java.time.DateTimeException
import org.countersign.ffi.ClockReading
import org.countersign.ffi.DeviceClock

/**
 * The phone's clocks. The monotonic one continues while the phone sleeps, and the boot count identifies its start. The
 * network time is Android's, or the wall clock's if Android sets it automatically.
 */
public class AndroidClock(context: Context) : DeviceClock {
    private val resolver = context.applicationContext.contentResolver

    override fun read(): ClockReading = ClockReading(
        wall = System.currentTimeMillis(),
        monotonic = SystemClock.elapsedRealtime(),
        boot = Settings.Global.getInt(resolver, Settings.Global.BOOT_COUNT, 0).toString(),
        network = networkTime() ?: System.currentTimeMillis().takeIf { isSetAutomatically() },
    )

    /** Null before Android 13, and if the phone hasn't asked the network since it was started. */
    private fun networkTime(): Long? = try {
        (NETWORK_CLOCK?.invoke(null) as? Clock)?.millis()
    } catch (_: DateTimeException) {
        null
    } catch (_: ReflectiveOperationException) {
        null
    }

    private fun isSetAutomatically() = Settings.Global.getInt(resolver, Settings.Global.AUTO_TIME, 0) == 1

    private companion object {
        /** `SystemClock.currentNetworkTimeClock()` of API 33; the library is built against an older one. */
        private val NETWORK_CLOCK: Method? = try {
            SystemClock::class.java.getMethod("currentNetworkTimeClock")
        } catch (_: NoSuchMethodException) {
            null
        }
    }
}
