package org.countersign.sample

import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.CancellationSignal
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlin.coroutines.resume

/** Checks that the phone's owner asks for this, and not somebody who picked up the unlocked phone. */
suspend fun MainActivity.isThePerson(title: CharSequence): Boolean = suspendCancellableCoroutine { waiting ->
    val signal = CancellationSignal()
    waiting.invokeOnCancellation { signal.cancel() }
    val result = object : BiometricPrompt.AuthenticationCallback() {
        override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult?) = waiting.resume(true)

        override fun onAuthenticationError(errorCode: Int, errString: CharSequence?) {
            if (waiting.isActive) waiting.resume(false)
        }
    }
    BiometricPrompt.Builder(this).setTitle(title)
        .setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
        .build().authenticate(signal, mainExecutor, result)
}
