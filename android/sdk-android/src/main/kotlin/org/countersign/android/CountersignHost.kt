package org.countersign.android

import android.content.BroadcastReceiver
import android.content.Context
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import org.countersign.ffi.Id
import org.countersign.ffi.WakeUp
import kotlin.time.Duration.Companion.seconds

/**
 * What the app's `Application` implements, so that receivers, which Android makes by itself, find it. Its methods are called off
 * the main thread, and have nine seconds.
 */
public interface CountersignHost {
    /**
     * Some service may have something new: open the vault and ask
     * ([org.countersign.Authenticator.checkSignIns]), then show it ([SignInNotifications.show]). Anybody can cause this, so it is a
     * hint and no more.
     */
    public suspend fun onWakeUp()

    /** The address by which services wake this phone is another one; `null` when there is none any more. */
    public suspend fun onAddressChanged(address: WakeUp?)

    /** The person denied this request from its notification. Denying needs no check: at worst somebody signs in again. */
    public suspend fun onDeny(request: Id)
}

/** Does [work] with the app's host after the receiver has returned; Android keeps the process until then. */
internal fun BroadcastReceiver.withHost(context: Context, work: suspend (CountersignHost) -> Unit) {
    val host = context.applicationContext as? CountersignHost ?: return
    val pending: BroadcastReceiver.PendingResult? = goAsync()
    background.launch {
        try {
            withTimeoutOrNull(LIMIT) { work(host) }
        } finally {
            pending?.finish()
        }
    }
}

internal val background = CoroutineScope(SupervisorJob() + Dispatchers.Default)

/** Android ends a receiver's process after ten. */
private val LIMIT = 9.seconds
