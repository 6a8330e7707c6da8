package org.countersign.android

import android.app.Notification
import android.hardware.biometrics.BiometricPrompt
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo

// In the place of sdk-android/src/newer where the library is compiled against Android 9. Compiled only, never run.

internal const val BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL: Int = 14
internal const val AUTH_BIOMETRIC_STRONG: Int = 2
internal const val AUTH_DEVICE_CREDENTIAL: Int = 1
internal const val FLAG_MUTABLE: Int = 1 shl 25

internal fun BiometricPrompt.Builder.requireConfirmation(): BiometricPrompt.Builder = this

internal fun BiometricPrompt.Builder.allowStrongBiometric(): BiometricPrompt.Builder = this

internal fun BiometricPrompt.Builder.allowStrongBiometricOrCredential(): BiometricPrompt.Builder = this

internal fun KeyGenParameterSpec.Builder.releasedOnceBy(@Suppress("UNUSED_PARAMETER") authenticators: Int): KeyGenParameterSpec.Builder = this

internal fun Notification.Action.Builder.requireAuthentication(): Notification.Action.Builder = this

@Suppress("UnusedReceiverParameter")
internal fun KeyInfo.isAtSecureLevel(): Boolean = false
