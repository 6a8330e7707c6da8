import Countersign
import Foundation
import Observation

/// The screen of backups: shows when one was last verified, and creates the next.
@MainActor
@Observable
public final class BackupModel {
    /// The last verified backup; `nil` if there is none: then warn the person.
    public private(set) var last: LastBackup?
    /// What the last one restores, and notes about single accounts.
    public private(set) var rehearsal: Rehearsal?
    /// Whether a call is in progress.
    public private(set) var isBusy = false
    /// The last error.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Reads the screen's content.
    public func load() async {
        await work { last = try await authenticator.lastBackup() }
    }

    /// Makes a backup in this folder, and keeps the newest few.
    public func backUp(to folder: URL, password: Passphrase) async {
        await work {
            rehearsal = try await authenticator.backUp(to: folder, password: password).rehearsal
            last = try await authenticator.lastBackup()
        }
    }

    /// Reports that the picked file can't be opened.
    public func noteUnreadable() {
        problem = .fileUnreadable
    }

    /// Determines what a backup would restore now.
    public func check(_ file: Data, password: Passphrase) async {
        await work {
            rehearsal = try await authenticator.rehearse(file, password: password)
            last = try await authenticator.lastBackup()
        }
    }

    private func work(_ call: () async throws -> Void) async {
        (problem, isBusy) = (nil, true)
        defer { isBusy = false }
        do {
            try await call()
        } catch {
            problem = Problem(error)
        }
    }
}
