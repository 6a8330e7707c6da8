package org.countersign.android

import android.content.Context
import org.countersign.ffi.WakeUp

/**
 * A way to be told to fetch while the app isn't in front. Any of them may fail at any time; the app asks by itself when it is
 * opened, so a wake-up saves the person that, and nothing depends on it.
 */
public interface WakeUpChannel {
    /** The address to give at enrolment; `null` until there is one. */
    public val address: WakeUp?

    /** Asks for an address. It comes later: [CountersignHost.onAddressChanged]. Gives whether there is anybody to ask. */
    public fun register(): Boolean

    /** Gives the address up. */
    public fun unregister()
}

/**
 * Firebase Cloud Messaging. The app brings the Firebase library and its project; its `FirebaseMessagingService` passes
 * `onNewToken` and `onMessageReceived` on to here.
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

    /** Firebase delivered a message. What is in it is ignored. Called on a thread of Firebase's, and waits for none. */
    public fun onMessage() {
        context.host()?.tell({ it.onWakeUp() })
    }

    private fun changeTo(token: String?) {
        if (store.address == token) return
        store.address = token
        context.host()?.tell({ it.onAddressChanged(address) })
    }
}

/** What a channel remembers: private to the app, and left out of backups with all of its preferences. */
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
