package org.countersign.sample

import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.CancellationSignal
import kotlinx.coroutines.suspendCancellableCoroutine
import org.countersign.Authenticator
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.NewSlot
import org.countersign.ffi.SlotKind
import org.countersign.passphraseOf
import kotlin.coroutines.resume

/** Asks for the passphrase, so that it isn't forgotten; who has forgotten it makes another one. */
class ReminderScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {

    override suspend fun run() {
        val typed = ask("Do you still know your passphrase?")
        if (typed != null && trying { isRight(typed) } == false) {
            val replaces = tell("That isn't your passphrase. It may be asked again later, or you make another one now.", "Make another", "Later")
            if (replaces && isThePerson()) trying { replace() }
        }
        activity.show(AccountsScreen(activity, authenticator))
    }

    private suspend fun isRight(typed: CharArray): Boolean = passphraseOf(typed).use {
        try {
            authenticator.checkPassphrase(it)
            true
        } catch (_: AuthenticatorException.WrongKey) {
            false
        }
    }

    private suspend fun replace() {
        val typed = ask("Your new passphrase") ?: return
        authenticator.vault().use { vault ->
            val old = vault.slots().first { it.kind == SlotKind.PASSPHRASE }
            passphraseOf(typed).use { new ->
                NewSlot.fromPassphrase(new).use { vault.replaceSlot(old.id, it) }
                authenticator.checkPassphrase(new)
            }
        }
    }

    /** Whoever holds the open phone may not make another passphrase for that alone. */
    private suspend fun isThePerson(): Boolean = suspendCancellableCoroutine { waiting ->
        val signal = CancellationSignal()
        waiting.invokeOnCancellation { signal.cancel() }
        val result = object : BiometricPrompt.AuthenticationCallback() {
            override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult?) = waiting.resume(true)

            override fun onAuthenticationError(errorCode: Int, errString: CharSequence?) {
                if (waiting.isActive) waiting.resume(false)
            }
        }
        BiometricPrompt.Builder(activity).setTitle("Make another passphrase")
            .setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
            .build().authenticate(signal, activity.mainExecutor, result)
    }
}
