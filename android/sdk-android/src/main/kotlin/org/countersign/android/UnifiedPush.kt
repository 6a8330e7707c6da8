package org.countersign.android

import android.app.PendingIntent
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import org.countersign.ffi.WakeUp
import java.security.MessageDigest
import java.util.UUID

/**
 * UnifiedPush: another app on the phone, the distributor chosen by the person, keeps the single connection.
 *
 * Implements the specification (https://unifiedpush.org/developers/spec/android/) directly, without a library.
 */
public class UnifiedPushChannel(private val context: Context) : WakeUpChannel {
    private val store = WakeUpStore(context, CHANNEL)

    override val address: WakeUp? get() = store.address?.let(WakeUp::UnifiedPush)

    /** The distributors on this phone, by package name. */
    public fun distributors(): List<String> =
        context.packageManager.queryBroadcastReceivers(Intent(REGISTER), 0).map { it.activityInfo.packageName }.distinct()

    /** Registers with the distributor that was chosen before, or with the only one. */
    override fun register(): Boolean {
        val all = distributors()
        val distributor = store.distributor?.takeIf { it in all } ?: all.singleOrNull() ?: return false
        registerWith(distributor)
        return true
    }

    /** Registers with this distributor, which the person has chosen among several. */
    public fun registerWith(distributor: String) {
        if (store.distributor != distributor) unregister()
        val token = store.token ?: UUID.randomUUID().toString()
        store.distributor = distributor
        store.token = token
        val dummy = Intent(IDENTITY).setPackage(IDENTITY)
        context.sendBroadcast(
            Intent(REGISTER).setPackage(distributor)
                .putExtra(TOKEN, token)
                .putExtra("application", context.packageName)
                // Proves to the distributor which app is asking: nobody else can create it.
                .putExtra("pi", PendingIntent.getBroadcast(context, 0, dummy, PendingIntent.FLAG_IMMUTABLE)),
        )
    }

    override fun unregister() {
        val (distributor, token) = (store.distributor ?: return) to (store.token ?: return)
        context.sendBroadcast(Intent(UNREGISTER).setPackage(distributor).putExtra(TOKEN, token))
        store.forget()
    }

    internal companion object {
        const val CHANNEL = "unified-push"
        const val TOKEN = "token"
        const val REGISTER = "org.unifiedpush.android.distributor.REGISTER"
        const val UNREGISTER = "org.unifiedpush.android.distributor.UNREGISTER"
        const val MESSAGE_ACK = "org.unifiedpush.android.distributor.MESSAGE_ACK"
        const val IDENTITY = "org.unifiedpush.dummy_app"
    }
}

/** Receives the distributor's messages. Any app can send them: those without the token are ignored. */
public class UnifiedPushReceiver : BroadcastReceiver() {

    override fun onReceive(context: Context, intent: Intent) {
        val store = WakeUpStore(context, UnifiedPushChannel.CHANNEL)
        if (!store.knows(intent.getStringExtra(UnifiedPushChannel.TOKEN))) return
        when (intent.action) {
            "$CONNECTOR.NEW_ENDPOINT" -> {
                val endpoint = intent.getStringExtra("endpoint")?.takeIf { it.startsWith("https://") && it.length <= MAX_ADDRESS } ?: return
                if (endpoint == store.address) return
                store.address = endpoint
                withHost(context) { it.onAddressChanged(WakeUp.UnifiedPush(endpoint)) }
            }
            "$CONNECTOR.UNREGISTERED", "$CONNECTOR.REGISTRATION_FAILED" -> {
                store.forget()
                withHost(context) { it.onAddressChanged(null) }
            }
            "$CONNECTOR.MESSAGE" -> {
                acknowledge(context, store, intent.getStringExtra("id"))
                withHost(context) { it.onWakeUp() }
            }
        }
    }

    private fun acknowledge(context: Context, store: WakeUpStore, message: String?) {
        val (distributor, token) = (store.distributor ?: return) to (store.token ?: return)
        val acknowledgement = Intent(UnifiedPushChannel.MESSAGE_ACK).setPackage(distributor)
        context.sendBroadcast(acknowledgement.putExtra(UnifiedPushChannel.TOKEN, token).putExtra("id", message ?: return))
    }

    private companion object {
        const val CONNECTOR = "org.unifiedpush.android.connector"
        const val MAX_ADDRESS = 1000
    }
}

private fun WakeUpStore.knows(token: String?): Boolean {
    val own = this.token ?: return false
    return token != null && MessageDigest.isEqual(own.toByteArray(), token.toByteArray())
}

private fun WakeUpStore.forget() {
    address = null
    token = null
    distributor = null
}
