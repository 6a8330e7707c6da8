package org.countersign.android

import android.app.Activity
import android.app.Notification
import android.app.NotificationManager
import android.app.RemoteInput
import android.content.Intent
import android.graphics.drawable.Icon
import android.os.Build
import android.os.Bundle
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.ClockStatus
import org.countersign.ffi.Matching
import org.countersign.ffi.Purpose
import org.countersign.ffi.RequestGroup
import org.countersign.ffi.TimeSource
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
@Config(application = TestHost::class)
class SignInNotificationsTest {
    private val host = RuntimeEnvironment.getApplication() as TestHost
    private val manager = host.getSystemService(NotificationManager::class.java)
    private val notifications = SignInNotifications(
        host,
        RequestActivity::class.java,
        Icon.createWithResource(host, android.R.drawable.ic_lock_lock),
        SignInNotifications.Texts("Sign-ins", "Sign-in request", "Enter the number", "Open", "Deny") { "${it.user} to ${it.application}" },
    )

    @Test
    fun `a number goes to the activity, after the phone is unlocked, and nowhere else`() {
        val shown = show(request())
        val action = shown.actions[0]
        if (Build.VERSION.SDK_INT >= ANDROID_12) assertTrue(action.isAuthenticationRequired)
        assertTrue(shadowOf(action.actionIntent).isActivity)
        val target = shadowOf(action.actionIntent).savedIntent
        assertEquals(RequestActivity::class.java.name, target.component?.className)
        assertEquals("request-1", SignInNotifications.requestIn(target))

        val typed = Intent(target)
        val results = Bundle().apply { putCharSequence(action.remoteInputs.single().resultKey, "123 456") }
        RemoteInput.addResultsToIntent(action.remoteInputs, typed, results)
        assertEquals("123 456", SignInNotifications.numberIn(typed))
        assertNull(SignInNotifications.numberIn(target))
    }

    @Test
    fun `no action of a notification approves by itself`() {
        val shown = show(request())
        assertEquals(2, shown.actions.size)
        val other = shown.actions[1]
        assertNull(other.remoteInputs)
        assertEquals(DecisionReceiver::class.java.name, shadowOf(other.actionIntent).savedIntent.component?.className)
        DecisionReceiver().onReceive(host, shadowOf(other.actionIntent).savedIntent)
        host.expect("deny request-1")
    }

    @Test
    fun `a locked phone shows that there is a request, and nothing of it`() {
        val shown = show(request())
        assertEquals(Notification.VISIBILITY_PRIVATE, shown.visibility)
        assertEquals("ada to Ward portal", "${shown.extras.getCharSequence(Notification.EXTRA_TEXT)}")
        val public = assertNotNull(shown.publicVersion)
        assertEquals("Sign-in request", "${public.extras.getCharSequence(Notification.EXTRA_TITLE)}")
        assertNull(public.extras.getCharSequence(Notification.EXTRA_TEXT))
        assertTrue(public.actions.isNullOrEmpty())
    }

    @Test
    fun `a request whose page is scanned opens the app`() {
        val action = show(request(Matching(digits = null, scan = true))).actions[0]
        assertEquals("Open", "${action.title}")
        assertTrue(action.remoteInputs.isNullOrEmpty())
        assertTrue(shadowOf(action.actionIntent).isActivity)
    }

    @Test
    fun `a notification ends with its request, by the service's time`() {
        assertEquals(30_000, show(request()).timeoutAfter)
        notifications.show(emptyList(), clock())
        assertEquals(0, manager.activeNotifications.size)
        notifications.show(listOf(request()), clock(unixMs = 1_000_060_000))
        assertEquals(0, manager.activeNotifications.size)
    }

    @Test
    fun `two requests are two notifications, with an intent each`() {
        notifications.show(listOf(request(), request(id = "request-2")), clock())
        val requests = manager.activeNotifications.map { SignInNotifications.requestIn(shadowOf(it.notification.contentIntent).savedIntent) }
        assertEquals(setOf<String?>("request-1", "request-2"), requests.toSet())
    }

    @Test
    fun `requests that look alike are one notification, about the newest`() {
        notifications.show(listOf(request(), request(id = "request-2")), clock())
        notifications.showGroups(listOf(RequestGroup(request(id = "request-3"), listOf(request(id = "request-2"), request()))), clock())
        val shown = manager.activeNotifications.single().notification
        assertEquals("request-3", SignInNotifications.requestIn(shadowOf(shown.contentIntent).savedIntent))
        assertEquals("3 × ada to Ward portal", "${shown.extras.getCharSequence(Notification.EXTRA_TEXT)}")
    }

    @Test
    fun `an intent of another origin names no request`() {
        assertNull(SignInNotifications.requestIn(Intent(Intent.ACTION_MAIN)))
        assertNull(SignInNotifications.requestIn(Intent(Intent.ACTION_VIEW, android.net.Uri.parse("https://example.org/request-1"))))
        assertFalse(SignInNotifications.numberIn(Intent(Intent.ACTION_MAIN)) != null)
    }

    private fun show(request: ApprovalRequest): Notification {
        notifications.show(listOf(request), clock())
        return manager.activeNotifications.single().notification
    }

    private fun clock(unixMs: Long = 1_000_000_000) =
        ClockStatus(unixMs, TimeSource.SERVICE, wallAheadMs = 0, isCorrected = false, service = null, ageMs = null)

    private fun request(matching: Matching = Matching(digits = 6, scan = true), id: String = "request-1") = ApprovalRequest(
        id = id, account = "account", organisation = "Example", purpose = Purpose.SIGN_IN, application = "Ward portal", user = "ada",
        place = "Leeds", ip = null, client = null, matching = matching, issuedAt = 999_990, expiresAt = 1_000_030,
    )
}

class RequestActivity : Activity()
