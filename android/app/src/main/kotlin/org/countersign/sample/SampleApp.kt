package org.countersign.sample

import android.app.Application
import android.graphics.drawable.Icon
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.countersign.Authenticator
import org.countersign.VaultState
import org.countersign.android.AndroidClock
import org.countersign.android.BiometricCheck
import org.countersign.android.CountersignHost
import org.countersign.android.KeystoreDeviceKeys
import org.countersign.android.SignInNotifications
import org.countersign.android.UnifiedPushChannel
import org.countersign.android.vaultFile
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.Id
import org.countersign.ffi.RequestGroup
import org.countersign.ffi.TurnDown
import org.countersign.ffi.Vault
import org.countersign.ffi.WakeUp
import org.countersign.ids

/** Holds the process's only authenticator, and is called by the library's receivers. */
class SampleApp : Application(), CountersignHost {
    val vaultFile by lazy { vaultFile(this) }
    val wakeUps by lazy { UnifiedPushChannel(this) }

    private val background = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val opening = Mutex()
    private var authenticator: Authenticator? = null

    /** The authenticator, if the vault opens without asking the person. */
    suspend fun authenticator(): Authenticator? = opening.withLock {
        authenticator ?: (vaultFile.open() as? VaultState.Unlocked)?.let { use(it.vault) }
    }

    /** The authenticator on a vault that was just made or unlocked. */
    suspend fun authenticatorOn(vault: Vault): Authenticator = opening.withLock { authenticator ?: use(vault) }

    private suspend fun use(vault: Vault): Authenticator {
        val keys = KeystoreDeviceKeys(BiometricCheck(this, cancelText = getString(R.string.cancel)))
        return Authenticator.open(vault, keys, AndroidClock(this)).also {
            authenticator = it
            // An address that arrived while the vault couldn't be opened. It isn't sent to services that know it.
            background.launch { tell(it, wakeUps.address) }
        }
    }

    private suspend fun tell(authenticator: Authenticator, address: WakeUp?) {
        try {
            authenticator.setWakeUp(address)
        } catch (_: AuthenticatorException) {
            // The vault was locked in the meantime, or can't be written: the channel remembers the address for the next opening.
        }
    }

    override suspend fun onWakeUp() {
        val authenticator = authenticator() ?: return
        authenticator.checkSignIns()
        notifications().showGroups(authenticator.requestGroups(), authenticator.clockStatus())
    }

    override suspend fun onAddressChanged(address: WakeUp?) {
        authenticator()?.let { tell(it, address) }
    }

    override suspend fun onDeny(request: Id) {
        authenticator()?.let {
            val alike = it.requestGroups().map(RequestGroup::ids).find { ids -> request in ids } ?: listOf(request)
            it.turnDown(alike, TurnDown.DENY)
            notifications().showGroups(it.requestGroups(), it.clockStatus())
        }
    }

    private fun notifications() = SignInNotifications(
        this,
        MainActivity::class.java,
        Icon.createWithResource(this, android.R.drawable.ic_lock_lock),
        SignInNotifications.Texts(
            channel = getString(R.string.channel),
            title = getString(R.string.notification_title),
            enterNumber = getString(R.string.enter_number),
            open = getString(R.string.open),
            deny = getString(R.string.deny),
            describe = { it.inWords(resources) },
        ),
    )
}
