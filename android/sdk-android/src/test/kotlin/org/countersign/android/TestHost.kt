package org.countersign.android

import android.app.Application
import org.countersign.ffi.Id
import org.countersign.ffi.WakeUp
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.test.assertEquals
import kotlin.test.assertNull

/** An app whose host records its calls. */
class TestHost : Application(), CountersignHost {
    private val calls = LinkedBlockingQueue<String>()

    /** Thrown by every wake-up. */
    @Volatile
    var failure: Exception? = null

    override suspend fun onWakeUp() {
        failure?.let { throw it }
        calls += "woken"
    }

    override suspend fun onAddressChanged(address: WakeUp?) {
        calls += "address " + ((address as? WakeUp.UnifiedPush)?.endpoint ?: (address as? WakeUp.Fcm)?.token)
    }

    override suspend fun onDeny(request: Id) {
        calls += "deny $request"
    }

    fun expect(call: String) = assertEquals(call, calls.poll(5, TimeUnit.SECONDS))

    /** What was refused at once leaves no work behind, so there is nothing to wait for. */
    fun expectNothing() = assertNull(calls.poll())
}
