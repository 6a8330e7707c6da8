package org.countersign.android

import android.content.Context
import org.countersign.ffi.WakeUp

/**
 * A way to wake the app while it isn't in front. Any channel may fail at any time. The app also fetches when it is opened, so
 * nothing depends on a wake-up.
 */
public interface WakeUpChannel {
    /** The address for enrolments; `null` until there is one. */
    public val address: WakeUp?

    /** Requests an address, which arrives later in [CountersignHost.onAddressChanged]. Returns whether it can be requested. */
    public fun register(): Boolean

    /** Unregisters the address. */
    public fun unregister()
}

/**
 * Firebase Cloud Messaging. The app brings the Firebase library and its project; its `FirebaseMessagingService` forwards
 * `onNewToken` and `onMessageReceived` to this channel.
 *
 * @param requestToken asks Firebase for the token and passes it to [onNewToken]; `false` without Play services.
 */
public class FcmChannel(private val context: Context, private val requestToken: (FcmChannel) -> Boolean) : WakeUpChannel {
    private val store = WakeUpStore(context, "fcm")

    override val address: WakeUp? get() = store.address?.let(WakeUp::Fcm)

    override fun register(): Boolean = requestToken(this)

    override fun unregister(): Unit = changeTo(null)

    /** Firebase gave this registration token. */
    public fun onNewToken(token: String): Unit = changeTo(token)

    /** Firebase delivered a message, whose content is ignored. Called on Firebase's thread; doesn't block. */
    public fun onMessage() {
        context.host()?.tell({ it.onWakeUp() })
    }

    private fun changeTo(token: String?) {
        if (store.address == token) return
        store.address = token
        context.host()?.tell({ it.onAddressChanged(address) })
    }
}

/** A channel's stored state: private to the app, and excluded from backups like all of its preferences. */
internal class WakeUpStore(context: Context, private val channel: String) {
    private val preferences = context.applicationContext.getSharedPreferences("countersign.wake-up", Context.MODE_PRIVATE)

    var address: String? by Text("address")
    var token: String? by Text("token")
    var distributor: String? by Text("distributor")

    private inner class Text(private val name: String) {
        operator fun getValue(store: WakeUpStore, property: Any?): String? = preferences.getString("$channel.$name", null)

        operator fun setValue(store: WakeUpStore, property: Any?, text: String?) {
            preferences.edit().putString("$channel.$name", text).apply()
        }
    }
}
