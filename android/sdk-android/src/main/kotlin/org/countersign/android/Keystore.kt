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

/** What both key stores do alike with the Android Keystore. */
internal object Keystore {
    const val PROVIDER = "AndroidKeyStore"

    /** The store, loaded. A call of it may take a second on a slow security chip: never make it on the main thread. */
    fun load(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    /** Off the caller's thread, with errors that the contract of the key stores allows. */
    suspend fun <T> call(work: () -> T): T = keyStoreCall(::translate) { runInterruptible(Dispatchers.IO, work) }

    /** Has [make] make a key in StrongBox, the chip of its own, and where the phone has none, in its trusted environment. */
    fun <T> inBestHardware(spec: KeyGenParameterSpec.Builder, make: (KeyGenParameterSpec) -> T): T =
        try {
            make(spec.setIsStrongBoxBacked(true).build())
        } catch (_: StrongBoxUnavailableException) {
            make(spec.setIsStrongBoxBacked(false).build())
        }

    fun delete(alias: String) {
        load().deleteEntry(alias)
    }

    /** What a failure of the Keystore means to the person. */
    fun translate(failure: Throwable): PlatformKeyException = when (failure) {
        is KeyPermanentlyInvalidatedException, is UnrecoverableKeyException -> PlatformKeyException.Invalidated()
        is UserNotAuthenticatedException -> PlatformKeyException.Locked()
        is ProviderException, is InvalidKeyException, is KeyStoreException ->
            failure.cause?.let(::translate) ?: PlatformKeyException.Unavailable()
        else -> PlatformKeyException.Unavailable()
    }
}
