package org.countersign.android

import android.content.ComponentName
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ActivityInfo
import org.countersign.ffi.WakeUp
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLog
import java.util.concurrent.LinkedBlockingQueue
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
@Config(application = TestHost::class)
class WakeUpTest {
    private val host = RuntimeEnvironment.getApplication() as TestHost
    private val channel = UnifiedPushChannel(host)

    @Test
    fun `without a distributor there is nobody to ask`() {
        assertFalse(channel.register())
        assertNull(channel.address)
    }

    @Test
    fun `the only distributor is asked, by its name, with a token and proof of which app asks`() {
        val asked = register()
        assertEquals(UnifiedPushChannel.REGISTER, asked.action)
        assertEquals(DISTRIBUTOR, asked.`package`)
        assertEquals(host.packageName, asked.getStringExtra("application"))
        assertTrue(assertNotNull(asked.getStringExtra("token")).length >= 32)
        assertNotNull(asked.extras?.get("pi"))
    }

    @Test
    fun `an endpoint is the address, and reported once`() {
        val token = tokenOf(register())
        receive("NEW_ENDPOINT", token, "endpoint" to "https://push.example/1")
        host.expect("address https://push.example/1")
        assertEquals(WakeUp.UnifiedPush("https://push.example/1"), channel.address)
        receive("NEW_ENDPOINT", token, "endpoint" to "https://push.example/1")
        host.expectNothing()
    }

    @Test
    fun `a message wakes the app, whatever is in it, and is acknowledged`() {
        val token = tokenOf(register())
        receive("MESSAGE", token, "id" to "7", "message" to "ignored")
        host.expect("woken")
        val acknowledged = shadowOf(host).broadcastIntents.last()
        assertEquals(UnifiedPushChannel.MESSAGE_ACK, acknowledged.action)
        assertEquals(DISTRIBUTOR, acknowledged.`package`)
        assertEquals("7", acknowledged.getStringExtra("id"))
    }

    @Test
    fun `what doesn't know the token is ignored`() {
        receive("MESSAGE", "no token yet")
        register()
        for (token in listOf(null, "", "a guess")) {
            receive("NEW_ENDPOINT", token, "endpoint" to "https://evil.example/")
            receive("MESSAGE", token)
            receive("UNREGISTERED", token)
        }
        host.expectNothing()
        assertNull(channel.address)
    }

    @Test
    fun `an endpoint that isn't https, or is huge, is ignored`() {
        val token = tokenOf(register())
        receive("NEW_ENDPOINT", token, "endpoint" to "http://push.example/1")
        receive("NEW_ENDPOINT", token, "endpoint" to "https://push.example/" + "1".repeat(2000))
        receive("NEW_ENDPOINT", token)
        host.expectNothing()
        assertNull(channel.address)
    }

    @Test
    fun `a distributor that gives up takes the address away`() {
        val token = tokenOf(register())
        receive("NEW_ENDPOINT", token, "endpoint" to "https://push.example/1")
        host.expect("address https://push.example/1")
        receive("UNREGISTERED", token)
        host.expect("address null")
        assertNull(channel.address)
        receive("MESSAGE", token)
        host.expectNothing()
    }

    @Test
    fun `giving the address up tells the distributor, and its messages count no more`() {
        val token = tokenOf(register())
        channel.unregister()
        val told = shadowOf(host).broadcastIntents.last()
        assertEquals(UnifiedPushChannel.UNREGISTER, told.action)
        assertEquals(token, told.getStringExtra("token"))
        receive("MESSAGE", token)
        host.expectNothing()
    }

    @Test
    fun `Firebase's token is the address, and its messages wake the app`() {
        val firebase = FcmChannel(host) { it.onNewToken("token"); true }
        assertTrue(firebase.register())
        host.expect("address token")
        assertEquals(WakeUp.Fcm("token"), firebase.address)
        firebase.onNewToken("token")
        host.expectNothing()
        firebase.onMessage()
        host.expect("woken")
        firebase.unregister()
        host.expect("address null")
    }

    @Test
    fun `a host that throws ends neither the app nor later wake-ups, and its text is not logged`() {
        val uncaught = LinkedBlockingQueue<Throwable>()
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, failure -> uncaught += failure }
        try {
            val token = tokenOf(register())
            val firebase = FcmChannel(host) { true }
            host.failure = IllegalStateException("planted-canary")
            receive("MESSAGE", token)
            firebase.onMessage()
            val end = System.nanoTime() + 5_000_000_000
            while (ShadowLog.getLogsForTag(TAG).size < 2 && System.nanoTime() < end) Thread.sleep(10)
            host.failure = null
            firebase.onMessage()
            host.expect("woken")
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before)
        }
        assertEquals(emptyList(), uncaught.toList())
        val logged = ShadowLog.getLogsForTag(TAG)
        assertEquals(2, logged.size)
        assertTrue(logged.all { "IllegalStateException at org.countersign.android.WakeUpTest" in it.msg }, "${logged.map { it.msg }}")
        assertFalse(ShadowLog.getLogs().any { "planted-canary" in it.msg + it.throwable })
    }

    private fun register(): Intent {
        val component = ComponentName(DISTRIBUTOR, "$DISTRIBUTOR.Receiver")
        val packages = shadowOf(host.packageManager)
        packages.addOrUpdateReceiver(ActivityInfo().apply { packageName = DISTRIBUTOR; name = component.className })
        packages.addIntentFilterForReceiver(component, IntentFilter(UnifiedPushChannel.REGISTER))
        assertTrue(channel.register())
        return shadowOf(host).broadcastIntents.last()
    }

    private fun tokenOf(registration: Intent): String = assertNotNull(registration.getStringExtra("token"))

    private fun receive(what: String, token: String?, vararg extras: Pair<String, String>) {
        val intent = Intent("org.unifiedpush.android.connector.$what").putExtra("token", token)
        extras.forEach { (name, value) -> intent.putExtra(name, value) }
        UnifiedPushReceiver().onReceive(host, intent)
    }

    private companion object {
        const val DISTRIBUTOR = "org.example.distributor"
    }
}
