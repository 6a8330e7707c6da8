import Countersign
import Foundation
import Observation

/// The screen that takes accounts over from another app: it reads files, asks for passwords, shows what would come, and does it.
@MainActor
@Observable
public final class ImportModel {
    /// Where it stands.
    public enum State {
        /// Nothing was read yet.
        case choosing
        /// This file is encrypted.
        case asking(Data)
        /// What would come.
        case previewing(ImportPreview)
        /// It is done, and proven.
        case done(ImportReport)
    }

    /// Where it stands.
    public private(set) var state = State.choosing
    /// What went wrong last.
    public private(set) var problem: Problem?
    /// The last import, which can be taken back.
    public private(set) var lastImport: LastImport?
    /// What to do with entries whose name an account already has. ``preview()`` shows it.
    public var sameName = SameName.keepBoth
    /// Whether the others come although some entries can't.
    public var isPartial = false

    private let authenticator: Authenticator
    private var entries = Import()
    private var choices: [Int64: SameName] = [:]

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Finds out whether there is an import that can be taken back.
    public func load() async {
        await work { lastImport = try await authenticator.lastImport() }
    }

    /// Tells that what was picked can't be opened.
    public func noteUnreadable() {
        problem = .fileUnreadable
    }

    /// Reads one more file, and shows what would come; asks for its password first if it has one.
    public func add(_ file: Data, password: Passphrase? = nil) async {
        problem = nil
        do {
            try await entries.add(file, password: password)
        } catch let error as AuthenticatorError {
            if case .WrongKey = error { state = .asking(file) }
            // That it is encrypted is no failure; that the password is wrong is one.
            if password != nil || error.code() != "import_password_needed" { problem = Problem(error) }
            return
        } catch {
            problem = Problem(error)
            return
        }
        await preview()
    }

    /// Takes in the QR codes of one more picture, and shows what would come.
    public func add(_ picture: Picture) async {
        await work { try await entries.add(picture) }
        if problem == nil { await preview() }
    }

    /// Shows what would come, as it was chosen so far.
    public func preview() async {
        await work { state = .previewing(try await authenticator.previewImport(entries, options: options)) }
    }

    /// The person's choice for one row.
    public func choose(_ choice: SameName, for row: ImportRow) async {
        choices[row.row] = choice
        await preview()
    }

    /// Does it.
    public func confirm() async {
        guard case .previewing = state else { return }
        await work {
            state = .done(try await authenticator.importAccounts(entries, options: options))
            lastImport = try await authenticator.lastImport()
        }
    }

    /// Takes the last import back.
    ///
    /// - Returns: What that did; `nil` when it didn't work.
    @discardableResult
    public func undo() async -> UndoReport? {
        var report: UndoReport?
        await work {
            report = try await authenticator.undoImport()
            lastImport = nil
        }
        return report
    }

    /// Begins anew.
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
