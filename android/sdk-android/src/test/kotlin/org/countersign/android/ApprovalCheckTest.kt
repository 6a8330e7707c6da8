package org.countersign.android

import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.CancellationSignal
import android.security.keystore.KeyProperties
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.Prompt
import org.countersign.ffi.UserCheck
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import kotlin.test.assertEquals

@RunWith(RobolectricTestRunner::class)
class ApprovalCheckTest {
    @Test
    fun `the end of a prompt without a check says what to do next`() {
        val kinds = mapOf(
            BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED to PlatformKeyException.Cancelled::class,
            BiometricPrompt.BIOMETRIC_ERROR_CANCELED to PlatformKeyException.Cancelled::class,
            BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT to PlatformKeyException.Cancelled::class,
            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT to PlatformKeyException.Locked::class,
            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT to PlatformKeyException.Locked::class,
            BiometricPrompt.BIOMETRIC_ERROR_NO_BIOMETRICS to PlatformKeyException.Invalidated::class,
            BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL to PlatformKeyException.Invalidated::class,
            BiometricPrompt.BIOMETRIC_ERROR_HW_UNAVAILABLE to PlatformKeyException.Unavailable::class,
            -1 to PlatformKeyException.Unavailable::class,
        )
        for ((code, kind) in kinds) assertEquals(kind, keyErrorOf(code)::class, "$code")
    }

    @Test
    fun `a prompt is made on every version`() {
        val context = RuntimeEnvironment.getApplication()
        for (allowed in listOf(false, true)) BiometricCheck(context, "Cancel", allowed).promptOf(Prompt("Ward portal", "Example ada"), CancellationSignal())
    }

    @Test
    fun `the service gets the weaker check where both are allowed`() {
        val context = RuntimeEnvironment.getApplication()
        val biometric = BiometricCheck(context, "Cancel")
        assertEquals(UserCheck.BIOMETRIC, biometric.kind)
        assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, biometric.keyAuthenticators)
        val either = BiometricCheck(context, "Cancel", allowDeviceCredential = true)
        if (Build.VERSION.SDK_INT >= ANDROID_11) {
            assertEquals(UserCheck.DEVICE_CREDENTIAL, either.kind)
            assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL, either.keyAuthenticators)
        } else {
            // A PIN can't release a key for one signature there, so the person isn't offered one.
            assertEquals(UserCheck.BIOMETRIC, either.kind)
            assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, either.keyAuthenticators)
        }
    }
}
