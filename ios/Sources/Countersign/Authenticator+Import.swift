import CountersignFFI
import Foundation

extension Import {
    /// Reads another file: an app's export, a list of `otpauth` links, a backup. Its content determines the format.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)``: ask for the password and try again;
    ///   ``AuthenticatorError/Input(detail:)`` says why it can't be read. The import stays as it was.
    @discardableResult
    public func add(_ file: Data, password: Passphrase? = nil) async throws -> ImportedFile {
        try await cancellable { try await addFile(file: file, password: password, cancel: $0) }
    }

    /// Reads the QR codes of a picture: accounts, or a part of an export or of a text in several codes.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when there is no such code in it; the import stays as it was.
    @discardableResult
    public func add(_ picture: Picture) async throws -> ImportedFile {
        try await addPicture(picture: picture)
    }

    /// Adds a scanned offer: an account's codes, or a part of an export in several QR codes.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` for an offer of another kind; the import stays as it was.
    @discardableResult
    public func add(_ offer: Offer) async throws -> ImportedFile {
        try await addOffer(offer: offer)
    }
}

extension Authenticator {
    /// The effect that ``importAccounts(_:options:)`` would have on every entry. Changes nothing.
    ///
    /// - Parameters:
    ///   - options: By default, both accounts of the same name are kept, and all entries are imported or none.
    ///   - page: The requested part; without it, all rows.
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when there is no entry, or parts of an export are missing.
    public func previewImport(
        _ entries: Import,
        options: ImportOptions? = nil,
        page: Page? = nil
    ) async throws -> ImportPreview {
        try await core.previewImport(import: entries, options: options, page: page)
    }

    /// Imports everything or nothing. It returns only after everything was read back from the vault and compared with
    /// the files.
    ///
    /// - Throws: As ``previewImport(_:options:page:)``; ``AuthenticatorError/Input(detail:)`` with the code
    ///   `import_entries_refused` when some entries can't be imported and all were wanted. Nothing was changed.
    @discardableResult
    public func importAccounts(_ entries: Import, options: ImportOptions? = nil) async throws -> ImportReport {
        try await changing { try await core.importAccounts(import: entries, options: options) }
    }

    /// The import that ``undoImport()`` would undo, if any.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func lastImport() async throws -> LastImport? {
        try await core.lastImport()
    }

    /// Undoes the last import in one step: added accounts go to the trash, and replaced ones are restored.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is nothing to undo.
    @discardableResult
    public func undoImport() async throws -> UndoReport {
        try await changing { try await core.undoImport() }
    }
}
