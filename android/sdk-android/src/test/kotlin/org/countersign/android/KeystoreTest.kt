package org.countersign.android

import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.Build
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import org.countersign.ffi.KeyName
import org.countersign.ffi.KeyRole
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.Prompt
import org.countersign.ffi.UserCheck
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.ProviderException
import java.security.Signature
import java.security.UnrecoverableKeyException
import java.security.interfaces.RSAPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPoint
import java.security.spec.ECPublicKeySpec
import java.security.spec.X509EncodedKeySpec
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** What the Keystore is asked for, and what its failures become; the Keystore itself is a stand-in. */
@RunWith(RobolectricTestRunner::class)
class KeystoreTest {
    private val check = RecordedCheck()
    private val keys = KeystoreDeviceKeys(check)
    private val device = KeyName("account", KeyRole.DEVICE)
    private val approval = KeyName("account", KeyRole.APPROVAL)
    private val prompt = Prompt("Ward portal", "Example ada")

    @Before
    fun installKeystore() = FakeKeystore.install()

    @Test
    fun `an approval key is released by a check of the person for one signature, and lost with a new fingerprint`() = runBlocking {
        keys.make(approval)
        val spec = FakeKeystore.specs.getValue("countersign.device.account.approval")
        assertTrue(spec.isUserAuthenticationRequired)
        if (Build.VERSION.SDK_INT >= ANDROID_11) {
            assertEquals(0, spec.userAuthenticationValidityDurationSeconds)
            assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, spec.userAuthenticationType)
        } else {
            // For every signature, by a biometric: the only other choice of these versions is a period of time.
            assertEquals(-1, spec.userAuthenticationValidityDurationSeconds)
        }
        assertTrue(spec.isInvalidatedByBiometricEnrollment)
        assertTrue(spec.isUnlockedDeviceRequired)
        assertEquals(KeyProperties.PURPOSE_SIGN, spec.purposes)
        assertEquals("secp256r1", (spec.algorithmParameterSpec as ECGenParameterSpec).name)
        assertContentEquals(arrayOf(KeyProperties.DIGEST_SHA256), spec.digests)
    }

    @Test
    fun `a device key asks nobody`() = runBlocking {
        keys.make(device)
        assertFalse(FakeKeystore.specs.getValue("countersign.device.account.device").isUserAuthenticationRequired)
        keys.sign(device, "message".toByteArray(), null)
        assertTrue(check.prompts.isEmpty())
    }

    @Test
    fun `keys are in StrongBox, and in the trusted environment of phones without one`() = runBlocking {
        keys.make(device)
        assertTrue(FakeKeystore.specs.getValue("countersign.device.account.device").isStrongBoxBacked)
        FakeKeystore.hasStrongBox = false
        keys.make(device)
        assertFalse(FakeKeystore.specs.getValue("countersign.device.account.device").isStrongBoxBacked)
    }

    @Test
    fun `a signature is of the message, by the key whose point was given out, after the person was asked`() = runBlocking {
        val point = keys.make(approval)
        val message = "what was shown".toByteArray()
        val signature = keys.sign(approval, message, prompt)
        val verifier = Signature.getInstance("SHA256withECDSA").apply { initVerify(publicKeyOf(point)) }
        verifier.update(message)
        assertTrue(verifier.verify(signature))
        assertEquals(listOf(prompt), check.prompts)
    }

    @Test
    fun `a push key is RSA in the forms that the contract says, and asks nobody`() = runBlocking {
        val push = KeyName("token", KeyRole.PUSH)
        assertTrue(keys.hasRsa())
        val public = KeyFactory.getInstance("RSA").generatePublic(X509EncodedKeySpec(keys.make(push))) as RSAPublicKey
        assertEquals(2048, public.modulus.bitLength())
        val spec = FakeKeystore.specs.getValue("countersign.device.token.push")
        assertFalse(spec.isUserAuthenticationRequired)
        assertContentEquals(arrayOf(KeyProperties.SIGNATURE_PADDING_RSA_PKCS1), spec.signaturePaddings)
        val message = "what was shown".toByteArray()
        val verifier = Signature.getInstance("SHA256withRSA").apply { initVerify(public) }
        verifier.update(message)
        assertTrue(verifier.verify(keys.sign(push, message, null)))
        assertTrue(check.prompts.isEmpty())
    }

    @Test
    fun `without the check there is no signature`() = runBlocking<Unit> {
        keys.make(approval)
        check.onConfirm = { throw PlatformKeyException.Cancelled() }
        assertFailsWith<PlatformKeyException.Cancelled> { keys.sign(approval, ByteArray(1), prompt) }
        check.onConfirm = { throw PlatformKeyException.Locked() }
        assertFailsWith<PlatformKeyException.Locked> { keys.sign(approval, ByteArray(1), prompt) }
        assertFailsWith<PlatformKeyException.Unavailable> { keys.sign(approval, ByteArray(1), null) }
    }

    @Test
    fun `a call that was cancelled while the prompt closed gives no signature out`() = runBlocking<Unit> {
        keys.make(approval)
        val asked = CompletableDeferred<Unit>()
        val release = CompletableDeferred<Unit>()
        check.onConfirm = { crypto ->
            asked.complete(Unit)
            kotlinx.coroutines.withContext(kotlinx.coroutines.NonCancellable) { release.await() }
            crypto
        }
        val signing = async(Dispatchers.Default) { keys.sign(approval, ByteArray(1), prompt) }
        asked.await()
        signing.cancel()
        release.complete(Unit)
        assertFailsWith<CancellationException> { signing.await() }
    }

    @Test
    fun `a key that isn't there, and one that will never work again, are distinguished from a failure`() = runBlocking<Unit> {
        assertFailsWith<PlatformKeyException.NotFound> { keys.sign(device, ByteArray(1), null) }
        keys.make(device)
        val kinds = mapOf(
            KeyPermanentlyInvalidatedException() to PlatformKeyException.Invalidated::class,
            UnrecoverableKeyException() to PlatformKeyException.Invalidated::class,
            ProviderException(KeyPermanentlyInvalidatedException()) to PlatformKeyException.Invalidated::class,
            ProviderException() to PlatformKeyException.Unavailable::class,
            IllegalStateException() to PlatformKeyException.Unavailable::class,
        )
        for ((failure, kind) in kinds) {
            assertEquals(kind, Keystore.translate(failure)::class, "$failure")
        }
        FakeKeystore.failure = UnrecoverableKeyException()
        assertFailsWith<PlatformKeyException.Invalidated> { keys.sign(device, ByteArray(1), null) }
    }

    @Test
    fun `a deleted key is gone, and deleting it again is fine`() = runBlocking<Unit> {
        keys.make(device)
        keys.delete(device)
        keys.delete(device)
        assertFailsWith<PlatformKeyException.NotFound> { keys.sign(device, ByteArray(1), null) }
    }

    @Test
    fun `a vault key comes back as it was, under a key of its own slot that needs an unlocked phone`() = runBlocking<Unit> {
        val store = KeystoreVaultKeys()
        val key = ByteArray(32) { it.toByte() }
        val wrapped = store.wrap("slot", key.copyOf())
        assertContentEquals(key, store.unwrap("slot", wrapped))
        val spec = FakeKeystore.specs.getValue("countersign.vault.slot")
        assertEquals(256, spec.keySize)
        assertTrue(spec.isUnlockedDeviceRequired)
        assertTrue(spec.isRandomizedEncryptionRequired)

        assertFailsWith<PlatformKeyException.NotFound> { store.unwrap("another slot", wrapped) }
        for (at in listOf(0, 12, wrapped.lastIndex)) {
            val altered = wrapped.copyOf().also { it[at] = (it[at].toInt() xor 1).toByte() }
            assertFailsWith<PlatformKeyException.NotFound> { store.unwrap("slot", altered) }
        }
        assertFailsWith<PlatformKeyException.NotFound> { store.unwrap("slot", wrapped.copyOf(5)) }
        store.forget("slot")
        store.forget("slot")
        assertFailsWith<PlatformKeyException.NotFound> { store.unwrap("slot", wrapped) }
    }

    @Test
    fun `the slot's key is overwritten after it was wrapped`() = runBlocking {
        val key = ByteArray(32) { 1 }
        KeystoreVaultKeys().wrap("slot", key)
        assertContentEquals(ByteArray(32), key)
    }

    private fun publicKeyOf(point: ByteArray) = KeyFactory.getInstance("EC").generatePublic(
        ECPublicKeySpec(
            ECPoint(java.math.BigInteger(1, point.copyOfRange(1, 33)), java.math.BigInteger(1, point.copyOfRange(33, 65))),
            AlgorithmParameters.getInstance("EC").apply { init(ECGenParameterSpec("secp256r1")) }
                .getParameterSpec(ECParameterSpec::class.java),
        ),
    )
}

private class RecordedCheck : ApprovalCheck {
    val prompts = mutableListOf<Prompt>()
    var onConfirm: suspend (CryptoObject) -> CryptoObject = { it }

    override val kind = UserCheck.BIOMETRIC
    override val keyAuthenticators = KeyProperties.AUTH_BIOMETRIC_STRONG

    override suspend fun confirm(crypto: CryptoObject, prompt: Prompt): CryptoObject {
        prompts += prompt
        return onConfirm(crypto)
    }
}
