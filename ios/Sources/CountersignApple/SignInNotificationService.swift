#if canImport(UserNotifications) && !os(macOS)
import Countersign
import Foundation
@preconcurrency import UserNotifications

/// The notification service extension: on a wake-up without content, it fetches and verifies the request.
///
/// Subclass it in the extension's target, and give it the vault's file and the keychain group. If anything fails (the
/// phone is locked, there is no network), the wake-up's neutral text stays, and the app shows the request.
open class SignInNotificationService: UNNotificationServiceExtension {
    /// The vault's file, in the container that the app shares with this extension.
    open var vaultFile: URL? { nil }
    /// The keychain group that the app shares with this extension.
    open var accessGroup: String? { nil }

    private var delivery: Delivery?
    private var work: Task<Void, Never>?

    open override func didReceive(
        _ request: UNNotificationRequest,
        withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void
    ) {
        let delivery = Delivery(request.content, contentHandler)
        self.delivery = delivery
        let (file, group) = (vaultFile, accessGroup)
        work = Task {
            if let file, let newest = try? await newestRequest(file: file, group: group) {
                delivery.fill(with: newest)
            }
            delivery.deliver()
        }
    }

    /// The system stops the extension after about 30 seconds.
    open override func serviceExtensionTimeWillExpire() {
        work?.cancel()
        delivery?.deliver()
    }
}

private func newestRequest(file: URL, group: String?) async throws -> ApprovalRequest? {
    let vault = try await Vault.open(file)
    try await vault.unlock(with: .keyStore(SecureEnclaveVaultKeys(accessGroup: group)))
    let keys = SecureEnclaveKeys(accessGroup: group)
    let authenticator = try await Authenticator.open(vault, keys: keys, clock: ContinuousDeviceClock())
    return try await authenticator.waitForRequests().open.last
}

/// Delivers the content once.
private final class Delivery: @unchecked Sendable {
    private let lock = NSLock()
    private let content: UNMutableNotificationContent
    private var handler: ((UNNotificationContent) -> Void)?

    init(_ content: UNNotificationContent, _ handler: @escaping (UNNotificationContent) -> Void) {
        self.content = content.mutableCopy() as? UNMutableNotificationContent ?? UNMutableNotificationContent()
        self.handler = handler
    }

    func fill(with request: ApprovalRequest) {
        lock.withLock { SignInNotifications.fill(content, with: request) }
    }

    func deliver() {
        let handler = lock.withLock {
            defer { self.handler = nil }
            return self.handler
        }
        handler?(content)
    }
}
#endif
