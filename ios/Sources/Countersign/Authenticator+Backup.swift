import CountersignFFI
import Foundation

extension Authenticator {
    /// Exports all accounts outside the trash, and verifies the result.
    ///
    /// It counts as a backup once it was stored, read back, and passed to ``rehearse(_:password:)``. In a plain format
    /// it contains the accounts' secrets: write it to the place that the person chose, and store it nowhere else.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)`` for a backup without a password;
    ///   ``AuthenticatorError/Vault(detail:)`` when an account with codes wouldn't come back as it is.
    public func export(_ format: ExportFormat, password: Passphrase? = nil) async throws -> ExportedFile {
        try await cancellable { try await core.export(format: format, password: password, cancel: $0) }
    }

    /// The same, to a new file, which appears completely or not at all and is verified by reading it from the disk.
    /// After a cancellation, it may appear nevertheless.
    ///
    /// - Throws: As ``export(_:password:)``; ``AuthenticatorError/Input(detail:)`` when there is such a file already, or it can't
    ///   be written; ``AuthenticatorError/Busy(detail:)`` when the disk is full.
    @discardableResult
    public func export(
        _ format: ExportFormat,
        to file: URL,
        password: Passphrase? = nil
    ) async throws -> Rehearsal {
        try await cancellable {
            try await core.exportTo(path: file.path, format: format, password: password, cancel: $0)
        }
    }

    /// Makes a backup in a folder, reads it back, and removes the oldest ones beyond `keep` once the new one is
    /// verified. After a cancellation, it may exist nevertheless: see ``lastBackup()``.
    ///
    /// A folder of another app's (`fileImporter`) is open between `startAccessingSecurityScopedResource()` and its stop.
    ///
    /// - Throws: As ``export(_:to:password:)``; older backups are then all kept.
    @discardableResult
    public func backUp(to folder: URL, password: Passphrase, keep: UInt32 = 5) async throws -> Backup {
        try await cancellable {
            try await core.backUp(folder: folder.path, password: password, keep: keep, cancel: $0)
        }
    }

    /// As ``backUp(to:password:keep:)``, in a folder without a path. After a cancellation, an unverified file may
    /// remain; no older backup is removed then.
    ///
    /// - Throws: As ``backUp(to:password:keep:)``.
    @discardableResult
    public func backUp(
        into folder: any BackupFolder,
        password: Passphrase,
        keep: UInt32 = 5
    ) async throws -> Backup {
        try await cancellable {
            try await core.backUpInto(folder: folder, password: password, keep: keep, cancel: $0)
        }
    }

    /// Determines what a file would restore of the current accounts. It changes nothing, except the time of the last
    /// verified backup if the file restores all of them.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)``: ask for the password and try again;
    ///   ``AuthenticatorError/Input(detail:)`` when the file can't be read.
    public func rehearse(_ file: Data, password: Passphrase? = nil) async throws -> Rehearsal {
        try await cancellable { try await core.rehearse(file: file, password: password, cancel: $0) }
    }

    /// The time of the last verified backup; `nil` if there is none.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func lastBackup() async throws -> LastBackup? {
        try await core.lastBackup()
    }
}
