package org.countersign.android

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible
import org.countersign.ffi.PlatformKeyException
import org.countersign.keyStoreCall
import java.security.InvalidKeyException
import java.security.KeyStore
import java.security.KeyStoreException
import java.security.ProviderException
import java.security.UnrecoverableKeyException

/** Code shared by both key stores on the Android Keystore. */
internal object Keystore {
    const val PROVIDER = "AndroidKeyStore"

    /** The loaded store. A call may take a second on a slow security chip: never call it on the main thread. */
    fun load(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    /** Runs off the caller's thread, and throws only errors that the key stores' contract allows. */
    suspend fun <T> call(work: () -> T): T = keyStoreCall(::translate) { runInterruptible(Dispatchers.IO, work) }

    /** Lets [make] generate a key in StrongBox, the separate chip, or in the trusted environment if the phone has none. */
    fun <T> inBestHardware(spec: KeyGenParameterSpec.Builder, make: (KeyGenParameterSpec) -> T): T =
        try {
            make(spec.setIsStrongBoxBacked(true).build())
        } catch (_: StrongBoxUnavailableException) {
            make(spec.setIsStrongBoxBacked(false).build())
        }

    fun delete(alias: String) {
        load().deleteEntry(alias)
    }

    /** Maps a failure of the Keystore to an error. */
    fun translate(failure: Throwable): PlatformKeyException = when (failure) {
        is KeyPermanentlyInvalidatedException, is UnrecoverableKeyException -> PlatformKeyException.Invalidated()
        is UserNotAuthenticatedException -> PlatformKeyException.Locked()
        is ProviderException, is InvalidKeyException, is KeyStoreException ->
            failure.cause?.let(::translate) ?: PlatformKeyException.Unavailable()
        else -> PlatformKeyException.Unavailable()
    }
}
