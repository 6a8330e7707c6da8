package org.countersign.android

import android.content.BroadcastReceiver
import android.content.Context
import android.util.Log
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import org.countersign.ffi.Id
import org.countersign.ffi.WakeUp
import kotlin.time.Duration.Companion.seconds

/**
 * Implemented by the app's `Application`, so that receivers, which Android creates, can find it. Its methods are called off
 * the main thread, and have nine seconds. Their exceptions are logged, without the text, and have no other effect.
 */
public interface CountersignHost {
    /**
     * A service may have something new: open the vault and ask
     * ([org.countersign.Authenticator.checkSignIns]), then show it ([SignInNotifications.show]). Anybody can cause this, so it is
     * only a hint.
     */
    public suspend fun onWakeUp()

    /** The address by which services wake this phone has changed; `null` if there no longer is one. */
    public suspend fun onAddressChanged(address: WakeUp?)

    /** The person denied this request from its notification. Denying needs no user check: at worst the person has to sign in again. */
    public suspend fun onDeny(request: Id)
}

/** Does [work] with the app's host after the receiver has returned; Android keeps the process until then. */
internal fun BroadcastReceiver.withHost(context: Context, work: suspend (CountersignHost) -> Unit) {
    val host = context.host() ?: return
    val pending: BroadcastReceiver.PendingResult? = goAsync()
    host.tell(work) { pending?.finish() }
}

/** The app, if it implements [CountersignHost]. */
internal fun Context.host(): CountersignHost? = applicationContext as? CountersignHost

/**
 * Does [work] with the app's host, off the caller's thread, then [finally]. A failure of the host ends neither the app nor later
 * work: only its kind and place are logged, since its text may contain anything.
 */
internal fun CountersignHost.tell(work: suspend (CountersignHost) -> Unit, finally: () -> Unit = {}) {
    background.launch {
        try {
            withTimeoutOrNull(LIMIT) { work(this@tell) }
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (@Suppress("TooGenericExceptionCaught") failure: Exception) {
            Log.e(TAG, "the app's host failed: ${failure.javaClass.name} at ${failure.stackTrace.firstOrNull()}")
        } finally {
            finally()
        }
    }
}

private val background = CoroutineScope(SupervisorJob() + Dispatchers.Default)

/** Android ends a receiver's process after ten. */
private val LIMIT = 9.seconds

internal const val TAG: String = "Countersign"
