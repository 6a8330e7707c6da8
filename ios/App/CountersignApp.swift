import CountersignApple
import CountersignModels
import CountersignUI
import SwiftUI
import UserNotifications

/// The sample app: the library's own screens, on this phone's keys, camera and notifications.
@main
struct CountersignApp: App {
    @UIApplicationDelegateAdaptor private var delegate: AppDelegate
    @Environment(\.scenePhase) private var phase
    @State private var isSilenced = false

    var body: some Scene {
        WindowGroup {
            VStack {
                if isSilenced {
                    Text("Notifications are off: you see sign-ins only while this app is open. Allow them in Settings.")
                        .foregroundStyle(.red)
                }
                RootView(
                    model: delegate.vault,
                    device: DeviceDescription(name: UIDevice.current.name, platform: .ios, wakeUp: delegate.wakeUp),
                    camera: { onCodes in AnyView(CameraView(onCodes: onCodes)) })
            }
            .task(id: phase) {
                if phase == .active { isSilenced = await !SignInNotifications.ask() }
            }
        }
        .onChange(of: phase) {
            if phase == .active, case .open(let authenticator) = delegate.vault.state { authenticator.refresh() }
        }
    }
}

/// Where the vault is, and who may open it: the app and its notification extension.
enum Place {
    /// An app group is a keychain group too.
    static let group = "group.org.countersign.app"

    /// In the shared container, excluded from backups: on another phone, only the recovery code could open it.
    static func vaultFile() -> URL {
        let container = FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: group)
        var folder = (container ?? .applicationSupportDirectory).appending(path: "vault", directoryHint: .isDirectory)
        let protection = [FileAttributeKey.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: protection)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try? folder.setResourceValues(values)
        return folder.appending(path: "vault.db")
    }
}

@MainActor
final class AppDelegate: NSObject, UIApplicationDelegate {
    let vault = VaultModel(
        file: Place.vaultFile(), keys: SecureEnclaveKeys(accessGroup: Place.group), clock: ContinuousDeviceClock(),
        store: SecureEnclaveVaultKeys(accessGroup: Place.group))
    private(set) var wakeUp: WakeUp?

    func application(
        _ application: UIApplication,
        didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]? = nil
    ) -> Bool {
        setLogSink(SystemLog())
        SignInNotifications.register()
        UNUserNotificationCenter.current().delegate = self
        application.registerForRemoteNotifications()
        return true
    }

    func application(_ application: UIApplication, didRegisterForRemoteNotificationsWithDeviceToken token: Data) {
        let wakeUp = WakeUp.apns(token: token.map { String(format: "%02x", $0) }.joined())
        self.wakeUp = wakeUp
        Task { await vault.setWakeUp(wakeUp) }
    }
}

// The system calls its delegate on the main thread, which its declaration doesn't say.
extension AppDelegate: @preconcurrency UNUserNotificationCenterDelegate {
    func userNotificationCenter(
        _ center: UNUserNotificationCenter,
        didReceive response: UNNotificationResponse,
        withCompletionHandler done: @escaping () -> Void
    ) {
        let response = SignInNotifications.response(to: response)
        Task {
            if let response { await answer(response) }
            done()
        }
    }

    /// The approval key requires a face or a finger, however the number was entered.
    private func answer(_ response: SignInNotifications.Response) async {
        if case .unknown = vault.state { await vault.open() }
        if case .locked = vault.state { await vault.unlock() }
        guard case .open(let authenticator) = vault.state else { return }
        do {
            // An app that was just started doesn't know any requests yet.
            _ = try await authenticator.waitForRequests()
            switch response {
            case .approve(let request, let number): _ = try await authenticator.approve(request, number: number)
            case .deny(let request): _ = try await authenticator.deny(request)
            case .report(let request): _ = try await authenticator.report(request)
            case .open: break
            }
        } catch let error as AuthenticatorError {
            await SignInNotifications.tell(error, of: response.request)
        } catch {
            // The task was cancelled: nobody waits for an answer.
        }
        await SignInNotifications.removeAll(but: authenticator.requests)
    }
}
