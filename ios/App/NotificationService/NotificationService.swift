import CountersignApple
import Foundation

/// The extension that turns a wake-up without content into what is asked. It is in a process of its own, on the same vault.
final class NotificationService: SignInNotificationService {
    override var vaultFile: URL? {
        FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: "group.org.countersign.app")?
            .appending(path: "vault/vault.db")
    }

    override var accessGroup: String? { "group.org.countersign.app" }
}
