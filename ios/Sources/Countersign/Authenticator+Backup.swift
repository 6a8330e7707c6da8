import CountersignFFI
import Foundation

extension Authenticator {
    /// Writes all accounts that aren't in the trash, and rehearses the result.
    ///
    /// It counts as a backup once it was stored, read again from there, and that given to ``rehearse(_:password:)``. In a plain
    /// format its content holds the accounts' secrets: write it where the person said, and keep it nowhere else.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)`` for a backup without a password;
    ///   ``AuthenticatorError/Vault(detail:)`` when an account with codes wouldn't come back as it is.
    public func export(_ format: ExportFormat, password: Passphrase? = nil) async throws -> ExportedFile {
        try await cancellable { try await core.export(format: format, password: password, cancel: $0) }
    }

    /// The same into a new file, which appears whole or not at all and is rehearsed from what is on the disk. Cancelled, it may
    /// appear nevertheless.
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

    /// Makes a backup in a folder, reads it back from there, and removes the oldest ones beyond `keep` once the new one is
    /// proven. Cancelled, it may be made nevertheless: ``lastBackup()`` tells.
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

    /// As ``backUp(to:password:keep:)``, in a folder that has no path. Cancelled, it may leave a file that wasn't read back; no
    /// older backup is removed then.
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

    /// What a file would restore of the accounts that there are now. Changes nothing but, when it is a backup that restores all of
    /// them, the time at which one was last proven.
    ///
    /// - Throws: ``AuthenticatorError/WrongKey(detail:)``: ask for the password and try again;
    ///   ``AuthenticatorError/Input(detail:)`` when the file can't be read.
    public func rehearse(_ file: Data, password: Passphrase? = nil) async throws -> Rehearsal {
        try await cancellable { try await core.rehearse(file: file, password: password, cancel: $0) }
    }

    /// When a backup was last proven; `nil` if none ever was.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func lastBackup() async throws -> LastBackup? {
        try await core.lastBackup()
    }
}
