#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// What opens the vault, whether all of it is well, and the accounts to remove.
struct SettingsScreen: View {
    @State private var model: SettingsModel
    @State private var code: RecoveryCode?
    @State private var typed = ""
    private let authenticator: Authenticator
    private let vault: VaultModel
    private let camera: CameraSource?

    init(authenticator: Authenticator, vault: VaultModel, camera: CameraSource?) {
        _model = State(initialValue: SettingsModel(authenticator))
        self.authenticator = authenticator
        self.vault = vault
        self.camera = camera
    }

    var body: some View {
        Form {
            Section("This vault opens with") {
                ForEach(model.slots, id: \.id) { slot in
                    Text(slot.damaged ? "\(slot.kind.title) (damaged)" : slot.kind.title)
                }
                Button("New recovery code") { Task { code = await model.renewRecoveryCode() } }
                RecoveryCodeRow(code: code)
                if let recoverability = model.recoverability, recoverability != .proven {
                    Text(recoverability.words)
                    TextField("Recovery code from the paper", text: $typed)
                    Button("Check the recovery code") { Task { await model.check(recoveryCode: typed) } }
                        .disabled(typed.isEmpty)
                }
            }
            Section("Health") {
                Button("Check the vault") { Task { await model.check() } }
                if let health = model.health {
                    Text(health.isSound ? "Everything is in order." : "Some data is damaged. The rest is kept.")
                }
            }
            Section("Phones and files") {
                NavigationLink("Backup") { BackupScreen(model: BackupModel(authenticator)) }
                NavigationLink("Import") { ImportScreen(model: ImportModel(authenticator)) }
                NavigationLink("Move from another phone") {
                    ReceiveScreen(model: ReceivingModel(authenticator), camera: camera)
                }
                NavigationLink("Move to a new phone") {
                    SendScreen(model: SendingModel(authenticator), camera: camera)
                }
            }
            Section("Accounts") {
                ForEach(model.accounts, id: \.id) { account in
                    AccountRow(account: account, model: model)
                    if account.binding == .active {
                        NavigationLink("Move approvals") {
                            ReplacementScreen(model: ReplacementModel(authenticator, account: account.id))
                        }
                    }
                }
            }
            ProblemRow(problem: model.problem)
            Button("Lock") { Task { await vault.lock() } }
        }
        .navigationTitle("Settings")
        .task { await model.load() }
    }
}

/// An account, to be put in the trash, taken out again, or deleted for good.
private struct AccountRow: View {
    let account: AccountSummary
    let model: SettingsModel

    private var isTrashed: Bool { account.trashedAt != nil }

    var body: some View {
        HStack {
            Text("\(account.issuer) \(account.name)")
            if account.binding == .revoked { Text("removed by its service").foregroundStyle(.secondary) }
            Spacer()
            if account.movedAt != nil, account.binding != .revoked {
                Button("Use on this phone again") { Task { await model.takeBack(account) } }
            }
            Button(isTrashed ? "Restore" : "Move to trash") {
                Task { await model.setTrashed(account, !isTrashed) }
            }
            if isTrashed {
                Button("Delete permanently", role: .destructive) { Task { await model.delete(account) } }
            }
        }
        // Else a tap anywhere in the row is one on all of its buttons.
        .buttonStyle(.borderless)
    }
}

extension Recoverability {
    var words: String {
        switch self {
        case .proven: "You can open the vault without this phone."
        case .unproven: "You haven't checked your recovery code yet."
        case .deviceOnly: "Only this phone can open the vault. Create a recovery code."
        }
    }
}

extension SlotKind {
    var title: String {
        switch self {
        case .passphrase: "Passphrase"
        case .recoveryCode: "Recovery code"
        case .keyStore: "This phone"
        case .unknown: "Unknown to this version"
        }
    }
}
#endif
