#if canImport(Security) && canImport(LocalAuthentication)
import Countersign
import Foundation
import LocalAuthentication
import Security

/// A private key in the Secure Enclave, by its tag.
struct EnclaveKey: @unchecked Sendable {
    /// What was noted when it was made; `nil` if nothing was.
    let label: String?
    private let key: SecKey

    static func make(tag: String, label: String = "", access: SecAccessControl, group: String?) throws -> EnclaveKey {
        var secret: [CFString: Any] = [
            kSecAttrIsPermanent: true,
            kSecAttrApplicationTag: Data(tag.utf8),
            kSecAttrLabel: label,
            kSecAttrAccessControl: access,
        ]
        secret[kSecAttrAccessGroup] = group
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrKeySizeInBits: 256,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecPrivateKeyAttrs: secret,
        ]
        var error: Unmanaged<CFError>?
        guard let key = SecKeyCreateRandomKey(attributes as CFDictionary, &error) else {
            throw PlatformKeyError(error?.takeRetainedValue())
        }
        return EnclaveKey(label: label.isEmpty ? nil : label, key: key)
    }

    /// - Parameter context: Asks the person when the key is used, if it needs that.
    static func find(tag: String, context: LAContext? = nil, group: String?) throws -> EnclaveKey {
        var query = query(tag: tag, group: group)
        query[kSecReturnRef] = true
        query[kSecReturnAttributes] = true
        query[kSecMatchLimit] = kSecMatchLimitOne
        query[kSecUseAuthenticationContext] = context
        var result: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &result)
        guard status == errSecSuccess, let item = result as? [CFString: Any], let found = item[kSecValueRef] else {
            throw PlatformKeyError(status: status)
        }
        let label = item[kSecAttrLabel] as? String ?? ""
        // The query was for keys.
        return EnclaveKey(label: label.isEmpty ? nil : label, key: found as! SecKey)
    }

    static func delete(tag: String, group: String?) throws {
        let status = SecItemDelete(query(tag: tag, group: group) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw PlatformKeyError(status: status) }
    }

    private static func query(tag: String, group: String?) -> [CFString: Any] {
        var query: [CFString: Any] = [
            kSecClass: kSecClassKey,
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecAttrApplicationTag: Data(tag.utf8),
        ]
        query[kSecAttrAccessGroup] = group
        return query
    }

    /// X9.63, uncompressed.
    func publicPoint() throws -> Data {
        var error: Unmanaged<CFError>?
        guard let point = SecKeyCopyExternalRepresentation(try publicKey(), &error) else {
            throw PlatformKeyError(error?.takeRetainedValue())
        }
        return point as Data
    }

    /// DER, over the SHA-256 of `message`. Cancelled, the prompt goes away and no signature is given out.
    func sign(_ message: Data, context: LAContext) async throws -> Data {
        try await onQueue(dismissing: context) {
            SecKeyCreateSignature(key, .ecdsaSignatureMessageX962SHA256, message as CFData, &$0)
        }
    }

    func encrypt(_ clear: Data) throws -> Data {
        var error: Unmanaged<CFError>?
        guard let sealed = SecKeyCreateEncryptedData(try publicKey(), Self.ecies, clear as CFData, &error) else {
            throw PlatformKeyError(error?.takeRetainedValue())
        }
        return sealed as Data
    }

    func decrypt(_ sealed: Data) async throws -> Data {
        try await onQueue(dismissing: nil) { SecKeyCreateDecryptedData(key, Self.ecies, sealed as CFData, &$0) }
    }

    private static var ecies: SecKeyAlgorithm { .eciesEncryptionCofactorVariableIVX963SHA256AESGCM }

    private func publicKey() throws -> SecKey {
        guard let key = SecKeyCopyPublicKey(key) else { throw PlatformKeyError.Unavailable }
        return key
    }

    /// Makes a call that blocks its thread, possibly until a person has answered.
    private func onQueue(
        dismissing context: LAContext?,
        _ call: @escaping @Sendable (inout Unmanaged<CFError>?) -> CFData?
    ) async throws -> Data {
        let context = Dismissable(context)
        let data: Data = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global(qos: .userInitiated).async {
                    var error: Unmanaged<CFError>?
                    if let data = call(&error) {
                        continuation.resume(returning: data as Data)
                    } else {
                        continuation.resume(throwing: PlatformKeyError(error?.takeRetainedValue()))
                    }
                }
            }
        } onCancel: {
            context.dismiss()
        }
        if Task.isCancelled { throw PlatformKeyError.Cancelled }
        return data
    }
}

/// `invalidate` may be called from any thread.
private struct Dismissable: @unchecked Sendable {
    private let context: LAContext?

    init(_ context: LAContext?) {
        self.context = context
    }

    func dismiss() {
        context?.invalidate()
    }
}

/// When a key may be used.
func accessControl(_ protection: CFString, _ flags: SecAccessControlCreateFlags) throws -> SecAccessControl {
    var error: Unmanaged<CFError>?
    guard let access = SecAccessControlCreateWithFlags(nil, protection, flags, &error) else {
        throw PlatformKeyError(error?.takeRetainedValue())
    }
    return access
}

extension PlatformKeyError {
    init(status: OSStatus) {
        self =
            switch status {
            case errSecItemNotFound: .NotFound
            case errSecUserCanceled: .Cancelled
            case errSecInteractionNotAllowed, errSecAuthFailed: .Locked
            default: .Unavailable
            }
    }

    init(_ error: CFError?) {
        guard let error = error.map({ $0 as Error as NSError }) else {
            self = .Unavailable
            return
        }
        guard error.domain == LAError.errorDomain, let code = LAError.Code(rawValue: error.code) else {
            self = error.domain == NSOSStatusErrorDomain ? .init(status: OSStatus(error.code)) : .Unavailable
            return
        }
        self =
            switch code {
            case .userCancel, .appCancel, .systemCancel, .userFallback: .Cancelled
            case .biometryLockout, .authenticationFailed, .notInteractive: .Locked
            case .biometryNotEnrolled, .passcodeNotSet: .Invalidated
            default: .Unavailable
            }
    }
}
#endif
