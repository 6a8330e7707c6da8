package org.countersign.android

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import org.countersign.ffi.Id
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.VaultKeyStore
import java.security.GeneralSecurityException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * The vault's key slot in the Android Keystore: AES-256-GCM, in StrongBox where the phone has it, usable while the phone is
 * unlocked. It needs no user check; each approval does.
 */
public class KeystoreVaultKeys : VaultKeyStore {

    override suspend fun wrap(slot: Id, key: ByteArray): ByteArray = Keystore.call {
        try {
            val cipher = Cipher.getInstance(TRANSFORMATION).apply { init(Cipher.ENCRYPT_MODE, find(slot) ?: make(slot)) }
            val sealed = cipher.doFinal(key)
            check(cipher.iv.size == NONCE_BYTES) { "the Keystore's nonce has another length" }
            cipher.iv + sealed
        } finally {
            key.fill(0)
        }
    }

    override suspend fun unwrap(slot: Id, wrapped: ByteArray): ByteArray = Keystore.call {
        val key = find(slot) ?: throw PlatformKeyException.NotFound()
        if (wrapped.size <= NONCE_BYTES) throw PlatformKeyException.NotFound()
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, wrapped, 0, NONCE_BYTES))
        try {
            cipher.doFinal(wrapped, NONCE_BYTES, wrapped.size - NONCE_BYTES)
        } catch (_: AEADBadTagException) {
            // Altered, or from another key: it isn't this slot's.
            throw PlatformKeyException.NotFound()
        } catch (failure: GeneralSecurityException) {
            throw Keystore.translate(failure)
        }
    }

    override suspend fun forget(slot: Id): Unit = Keystore.call { Keystore.delete(aliasOf(slot)) }

    private fun find(slot: Id): SecretKey? = Keystore.load().getKey(aliasOf(slot), null) as? SecretKey

    private fun make(slot: Id): SecretKey {
        val spec = KeyGenParameterSpec.Builder(aliasOf(slot), KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setKeySize(KEY_BITS)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setUnlockedDeviceRequired(true)
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, Keystore.PROVIDER)
        return Keystore.inBestHardware(spec) {
            generator.init(it)
            generator.generateKey()
        }
    }

    private companion object {
        const val TRANSFORMATION = "AES/GCM/NoPadding"
        const val KEY_BITS = 256
        const val TAG_BITS = 128
        const val NONCE_BYTES = 12

        fun aliasOf(slot: Id): String = "countersign.vault.$slot"
    }
}
