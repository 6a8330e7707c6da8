package org.countersign.support

import org.countersign.ffi.DeviceKeys
import org.countersign.ffi.Id
import org.countersign.ffi.KeyName
import org.countersign.ffi.KeyRole
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.Prompt
import org.countersign.ffi.UserCheck
import org.countersign.ffi.VaultKeyStore
import org.countersign.keyStoreCall
import org.countersign.toX963
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.util.concurrent.ConcurrentHashMap
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/** Device keys that the JDK's own provider makes and uses: none of their code is this project's. */
class JdkDeviceKeys : DeviceKeys {
    val pairs = ConcurrentHashMap<KeyName, KeyPair>()
    val prompts = mutableListOf<Prompt>()

    /** What the person or the platform does when an approval key is asked for. */
    var onApproval: suspend () -> Unit = {}

    override suspend fun make(key: KeyName): ByteArray = keyStoreCall {
        val generator = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }
        val pair = generator.generateKeyPair()
        pairs[key] = pair
        pair.public.toX963()
    }

    override suspend fun sign(key: KeyName, message: ByteArray, prompt: Prompt?): ByteArray = keyStoreCall {
        if (key.role == KeyRole.APPROVAL) {
            prompts += requireNotNull(prompt) { "an approval key comes with a prompt" }
            onApproval()
        }
        val pair = pairs[key] ?: throw PlatformKeyException.NotFound()
        Signature.getInstance("SHA256withECDSA").run {
            initSign(pair.private)
            update(message)
            sign()
        }
    }

    override suspend fun delete(key: KeyName) {
        pairs.remove(key)
    }

    override fun userCheck(): UserCheck = UserCheck.BIOMETRIC

    override fun inHardware(): Boolean = false

    override fun hasRsa(): Boolean = false
}

/** A vault key store over the JDK's AES-GCM. */
class JdkVaultKeyStore : VaultKeyStore {
    val keys = ConcurrentHashMap<Id, SecretKey>()

    /** What the platform does before it opens anything: asks the person, or fails. */
    var onUnwrap: suspend () -> Unit = {}

    override suspend fun wrap(slot: Id, key: ByteArray): ByteArray = keyStoreCall {
        val wrapping = keys.getOrPut(slot) { KeyGenerator.getInstance("AES").apply { init(256) }.generateKey() }
        val cipher = Cipher.getInstance("AES/GCM/NoPadding").apply { init(Cipher.ENCRYPT_MODE, wrapping) }
        cipher.iv + cipher.doFinal(key).also { key.fill(0) }
    }

    override suspend fun unwrap(slot: Id, wrapped: ByteArray): ByteArray = keyStoreCall {
        onUnwrap()
        val wrapping = keys[slot] ?: throw PlatformKeyException.NotFound()
        val cipher = Cipher.getInstance("AES/GCM/NoPadding")
        cipher.init(Cipher.DECRYPT_MODE, wrapping, GCMParameterSpec(128, wrapped, 0, 12))
        cipher.doFinal(wrapped, 12, wrapped.size - 12)
    }

    override suspend fun forget(slot: Id) {
        keys.remove(slot)
    }
}
