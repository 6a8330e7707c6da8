#if canImport(SwiftUI)
import Countersign
import CountersignApple
import CountersignModels
import SwiftUI

#if canImport(UniformTypeIdentifiers)
import UniformTypeIdentifiers
#endif

/// Imports accounts from another app's file.
struct ImportScreen: View {
    @State private var model: ImportModel
    @State private var isPicking = false
    @State private var password = ""

    init(model: ImportModel) {
        _model = State(initialValue: model)
    }

    var body: some View {
        Form {
            switch model.state {
            case .choosing: EmptyView()
            case .asking(let file): asking(file)
            case .previewing(let preview): previewing(preview)
            case .done(let report): Text("\(report.proven) accounts were imported and verified.")
            }
            ProblemRow(problem: model.problem)
            Button("Choose a file") { isPicking = true }
            if let last = model.lastImport {
                Button("Take the last import back (\(last.changes) accounts)", role: .destructive) {
                    Task { await model.undo() }
                }
            }
        }
        .navigationTitle("Import")
        .task { await model.load() }
        .fileImporter(isPresented: $isPicking, allowedContentTypes: [.item]) { picked in
            if let file = picked.content { Task { await add(file) } } else { model.noteUnreadable() }
        }
    }

    private func add(_ file: Data) async {
        if let picture = Picture(file: file) { await model.add(picture) } else { await model.add(file) }
    }

    @ViewBuilder private func asking(_ file: Data) -> some View {
        SecureField("Password of the file", text: $password)
        Button("Open") {
            let typed = Passphrase(password)
            password = ""
            Task { await model.add(file, password: typed) }
        }
        .disabled(password.isEmpty)
    }

    @ViewBuilder private func previewing(_ preview: ImportPreview) -> some View {
        ImportRows(preview: preview, sameName: $model.sameName) { choice, row in
            Task { await model.choose(choice, for: row) }
        }
        .onChange(of: model.sameName) { Task { await model.preview() } }
        if preview.refused > 0 {
            Toggle("Import the others, although \(preview.refused) can't be imported", isOn: $model.isPartial)
        }
        Button("Import") { Task { await model.confirm() } }
    }
}

/// The preview of every entry, with a choice for those whose name is taken.
struct ImportRows: View {
    let preview: ImportPreview
    @Binding var sameName: SameName
    let onChoose: (SameName, ImportRow) -> Void

    var body: some View {
        Section("Preview") {
            ForEach(preview.rows, id: \.row) { row in
                VStack(alignment: .leading) {
                    Text("\(row.issuer) \(row.name)")
                    Text(row.verdict.words).foregroundStyle(.secondary)
                    if let choice = row.verdict.choice {
                        SameNamePicker(
                            title: "This one", choice: Binding(get: { choice }, set: { onChoose($0, row) }))
                    } else if case .deleted = row.verdict {
                        Button("Import it") { onChoose(.keepBoth, row) }
                    }
                }
            }
        }
        if preview.rows.contains(where: \.verdict.isSameName) {
            SameNamePicker(title: "If the name is taken", choice: $sameName)
        }
    }
}

private struct SameNamePicker: View {
    let title: String
    @Binding var choice: SameName

    var body: some View {
        Picker(title, selection: $choice) {
            Text("Keep both").tag(SameName.keepBoth)
            Text("Replace").tag(SameName.replace)
            Text("Skip").tag(SameName.skip)
        }
    }
}

extension RowVerdict {
    fileprivate var isSameName: Bool {
        if case .sameName = self { true } else { false }
    }

    /// How to handle an account with the entry's name or secret.
    fileprivate var choice: SameName? {
        switch self {
        case .sameName(_, let choice), .sameSecret(_, let choice): choice
        default: nil
        }
    }

    fileprivate var words: String {
        switch self {
        case .new: "new"
        case .present: "already present"
        case .counterAhead: "already present; the counter will advance"
        case .inTrash: "will be restored from the trash"
        case .sameName: "another account has this name"
        case .sameSecret: "an account of another name has this secret"
        case .repeated: "duplicate"
        case .deleted: "in the other app's trash"
        case .refused(let reason): reason.description
        }
    }
}

extension Result<URL, any Error> {
    /// The content of a picked file; another app's file is accessible only for this moment.
    var content: Data? {
        guard let file = try? get() else { return nil }
        let isScoped = file.startAccessingSecurityScopedResource()
        defer { if isScoped { file.stopAccessingSecurityScopedResource() } }
        return try? Data(contentsOf: file)
    }
}
#endif
