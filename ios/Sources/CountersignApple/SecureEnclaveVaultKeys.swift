#if canImport(Security) && canImport(LocalAuthentication)
import Countersign
import Foundation
import Security

/// Opens the vault with a key in the Secure Enclave, while the phone is unlocked.
///
/// It needs no user check: the phone's lock protects it, and approving requires a face or a finger anyway. The key
/// never leaves this phone, so a backup of the vault opens on another one only with the recovery code.
public final class SecureEnclaveVaultKeys: VaultKeyStore {
    private let accessGroup: String?

    /// - Parameter accessGroup: The keychain group that the app shares with its notification extension, so that the extension
    ///   can open the vault too.
    public init(accessGroup: String? = nil) {
        self.accessGroup = accessGroup
    }

    public func wrap(slot: Id, key: Data) async throws -> Data {
        try findOrMake(tag(slot)).encrypt(key)
    }

    public func unwrap(slot: Id, wrapped: Data) async throws -> Data {
        let key = try EnclaveKey.find(tag: tag(slot), group: accessGroup)
        do {
            return try await key.decrypt(wrapped)
        } catch PlatformKeyError.Unavailable {
            // The key exists but doesn't open this: it was altered, or wrapped by another key.
            throw PlatformKeyError.NotFound
        }
    }

    public func forget(slot: Id) async throws {
        try EnclaveKey.delete(tag: tag(slot), group: accessGroup)
    }

    private func findOrMake(_ tag: String) throws -> EnclaveKey {
        do {
            return try EnclaveKey.find(tag: tag, group: accessGroup)
        } catch PlatformKeyError.NotFound {
            let access = try accessControl(kSecAttrAccessibleWhenUnlockedThisDeviceOnly, .privateKeyUsage)
            return try EnclaveKey.make(tag: tag, access: access, group: accessGroup)
        }
    }

    private func tag(_ slot: Id) -> String {
        "countersign.vault.\(slot)"
    }
}
#endif
