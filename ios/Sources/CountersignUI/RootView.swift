#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// The whole app behind one view: unlocking, then accounts, requests and settings.
public struct RootView: View {
    private let model: VaultModel
    private let device: DeviceDescription
    private let camera: CameraSource?

    /// - Parameters:
    ///   - device: This device's description at enrolment.
    ///   - camera: Where codes come from; without one they are pasted.
    public init(model: VaultModel, device: DeviceDescription, camera: CameraSource? = nil) {
        self.model = model
        self.device = device
        self.camera = camera
    }

    public var body: some View {
        Group {
            switch model.state {
            case .unknown:
                ProgressView()
            case .missing:
                WelcomeScreen(model: model)
            case .created(let code):
                WriteDownScreen(model: model, code: code)
            case .locked(let kinds):
                UnlockScreen(model: model, kinds: kinds)
            case .open(let authenticator):
                OpenView(authenticator: authenticator, vault: model, device: device, camera: camera)
            case .unusable(let problem):
                UnusableScreen(problem: problem) { Task { await model.open() } }
            }
        }
        .task { await model.open() }
    }
}

/// What an unlocked app shows. A sign-in that waits comes to the front by itself.
struct OpenView: View {
    let vault: VaultModel
    let device: DeviceDescription
    let camera: CameraSource?
    let authenticator: Authenticator
    @State private var codes: CodesModel
    @State private var requests: RequestsModel
    @State private var reminder: ReminderModel
    @State private var asked: RequestModel?

    init(authenticator: Authenticator, vault: VaultModel, device: DeviceDescription, camera: CameraSource?) {
        self.vault = vault
        self.device = device
        self.camera = camera
        self.authenticator = authenticator
        _codes = State(initialValue: CodesModel(authenticator))
        _requests = State(initialValue: RequestsModel(authenticator))
        _reminder = State(initialValue: ReminderModel(authenticator))
    }

    var body: some View {
        NavigationStack {
            AccountsScreen(model: codes, requests: requests, reminder: reminder) { asked = $0 }
                .toolbar {
                    NavigationLink {
                        ScanScreen(model: ScanModel(authenticator, device: device), camera: camera)
                    } label: {
                        Label("Add an account", systemImage: "qrcode.viewfinder")
                    }
                    NavigationLink {
                        SettingsScreen(authenticator: authenticator, vault: vault, camera: camera)
                    } label: {
                        Label("Settings", systemImage: "gearshape")
                    }
                }
        }
        .task { await codes.run() }
        .task { await requests.run() }
        .task { await reminder.load() }
        .onChange(of: requests.open.first?.id) {
            if let request = requests.open.first, asked == nil { asked = requests.model(for: request) }
        }
        .sheet(item: $asked) { RequestScreen(model: $0, camera: camera) }
    }
}
#endif
