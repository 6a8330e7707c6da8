package org.countersign.android

import android.app.Notification
import android.app.PendingIntent
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties

// Every call that Android 9 (API level 28) doesn't have. Callers check the version first. Everything else is also compiled
// against Android 9 itself, with a stand-in for this file (levels/28), so that no newer call gets in unnoticed.

/** API level 29. */
internal fun BiometricPrompt.Builder.requireConfirmation(): BiometricPrompt.Builder = setConfirmationRequired(true)

/** API level 30. */
internal const val BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL: Int = BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL

/** API level 30. */
internal const val AUTH_BIOMETRIC_STRONG: Int = KeyProperties.AUTH_BIOMETRIC_STRONG

/** API level 30. */
internal const val AUTH_DEVICE_CREDENTIAL: Int = KeyProperties.AUTH_DEVICE_CREDENTIAL

/** API level 30. */
internal fun BiometricPrompt.Builder.allowStrongBiometric(): BiometricPrompt.Builder =
    setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG)

/** API level 30. */
internal fun BiometricPrompt.Builder.allowStrongBiometricOrCredential(): BiometricPrompt.Builder =
    setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)

/** API level 30. */
internal fun KeyGenParameterSpec.Builder.releasedOnceBy(authenticators: Int): KeyGenParameterSpec.Builder =
    setUserAuthenticationParameters(0, authenticators)

/** API level 31. */
internal const val FLAG_MUTABLE: Int = PendingIntent.FLAG_MUTABLE

/** API level 31. */
internal fun Notification.Action.Builder.requireAuthentication(): Notification.Action.Builder = setAuthenticationRequired(true)

/** API level 31. */
internal fun KeyInfo.isAtSecureLevel(): Boolean = when (securityLevel) {
    KeyProperties.SECURITY_LEVEL_STRONGBOX,
    KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT,
    KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE,
    -> true

    else -> false
}
