package org.countersign.android

import android.content.Context
import android.hardware.biometrics.BiometricPrompt
import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.Build.VERSION
import android.os.CancellationSignal
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.Prompt
import org.countersign.ffi.UserCheck
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException

/** How a phone checks the person before it releases an approval key. */
public interface ApprovalCheck {
    /** The kind of check, as reported to the service. */
    public val kind: UserCheck

    /**
     * The authenticators that the key requires: `KeyProperties.AUTH_BIOMETRIC_STRONG`, `KeyProperties.AUTH_DEVICE_CREDENTIAL` or both. Before
     * Android 11 only a strong biometric can release a key for one signature, whatever this says.
     */
    public val keyAuthenticators: Int

    /**
     * Checks the person and returns the released object. Cancelling the coroutine dismisses the prompt.
     *
     * @throws PlatformKeyException when the person was not checked.
     */
    public suspend fun confirm(crypto: CryptoObject, prompt: Prompt): CryptoObject
}

/**
 * Android's own prompt. It is shown over the app, so an activity must be in front.
 *
 * @param cancelText label of the button that dismisses it, in the person's language.
 * @param allowDeviceCredential whether a PIN, pattern or password is accepted too. The service then gets the weaker check,
 *   whichever was used. New fingerprints don't invalidate such a key: Android only invalidates keys that require
 *   biometrics. Has no effect before Android 11, where a PIN can't release a key for one signature.
 */
public class BiometricCheck(
    private val context: Context,
    private val cancelText: CharSequence,
    allowDeviceCredential: Boolean = false,
) : ApprovalCheck {
    private val allowDeviceCredential = allowDeviceCredential && VERSION.SDK_INT >= ANDROID_11

    override val kind: UserCheck = if (this.allowDeviceCredential) UserCheck.DEVICE_CREDENTIAL else UserCheck.BIOMETRIC

    override val keyAuthenticators: Int =
        if (this.allowDeviceCredential) AUTH_BIOMETRIC_STRONG or AUTH_DEVICE_CREDENTIAL else AUTH_BIOMETRIC_STRONG

    override suspend fun confirm(crypto: CryptoObject, prompt: Prompt): CryptoObject = withContext(Dispatchers.IO) {
        suspendCancellableCoroutine { waiting ->
            val signal = CancellationSignal()
            waiting.invokeOnCancellation { signal.cancel() }
            promptOf(prompt, signal).authenticate(crypto, signal, context.mainExecutor, Result(waiting))
        }
    }

    internal fun promptOf(prompt: Prompt, signal: CancellationSignal): BiometricPrompt =
        BiometricPrompt.Builder(context)
            .setTitle(prompt.application)
            .setSubtitle(prompt.account)
            .apply {
                // Before, the prompt has no weak biometrics to confirm for: a key accepts only strong ones.
                if (VERSION.SDK_INT >= ANDROID_10) requireConfirmation()
                if (allowDeviceCredential) {
                    allowStrongBiometricOrCredential()
                } else {
                    if (VERSION.SDK_INT >= ANDROID_11) allowStrongBiometric()
                    setNegativeButton(cancelText, context.mainExecutor) { _, _ -> signal.cancel() }
                }
            }
            .build()

    private class Result(private val waiting: CancellableContinuation<CryptoObject>) : BiometricPrompt.AuthenticationCallback() {
        override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) {
            val released = result.cryptoObject
            if (released != null) waiting.resume(released) else waiting.resumeWithException(PlatformKeyException.Unavailable())
        }

        // After this the prompt is gone. A finger that wasn't recognised is another call, and the prompt stays.
        override fun onAuthenticationError(errorCode: Int, errString: CharSequence?) {
            if (waiting.isActive) waiting.resumeWithException(keyErrorOf(errorCode))
        }
    }
}

/** Maps the end of a prompt without a check to an error. */
internal fun keyErrorOf(promptError: Int): PlatformKeyException = when (promptError) {
    BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED,
    BiometricPrompt.BIOMETRIC_ERROR_CANCELED,
    BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT,
    -> PlatformKeyException.Cancelled()

    BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT,
    BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT,
    -> PlatformKeyException.Locked()

    // The last fingerprint or the screen lock was removed, and the key with it.
    BiometricPrompt.BIOMETRIC_ERROR_NO_BIOMETRICS,
    BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL,
    -> PlatformKeyException.Invalidated()

    else -> PlatformKeyException.Unavailable()
}
