import Countersign
import Foundation

#if canImport(CryptoKit)
import CryptoKit
#else
import COpenSSL
#endif

/// Device keys outside of Rust, kept in memory: CryptoKit's on Apple's platforms, OpenSSL's on Linux.
///
/// The person's check is a closure that a test gives, called whenever an approval key is used.
actor TestKeys: DeviceKeys {
    private var keys: [String: P256Key] = [:]
    private let person: @Sendable (Prompt) async throws -> Void
    private(set) var signatures: [(role: KeyRole, prompt: Prompt?)] = []

    init(person: @escaping @Sendable (Prompt) async throws -> Void = { _ in }) {
        self.person = person
    }

    var count: Int { keys.count }

    /// As the platform does when a finger is enrolled.
    func loseAll() {
        keys = [:]
    }

    func make(key: KeyName) async throws -> Data {
        let new = try P256Key()
        keys[key.alias] = new
        return try new.point()
    }

    func sign(key: KeyName, message: Data, prompt: Prompt?) async throws -> Data {
        guard let secret = keys[key.alias] else { throw PlatformKeyError.NotFound }
        signatures.append((key.role, prompt))
        if key.role == .approval {
            guard let prompt else { throw PlatformKeyError.Unavailable }
            try await person(prompt)
        }
        return try secret.sign(message)
    }

    func delete(key: KeyName) async throws {
        keys[key.alias] = nil
    }

    nonisolated func userCheck() throws -> UserCheck { .biometric }

    nonisolated func inHardware() throws -> Bool { false }

    nonisolated func hasRsa() throws -> Bool { false }
}

extension KeyName {
    fileprivate var alias: String { "\(account).\(role)" }
}

#if canImport(CryptoKit)
private struct P256Key {
    let key = P256.Signing.PrivateKey()

    init() throws {}

    func point() throws -> Data { key.publicKey.x963Representation }

    func sign(_ message: Data) throws -> Data { try key.signature(for: message).derRepresentation }
}
#else
private final class P256Key: @unchecked Sendable {
    private let key: OpaquePointer

    init() throws {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw PlatformKeyError.Unavailable }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            EVP_PKEY_CTX_set_group_name(context, "prime256v1") == 1,
            EVP_PKEY_generate(context, &key) == 1,
            let key
        else { throw PlatformKeyError.Unavailable }
        self.key = key
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// X9.63, uncompressed.
    func point() throws -> Data {
        var point = [UInt8](repeating: 0, count: 65)
        var length = 0
        guard EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &length) == 1, length == 65 else {
            throw PlatformKeyError.Unavailable
        }
        return Data(point)
    }

    /// DER, over the SHA-256 of `message`.
    func sign(_ message: Data) throws -> Data {
        guard let context = EVP_MD_CTX_new() else { throw PlatformKeyError.Unavailable }
        defer { EVP_MD_CTX_free(context) }
        let message = [UInt8](message)
        var signature = [UInt8](repeating: 0, count: 80)
        var length = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        else { throw PlatformKeyError.Unavailable }
        return Data(signature.prefix(length))
    }
}
#endif
