import Countersign
import Foundation
import Observation

/// The screen that imports accounts from another app: reads files, asks for passwords, shows a preview, and imports.
@MainActor
@Observable
public final class ImportModel {
    /// The current state.
    public enum State {
        /// Nothing was read yet.
        case choosing
        /// This file is encrypted.
        case asking(Data)
        /// The preview.
        case previewing(ImportPreview)
        /// It is completed and verified.
        case done(ImportReport)
    }

    /// The current state.
    public private(set) var state = State.choosing
    /// The last error.
    public private(set) var problem: Problem?
    /// The last import, which can be undone.
    public private(set) var lastImport: LastImport?
    /// What to do with entries if an account of the same name exists. ``preview()`` shows it.
    public var sameName = SameName.keepBoth
    /// Whether to import the others if some entries can't be imported.
    public var isPartial = false

    private let authenticator: Authenticator
    private var entries = Import()
    private var choices: [Int64: SameName] = [:]

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Checks whether there is an import that can be undone.
    public func load() async {
        await work { lastImport = try await authenticator.lastImport() }
    }

    /// Reports that the picked file can't be opened.
    public func noteUnreadable() {
        problem = .fileUnreadable
    }

    /// Reads another file, and shows a preview; asks for its password first if it has one.
    public func add(_ file: Data, password: Passphrase? = nil) async {
        problem = nil
        do {
            try await entries.add(file, password: password)
        } catch let error as AuthenticatorError {
            if case .WrongKey = error { state = .asking(file) }
            // An encrypted file isn't a failure; a wrong password is one.
            if password != nil || error.code() != "import_password_needed" { problem = Problem(error) }
            return
        } catch {
            problem = Problem(error)
            return
        }
        await preview()
    }

    /// Reads the QR codes of another picture, and shows a preview.
    public func add(_ picture: Picture) async {
        await work { try await entries.add(picture) }
        if problem == nil { await preview() }
    }

    /// Shows a preview with the current choices.
    public func preview() async {
        await work { state = .previewing(try await authenticator.previewImport(entries, options: options)) }
    }

    /// The person's choice for one row.
    public func choose(_ choice: SameName, for row: ImportRow) async {
        choices[row.row] = choice
        await preview()
    }

    /// Imports.
    public func confirm() async {
        guard case .previewing = state else { return }
        await work {
            state = .done(try await authenticator.importAccounts(entries, options: options))
            lastImport = try await authenticator.lastImport()
        }
    }

    /// Undoes the last import.
    ///
    /// - Returns: The changes; `nil` if it failed.
    @discardableResult
    public func undo() async -> UndoReport? {
        var report: UndoReport?
        await work {
            report = try await authenticator.undoImport()
            lastImport = nil
        }
        return report
    }

    /// Starts over.
    public func startOver() {
        (entries, choices, state, problem) = (Import(), [:], .choosing, nil)
    }

    private var options: ImportOptions {
        ImportOptions(
            sameName: sameName,
            choices: choices.map { RowChoice(row: $0.key, choice: $0.value) },
            partial: isPartial
        )
    }

    private func work(_ call: () async throws -> Void) async {
        problem = nil
        do {
            try await call()
        } catch {
            problem = Problem(error)
        }
    }
}
