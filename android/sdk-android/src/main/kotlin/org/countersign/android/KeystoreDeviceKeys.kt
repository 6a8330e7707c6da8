package org.countersign.android

import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.Build.VERSION
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import org.countersign.ffi.DeviceKeys
import org.countersign.ffi.KeyName
import org.countersign.ffi.KeyRole
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.Prompt
import org.countersign.ffi.UserCheck
import org.countersign.keyStoreCall
import org.countersign.toX963
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.PublicKey
import java.security.Signature
import java.security.spec.AlgorithmParameterSpec
import java.security.spec.ECGenParameterSpec
import java.security.spec.RSAKeyGenParameterSpec

/**
 * Device keys in the Android Keystore: P-256, and RSA of 2048 bits for servers that accept nothing else; in StrongBox if the phone
 * has it, and never outside the Keystore.
 *
 * An approval key signs once for each user check. The Keystore enforces that, not this code: the signature passed to
 * [check] can't be completed before the person has been checked. The key is lost permanently when a fingerprint or face
 * is added, or the screen lock removed; that is [PlatformKeyException.Invalidated], and the account must be enrolled again.
 *
 * @param check performs the user check.
 */
public class KeystoreDeviceKeys(private val check: ApprovalCheck) : DeviceKeys {

    override suspend fun make(key: KeyName): ByteArray = Keystore.call {
        val kind = kindOf(key.role)
        val generator = KeyPairGenerator.getInstance(kind.algorithm, Keystore.PROVIDER)
        val pair = Keystore.inBestHardware(specOf(key)) { spec ->
            generator.initialize(spec)
            generator.generateKeyPair()
        }
        kind.encode(pair.public)
    }

    override suspend fun sign(key: KeyName, message: ByteArray, prompt: Prompt?): ByteArray = keyStoreCall(Keystore::translate) {
        val prepared = Keystore.call { prepare(key) }
        val released = when (key.role) {
            KeyRole.DEVICE, KeyRole.PUSH -> prepared
            KeyRole.APPROVAL -> {
                val shown = prompt ?: throw PlatformKeyException.Unavailable()
                check.confirm(CryptoObject(prepared), shown).signature ?: throw PlatformKeyException.Unavailable()
            }
        }
        // Throws if the call was cancelled while the prompt was closing: then no signature is returned.
        Keystore.call {
            released.update(message)
            released.sign()
        }
    }

    override suspend fun delete(key: KeyName): Unit = Keystore.call { Keystore.delete(aliasOf(key)) }

    override fun userCheck(): UserCheck = check.kind

    override fun inHardware(): Boolean = try {
        val store = Keystore.load()
        val keys = store.aliases().asSequence().filter { it.startsWith(PREFIX) }.mapNotNull { store.getKey(it, null) as? PrivateKey }
        val areSecure = keys.map { isSecure(it) }.toList()
        areSecure.isNotEmpty() && areSecure.all { it }
    } catch (@Suppress("TooGenericExceptionCaught") failure: Exception) {
        throw Keystore.translate(failure)
    }

    override fun hasRsa(): Boolean = true

    private fun specOf(key: KeyName): KeyGenParameterSpec.Builder =
        KeyGenParameterSpec.Builder(aliasOf(key), KeyProperties.PURPOSE_SIGN)
            .setAlgorithmParameterSpec(kindOf(key.role).parameters)
            .setDigests(KeyProperties.DIGEST_SHA256)
            .apply {
                when (key.role) {
                    KeyRole.DEVICE -> Unit
                    KeyRole.APPROVAL -> releasedByPerson()
                    KeyRole.PUSH -> setSignaturePaddings(KeyProperties.SIGNATURE_PADDING_RSA_PKCS1)
                }
            }

    /** Zero seconds: one check releases one signature. */
    private fun KeyGenParameterSpec.Builder.releasedByPerson() {
        setUserAuthenticationRequired(true)
        // Before Android 11, a key without a validity period needs a strong biometric for every signature.
        if (VERSION.SDK_INT >= ANDROID_11) releasedOnceBy(check.keyAuthenticators)
        setInvalidatedByBiometricEnrollment(true)
        setUnlockedDeviceRequired(true)
    }

    private fun prepare(key: KeyName): Signature {
        val private = Keystore.load().getKey(aliasOf(key), null) as? PrivateKey ?: throw PlatformKeyException.NotFound()
        return Signature.getInstance(kindOf(key.role).signature).apply { initSign(private) }
    }

    private fun isSecure(key: PrivateKey): Boolean {
        val info = KeyFactory.getInstance(key.algorithm, Keystore.PROVIDER).getKeySpec(key, KeyInfo::class.java)
        if (VERSION.SDK_INT >= ANDROID_12) return info.isAtSecureLevel()
        @Suppress("DEPRECATION")
        return info.isInsideSecureHardware
    }

    /** A kind of key pair, and the forms that the contract of [DeviceKeys] gives it. */
    private class Kind(
        val algorithm: String,
        val parameters: AlgorithmParameterSpec,
        val signature: String,
        val encode: (PublicKey) -> ByteArray,
    )

    private companion object {
        val P256 = Kind(KeyProperties.KEY_ALGORITHM_EC, ECGenParameterSpec("secp256r1"), "SHA256withECDSA", PublicKey::toX963)
        val RSA = Kind(
            KeyProperties.KEY_ALGORITHM_RSA,
            RSAKeyGenParameterSpec(RSA_BITS, RSAKeyGenParameterSpec.F4),
            "SHA256withRSA",
            PublicKey::getEncoded,
        )

        fun kindOf(role: KeyRole): Kind = when (role) {
            KeyRole.DEVICE, KeyRole.APPROVAL -> P256
            KeyRole.PUSH -> RSA
        }

        /** The largest that every Keystore has. */
        const val RSA_BITS = 2048
        const val PREFIX = "countersign.device."

        fun aliasOf(key: KeyName): String = PREFIX + key.account + "." + key.role.name.lowercase()
    }
}
