#if canImport(Security) && canImport(LocalAuthentication)
import Countersign
import Foundation
import LocalAuthentication
import Security

/// Device keys in the Secure Enclave: P-256, generated there, never outside of it, never in a backup.
///
/// - The device key works without a user check once the phone was unlocked after its start, for fetches in the
///   background.
/// - The approval key works for one signature after Face ID or Touch ID has recognised the person. Enrolling another
///   face or finger invalidates it (`PlatformKeyError.Invalidated`): enrol the account again.
public final class SecureEnclaveKeys: DeviceKeys {
    /// The user check before an approval.
    public enum Check: Sendable {
        /// By face or finger, and only those that were enrolled when the key was generated.
        case biometry
        /// By face, finger or passcode: for people who can't use biometrics, if policy allows it.
        case biometryOrPasscode
    }

    private let check: Check
    private let accessGroup: String?

    /// - Parameter accessGroup: The keychain group that the app shares with its extensions, if they need the device key.
    public init(check: Check = .biometry, accessGroup: String? = nil) {
        self.check = check
        self.accessGroup = accessGroup
    }

    public func make(key: KeyName) async throws -> Data {
        try await delete(key: key)
        let secret = try EnclaveKey.make(
            tag: key.tag, label: domainState() ?? "", access: try access(for: key.role), group: accessGroup)
        return try secret.publicPoint()
    }

    public func sign(key: KeyName, message: Data, prompt: Prompt?) async throws -> Data {
        let context = LAContext()
        if key.role == .approval {
            guard let prompt else { throw PlatformKeyError.Unavailable }
            // The system shows it below the app's name. Its translation is in the app's string catalogue.
            context.localizedReason = String(
                localized: "Approve the sign-in to \(prompt.application) as \(prompt.account)")
            context.touchIDAuthenticationAllowableReuseDuration = 0
        }
        let secret = try EnclaveKey.find(tag: key.tag, context: context, group: accessGroup)
        if key.role == .approval, check == .biometry, let made = secret.label, made != domainState() {
            throw PlatformKeyError.Invalidated
        }
        return try await secret.sign(message, context: context)
    }

    public func delete(key: KeyName) async throws {
        try EnclaveKey.delete(tag: key.tag, group: accessGroup)
    }

    public func userCheck() throws -> UserCheck {
        switch check {
        case .biometry: .biometric
        // The weaker of the two: the system doesn't say which one it was.
        case .biometryOrPasscode: .deviceCredential
        }
    }

    public func inHardware() throws -> Bool {
        #if targetEnvironment(simulator)
        false
        #else
        true
        #endif
    }

    /// The Secure Enclave supports only P-256.
    public func hasRsa() throws -> Bool { false }

    private func access(for role: KeyRole) throws -> SecAccessControl {
        switch (role, check) {
        case (.push, _): throw PlatformKeyError.Unavailable
        case (.device, _):
            try accessControl(kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage)
        case (.approval, .biometry):
            try accessControl(
                kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly, [.privateKeyUsage, .biometryCurrentSet])
        case (.approval, .biometryOrPasscode):
            try accessControl(kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly, [.privateKeyUsage, .userPresence])
        }
    }

    /// Which faces and fingers are enrolled, as a value that changes with them.
    private func domainState() -> String? {
        let context = LAContext()
        guard context.canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: nil) else { return nil }
        return context.evaluatedPolicyDomainState?.base64EncodedString()
    }
}

extension KeyName {
    fileprivate var tag: String {
        switch role {
        case .device: "countersign.device.\(account)"
        case .approval: "countersign.approval.\(account)"
        case .push: "countersign.push.\(account)"
        }
    }
}
#endif
