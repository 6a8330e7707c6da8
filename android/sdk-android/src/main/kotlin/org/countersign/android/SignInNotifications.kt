package org.countersign.android

import android.app.Activity
import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.RemoteInput
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.graphics.drawable.Icon
import android.net.Uri
import android.os.Build.VERSION
import org.countersign.all
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.ClockStatus
import org.countersign.ffi.Id
import org.countersign.ffi.RequestGroup

/**
 * Notifications of open sign-ins, into which the number can be typed.
 *
 * The number goes to the app's activity, which answers with it ([numberIn]): the platform's prompt then releases the
 * approval key, as always. No notification can approve without it. On a locked phone the notification shows only that there
 * is a sign-in, and Android requires unlocking before it accepts a number.
 *
 * @param activity shows a request; it receives [requestIn] and [numberIn].
 * @param icon small icon of the notifications.
 */
public class SignInNotifications(
    private val context: Context,
    private val activity: Class<out Activity>,
    private val icon: Icon,
    private val texts: Texts,
) {
    private val manager = context.getSystemService(NotificationManager::class.java)

    /**
     * Texts of notifications, in the person's language.
     *
     * @property channel name of the channel in Android's settings.
     * @property title such as "Sign-in request": the only text on a locked phone.
     * @property enterNumber label of the action that takes the number.
     * @property open label of the action that opens the app, for requests whose page is scanned.
     * @property deny label of the action that denies.
     * @property describeGroup as [describe], for a number of requests that look alike; without it, "3 × " and the description of
     * the newest.
     * @property describe who signs in to what, from where.
     */
    public class Texts(
        public val channel: String,
        public val title: String,
        public val enterNumber: String,
        public val open: String,
        public val deny: String,
        public val describeGroup: ((RequestGroup) -> String)? = null,
        public val describe: (ApprovalRequest) -> String,
    )

    /** Shows these requests, and removes those that are no longer open. Needs the permission to post notifications. */
    public fun show(open: List<ApprovalRequest>, clock: ClockStatus): Unit =
        showGroups(open.map { RequestGroup(it, emptyList()) }, clock)

    /**
     * As [show], with one notification for requests that look alike, describing the newest. Pass it
     * [org.countersign.Authenticator.requestGroups]; deny the whole group when its notification is denied.
     */
    public fun showGroups(groups: List<RequestGroup>, clock: ClockStatus) {
        val channel = NotificationChannel(CHANNEL, texts.channel, NotificationManager.IMPORTANCE_HIGH)
        manager.createNotificationChannel(channel.apply { lockscreenVisibility = Notification.VISIBILITY_PRIVATE })
        val names = groups.mapTo(mutableSetOf()) { it.newest.id }
        manager.activeNotifications.filter { it.id == NUMBER && it.tag !in names }.forEach { manager.cancel(it.tag, NUMBER) }
        for (group in groups) {
            val left = group.newest.expiresAt * MS_PER_SECOND - clock.unixMs
            if (left > 0) manager.notify(group.newest.id, NUMBER, notificationOf(group, left))
        }
    }

    private fun notificationOf(group: RequestGroup, timeLeft: Long): Notification {
        val request = group.newest
        val text = when {
            group.older.isEmpty() -> texts.describe(request)
            else -> texts.describeGroup?.invoke(group) ?: "${group.all.size} × ${texts.describe(request)}"
        }
        return builder()
            .setContentText(text)
            .setStyle(Notification.BigTextStyle().bigText(text))
            .setPublicVersion(builder().build())
            .setContentIntent(activityIntent(request.id, PendingIntent.FLAG_IMMUTABLE))
            .setTimeoutAfter(timeLeft)
            .addAction(if (request.matching.digits != null) numberAction(request.id) else openAction(request.id))
            .addAction(denyAction(request.id))
            .build()
    }

    private fun builder() = Notification.Builder(context, CHANNEL)
        .setSmallIcon(icon)
        .setContentTitle(texts.title)
        .setCategory(Notification.CATEGORY_CALL)
        .setVisibility(Notification.VISIBILITY_PRIVATE)
        .setOnlyAlertOnce(true)

    private fun numberAction(request: Id): Notification.Action =
        // Mutable, since Android adds the number; its target is fixed.
        Notification.Action.Builder(null, texts.enterNumber, activityIntent(request, MUTABLE))
            .addRemoteInput(RemoteInput.Builder(NUMBER_KEY).setLabel(texts.enterNumber).build())
            .setAllowGeneratedReplies(false)
            .onlyUnlocked()
            .build()

    private fun openAction(request: Id): Notification.Action =
        Notification.Action.Builder(null, texts.open, activityIntent(request, PendingIntent.FLAG_IMMUTABLE))
            .onlyUnlocked()
            .build()

    /** Before Android 12, an action that opens an activity has to pass the lock screen, so it needs no flag. */
    private fun Notification.Action.Builder.onlyUnlocked() = if (VERSION.SDK_INT >= ANDROID_12) requireAuthentication() else this

    private fun denyAction(request: Id): Notification.Action {
        val intent = Intent(context, DecisionReceiver::class.java).setData(uriOf(request))
        val pending = PendingIntent.getBroadcast(context, 0, intent, PendingIntent.FLAG_IMMUTABLE)
        return Notification.Action.Builder(null, texts.deny, pending).build()
    }

    private fun activityIntent(request: Id, mutability: Int): PendingIntent {
        // The data distinguishes intents of two requests, and the action those with a number from those without.
        val action = if (mutability == MUTABLE) ACTION_NUMBER else Intent.ACTION_VIEW
        val intent = Intent(action).setClass(context, activity).setData(uriOf(request)).addFlags(Intent.FLAG_ACTIVITY_SINGLE_TOP)
        return PendingIntent.getActivity(context, 0, intent, mutability or PendingIntent.FLAG_UPDATE_CURRENT)
    }

    /** Reading the intents that notifications send. */
    public companion object {
        /** The request that this intent of a notification is about. */
        public fun requestIn(intent: Intent): Id? = intent.data?.takeIf { it.scheme == SCHEME }?.schemeSpecificPart

        /** The number that the person typed into the notification. Pass it to [org.countersign.Authenticator.answer]. */
        public fun numberIn(intent: Intent): String? = RemoteInput.getResultsFromIntent(intent)?.getCharSequence(NUMBER_KEY)?.toString()

        internal const val NUMBER_KEY = "number"
        private const val ACTION_NUMBER = "org.countersign.android.NUMBER"
        private const val CHANNEL = "countersign.sign-ins"
        private const val SCHEME = "countersign-request"
        private const val NUMBER = 1

        /** Before Android 12, every intent is mutable unless marked otherwise. */
        private val MUTABLE = if (VERSION.SDK_INT >= ANDROID_12) FLAG_MUTABLE else 0
        private const val MS_PER_SECOND = 1000L

        private fun uriOf(request: Id): Uri = Uri.fromParts(SCHEME, request, null)
    }
}

/** Receives the decision to deny from a notification. Not exported: only this app's notifications reach it. */
public class DecisionReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        val request = SignInNotifications.requestIn(intent) ?: return
        withHost(context) { it.onDeny(request) }
    }
}
