import CountersignApple
import Foundation

/// The extension that turns a wake-up without content into a request. It runs in a separate process, on the same vault.
final class NotificationService: SignInNotificationService {
    override var vaultFile: URL? {
        FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: "group.org.countersign.app")?
            .appending(path: "vault/vault.db")
    }

    override var accessGroup: String? { "group.org.countersign.app" }
}
