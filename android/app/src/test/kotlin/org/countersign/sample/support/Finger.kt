package org.countersign.sample.support

import android.hardware.biometrics.BiometricPrompt
import android.hardware.biometrics.BiometricPrompt.AuthenticationCallback
import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.CancellationSignal
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.annotation.RealObject
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor

/** What the person does at the phone's prompts, and what the prompts were about. */
object Finger {
    val prompts = CopyOnWriteArrayList<String>()

    /** The error that a prompt ends with; without one, the finger is recognised. */
    @Volatile
    var error: Int? = null

    fun install() {
        prompts.clear()
        error = null
    }
}

/** Android's prompt, answered at once. */
@Implements(BiometricPrompt::class)
class ShadowPrompt {
    @RealObject
    private lateinit var prompt: BiometricPrompt

    @Implementation
    fun authenticate(crypto: CryptoObject, cancel: CancellationSignal, executor: Executor, callback: AuthenticationCallback) =
        answer(crypto, executor, callback)

    @Implementation
    fun authenticate(cancel: CancellationSignal, executor: Executor, callback: AuthenticationCallback) = answer(null, executor, callback)

    private fun answer(crypto: CryptoObject?, executor: Executor, callback: AuthenticationCallback) {
        Finger.prompts += listOfNotNull(prompt.title, prompt.subtitle).joinToString(": ")
        executor.execute {
            Finger.error?.let { callback.onAuthenticationError(it, "") }
                ?: callback.onAuthenticationSucceeded(BiometricPrompt.AuthenticationResult(crypto, BiometricPrompt.AUTHENTICATION_RESULT_TYPE_BIOMETRIC))
        }
    }
}
