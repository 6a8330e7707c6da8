#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

#if canImport(UniformTypeIdentifiers)
import UniformTypeIdentifiers
#endif

/// Shows when a backup was last verified, creates the next, and checks one.
struct BackupScreen: View {
    @State private var model: BackupModel
    @State private var password = ""
    @State private var isPickingFolder = false
    @State private var isPickingFile = false

    init(model: BackupModel) {
        _model = State(initialValue: model)
    }

    var body: some View {
        Form {
            if let last = model.last {
                Text("Last proven \(last.date.formatted()): it restores \(last.restorable) of \(last.total) accounts.")
            } else {
                Text("No backup was ever proven. Without one, a lost phone takes your accounts with it.")
            }
            SecureField("Password of the backup", text: $password)
            Button("Back up into a folder") { isPickingFolder = true }.disabled(password.isEmpty)
                .fileImporter(isPresented: $isPickingFolder, allowedContentTypes: [.folder]) { picked in
                    if let folder = try? picked.get() { backUp(into: folder) } else { model.noteUnreadable() }
                }
            Button("Try a backup") { isPickingFile = true }.disabled(password.isEmpty)
                .fileImporter(isPresented: $isPickingFile, allowedContentTypes: [.item]) { picked in
                    if let file = picked.content { check(file) } else { model.noteUnreadable() }
                }
            if let rehearsal = model.rehearsal {
                Text("It restores \(rehearsal.restorable) of \(rehearsal.total) accounts.")
                LeftBehindRows(rows: rehearsal.leftBehind)
            }
            ProblemRow(problem: model.problem)
        }
        .disabled(model.isBusy)
        .navigationTitle("Backup")
        .task { await model.load() }
    }

    private func backUp(into folder: URL) {
        let typed = taken()
        Task {
            let isScoped = folder.startAccessingSecurityScopedResource()
            defer { if isScoped { folder.stopAccessingSecurityScopedResource() } }
            await model.backUp(to: folder, password: typed)
        }
    }

    private func check(_ file: Data) {
        let typed = taken()
        Task { await model.check(file, password: typed) }
    }

    private func taken() -> Passphrase {
        defer { password = "" }
        return Passphrase(password)
    }
}

/// Notes about single accounts.
struct LeftBehindRows: View {
    let rows: [LeftBehind]

    var body: some View {
        ForEach(rows, id: \.account) { row in
            Text("\(row.issuer) \(row.name): \(row.reason.words)").foregroundStyle(.secondary)
        }
    }
}

extension LeftReason {
    fileprivate var words: String {
        switch self {
        case .approvals: "it approves sign-ins; enrol the other phone for that"
        case .approvalsBesideCodes: "its codes come; enrol the other phone to approve sign-ins"
        case .damaged: "it can't be read here"
        case .different: "it isn't restored as it is"
        }
    }
}

extension LastBackup {
    fileprivate var date: Date { Date(timeIntervalSince1970: TimeInterval(provenAt)) }
}
#endif
