import Countersign
import Foundation
import Observation

/// The screen of backups: when one was last proven, and making the next.
@MainActor
@Observable
public final class BackupModel {
    /// The last backup that was proven; `nil` if none ever was, which is worth telling the person.
    public private(set) var last: LastBackup?
    /// What the last one restores, and what is to be said about single accounts.
    public private(set) var rehearsal: Rehearsal?
    /// Whether a call is under way.
    public private(set) var isBusy = false
    /// What went wrong last.
    public private(set) var problem: Problem?

    private let authenticator: Authenticator

    public init(_ authenticator: Authenticator) {
        self.authenticator = authenticator
    }

    /// Reads what the screen shows.
    public func load() async {
        await work { last = try await authenticator.lastBackup() }
    }

    /// Makes a backup in this folder, of which the newest few are kept.
    public func backUp(to folder: URL, password: Passphrase) async {
        await work {
            rehearsal = try await authenticator.backUp(to: folder, password: password).rehearsal
            last = try await authenticator.lastBackup()
        }
    }

    /// Tells that what was picked can't be opened.
    public func noteUnreadable() {
        problem = .fileUnreadable
    }

    /// Finds out what a backup would restore now.
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
