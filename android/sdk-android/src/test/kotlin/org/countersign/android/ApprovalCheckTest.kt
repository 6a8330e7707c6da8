package org.countersign.android

import android.hardware.biometrics.BiometricPrompt
import android.security.keystore.KeyProperties
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.UserCheck
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import kotlin.test.assertEquals

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34])
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
    fun `the service is told the weaker check where both are allowed`() {
        val context = RuntimeEnvironment.getApplication()
        val biometric = BiometricCheck(context, "Cancel")
        assertEquals(UserCheck.BIOMETRIC, biometric.kind)
        assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG, biometric.keyAuthenticators)
        val either = BiometricCheck(context, "Cancel", allowDeviceCredential = true)
        assertEquals(UserCheck.DEVICE_CREDENTIAL, either.kind)
        assertEquals(KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL, either.keyAuthenticators)
    }
}
