// The library's own types, under the same names as in Rust and in Kotlin, so that an app imports `Countersign` alone.

import CountersignFFI
import Foundation

// MARK: Accounts and codes

/// Identity of an account, a request or a slot: a random one. Names are never identities.
public typealias Id = CountersignFFI.Id
/// A part of a long list.
public typealias Page = CountersignFFI.Page
/// All accounts, and what is wrong with the list if anything is.
public typealias Accounts = CountersignFFI.Accounts
/// An account as a list shows it. Nothing in it is secret.
public typealias AccountSummary = CountersignFFI.AccountSummary
/// What codes an account has.
public typealias CodeKind = CountersignFFI.CodeKind
/// Where an enrolment stands.
public typealias BindingState = CountersignFFI.BindingState
/// What the vault says about the number of records of a kind.
public typealias Completeness = CountersignFFI.Completeness
/// An account that was added, and those of the same name that were there before.
public typealias AddedAccount = CountersignFFI.AddedAccount
/// The codes of one moment.
public typealias Codes = CountersignFFI.Codes
/// An account's code.
public typealias AccountCode = CountersignFFI.AccountCode
/// What to show for an account. Its debug text has no code in it.
public typealias ShownCode = CountersignFFI.ShownCode
/// Why an account's service refuses its codes.
public typealias CodeRefusal = CountersignFFI.CodeRefusal
/// Whether the device's clock was corrected for a code, and by whom.
public typealias Correction = CountersignFFI.Correction

// MARK: Offers and enrolment

/// What a scanned or pasted text offers, with its secrets inside; they stay in Rust.
public typealias Offer = CountersignFFI.Offer
/// What an offer is, for the person to confirm.
public typealias OfferContent = CountersignFFI.OfferContent
/// An account of an offer, without its secret.
public typealias OfferedAccount = CountersignFFI.OfferedAccount
/// An exported account that can't be added, and why.
public typealias RefusedAccount = CountersignFFI.RefusedAccount
/// Collects the parts of another authenticator's export, scanned in any order.
public typealias MigrationBatch = CountersignFFI.MigrationBatch
/// How far an export has been scanned.
public typealias MigrationProgress = CountersignFFI.MigrationProgress
/// What a device says of itself when it enrols.
public typealias DeviceDescription = CountersignFFI.DeviceDescription
/// Kind of device.
public typealias Platform = CountersignFFI.Platform
/// A channel that can tell a device to fetch.
public typealias WakeUp = CountersignFFI.WakeUp
/// A device whose keys are bound, and that waits for its first approval.
public typealias Enrolment = CountersignFFI.Enrolment

// MARK: Containers

/// All containers, and what is wrong with the list if anything is.
public typealias Containers = CountersignFFI.Containers
/// A privacyIDEA server's list of tokens for this phone.
public typealias Container = CountersignFFI.Container
/// What a person has entered because a container's code asks for it: kept here, or sent.
public typealias ContainerPassphrase = CountersignFFI.ContainerPassphrase
/// What a synchronisation has changed.
public typealias ContainerSync = CountersignFFI.ContainerSync
/// A token that didn't come, and why.
public typealias TokenFailure = CountersignFFI.TokenFailure
/// The code by which another phone takes a container over. Its debug text doesn't show it.
public typealias ContainerTransfer = CountersignFFI.ContainerTransfer

// MARK: Scanning

/// Reads a stream of camera frames, and puts together what is spread over several codes. It takes a few milliseconds a frame:
/// call it on the camera's queue.
public typealias FrameScanner = CountersignFFI.FrameScanner
/// A code in a picture: it offers something, belongs to a move between two phones, is a part of a text in several codes, or does
/// none of these and says why.
public typealias ScannedCode = CountersignFFI.ScannedCode

/// A picture as the platform's own decoder gives it: on an iPhone, `Picture(file:)` of `CountersignApple`.
public typealias Picture = CountersignFFI.Picture

/// The codes in a picture, each once; empty if none was found. For a screenshot or a photo of a QR code.
///
/// - Throws: ``AuthenticatorError/Input(detail:)`` when the picture is too large, or isn't what its numbers say.
public func scanPicture(_ picture: Picture) async throws -> [ScannedCode] {
    try await CountersignFFI.scanPicture(picture: picture)
}

// MARK: Sign-ins

/// A sign-in that waits for the person. All of it was signed by the service; show all of it.
public typealias ApprovalRequest = CountersignFFI.ApprovalRequest
/// What an approval does.
public typealias Purpose = CountersignFFI.Purpose
/// Which matchings a request accepts.
public typealias Matching = CountersignFFI.Matching
/// How the person proves to have seen the sign-in page. Its debug text doesn't say what.
public typealias MatchProof = CountersignFFI.MatchProof
/// What became of an answer.
public typealias AnswerOutcome = CountersignFFI.AnswerOutcome
/// What an answer did.
public typealias Outcome = CountersignFFI.Outcome
/// What is open, and which services couldn't be asked.
public typealias Requests = CountersignFFI.Requests
/// An account whose service couldn't be asked.
public typealias AccountFailure = CountersignFFI.AccountFailure
/// Requests that look alike: one row in a list.
public typealias RequestGroup = CountersignFFI.RequestGroup
/// How requests are turned down.
public typealias TurnDown = CountersignFFI.TurnDown
/// What became of one of the requests that were turned down together.
public typealias TurnedDown = CountersignFFI.TurnedDown
/// That an account's requests don't come by themselves: why, until when, and what helps.
public typealias AccountPause = CountersignFFI.AccountPause
/// Why an account's requests don't come by themselves.
public typealias PauseReason = CountersignFFI.PauseReason
/// What ends a pause, or works in spite of it.
public typealias WayOut = CountersignFFI.WayOut
/// Something about sign-ins that has changed.
public typealias RequestEvent = CountersignFFI.RequestEvent

// MARK: Import and backup

/// The entries of all files of one import. Nothing of it is stored before ``Authenticator/importAccounts(_:options:)``.
public typealias Import = CountersignFFI.Import
/// What was found in a file.
public typealias ImportedFile = CountersignFFI.ImportedFile
/// How to import.
public typealias ImportOptions = CountersignFFI.ImportOptions
/// The person's choice for one row.
public typealias RowChoice = CountersignFFI.RowChoice
/// What to do with an entry whose issuer and name an account already has, with another secret.
public typealias SameName = CountersignFFI.SameName
/// What would become of every entry.
public typealias ImportPreview = CountersignFFI.ImportPreview
/// One entry. Nothing in it is secret.
public typealias ImportRow = CountersignFFI.ImportRow
/// How an entry stands to the accounts that are there.
public typealias RowVerdict = CountersignFFI.RowVerdict
/// An import that was done, and proven.
public typealias ImportReport = CountersignFFI.ImportReport
/// An entry, and what became of it.
public typealias ImportedRow = CountersignFFI.ImportedRow
/// What became of an entry.
public typealias RowOutcome = CountersignFFI.RowOutcome
/// The last import, which can be undone.
public typealias LastImport = CountersignFFI.LastImport
/// What undoing did.
public typealias UndoReport = CountersignFFI.UndoReport
/// How an export is written.
public typealias ExportFormat = CountersignFFI.ExportFormat
/// An export that is yet to be stored.
public typealias ExportedFile = CountersignFFI.ExportedFile
/// What a file restores of the accounts that there are.
public typealias Rehearsal = CountersignFFI.Rehearsal
/// An account of which a file doesn't hold all.
public typealias LeftBehind = CountersignFFI.LeftBehind
/// Why a file doesn't hold all of an account.
public typealias LeftReason = CountersignFFI.LeftReason
/// A backup that was proven by reading it back.
public typealias Backup = CountersignFFI.Backup
/// The last backup that was proven.
public typealias LastBackup = CountersignFFI.LastBackup
/// A folder for backups that has no path. Its contract is with the protocol.
public typealias BackupFolder = CountersignFFI.BackupFolder
/// Why such a folder didn't do what it was asked to.
public typealias BackupFolderError = CountersignFFI.BackupFolderError

// MARK: Another device

/// The move to a new phone that is under way.
public typealias Transfer = CountersignFFI.Transfer
/// A move as the new phone sees it.
public typealias Receiving = CountersignFFI.Receiving
/// What comes next on the new phone.
public typealias ReceivingStep = CountersignFFI.ReceivingStep
/// Accounts that were stored on the new phone, and the receipt for the old one.
public typealias ReceivedAccounts = CountersignFFI.ReceivedAccounts
/// A move as the old phone sees it.
public typealias Sending = CountersignFFI.Sending
/// What comes next on the old phone.
public typealias SendingStep = CountersignFFI.SendingStep
/// Accounts that were sealed to the new phone.
public typealias ShownAccounts = CountersignFFI.ShownAccounts
/// The approval service that a move goes over.
public typealias TransferRelay = CountersignFFI.TransferRelay
/// An account whose service can carry a move.
public typealias RelayAccount = CountersignFFI.RelayAccount
/// What a code of a move is, and so which phone scans it.
public typealias TransferCodeKind = CountersignFFI.TransferCodeKind
/// A device that is to take this one's place at a service.
public typealias Replacement = CountersignFFI.Replacement
/// How far that device is. Its debug text has neither number nor link in it.
public typealias ReplacementStep = CountersignFFI.ReplacementStep
/// A device that can approve for an account beside this one.
public typealias NewDevice = CountersignFFI.NewDevice

// MARK: The vault

/// A passphrase, or the password of a file, taken in once and wiped when it is freed.
public typealias Passphrase = CountersignFFI.Passphrase
/// A recovery code: 160 random bits on paper.
public typealias RecoveryCode = CountersignFFI.RecoveryCode
/// A slot of a vault, as a person may see it.
public typealias KeySlot = CountersignFFI.KeySlot
/// How a slot is opened.
public typealias SlotKind = CountersignFFI.SlotKind
/// Whether a person could open the vault if this device, or its key store, were gone.
public typealias Recoverability = CountersignFFI.Recoverability
/// When the person is to be asked for the passphrase.
public typealias PassphraseReminder = CountersignFFI.PassphraseReminder
/// The state of a vault's file, its slots and its records.
public typealias Health = CountersignFFI.Health
/// The state of the records of one kind.
public typealias KindHealth = CountersignFFI.KindHealth

// MARK: What the platform gives

/// The platform's key store for P-256 keys. Its contract is with the protocol.
public typealias DeviceKeys = CountersignFFI.DeviceKeys
/// Which key of which account.
public typealias KeyName = CountersignFFI.KeyName
/// What a key is for, and so what its use needs.
public typealias KeyRole = CountersignFFI.KeyRole
/// What a person is told by the platform's prompt.
public typealias Prompt = CountersignFFI.Prompt
/// How a device checks the person before it signs.
public typealias UserCheck = CountersignFFI.UserCheck
/// The platform's key store, as the vault uses it.
public typealias VaultKeyStore = CountersignFFI.VaultKeyStore
/// Why the platform's key store didn't use a key: what the two protocols above throw.
public typealias PlatformKeyError = CountersignFFI.PlatformKeyError
/// The device's clocks.
public typealias DeviceClock = CountersignFFI.DeviceClock
/// One reading of the device's clocks.
public typealias ClockReading = CountersignFFI.ClockReading
/// The time that counts, and how far the device's wall clock is off it.
public typealias ClockStatus = CountersignFFI.ClockStatus
/// How the time is known.
public typealias TimeSource = CountersignFFI.TimeSource
/// A service's clock, beside the time that is used.
public typealias ServiceClock = CountersignFFI.ServiceClock
/// Whose clock is right, as the person says.
public typealias ClockChoice = CountersignFFI.ClockChoice
/// Why a clock or a log sink didn't do its work.
public typealias PlatformError = CountersignFFI.PlatformError

// MARK: Log

/// Takes the library's log records, on a thread of its own.
public typealias LogSink = CountersignFFI.LogSink
/// One log record. There is never a secret, a URL or a name in it.
public typealias LogRecord = CountersignFFI.LogRecord
/// How serious a log record is.
public typealias LogLevel = CountersignFFI.LogLevel

/// Hands the library's log to `sink`, from `level` on up; without a sink nothing is logged any more.
public func setLogSink(_ sink: (any LogSink)?, level: LogLevel = .info) {
    CountersignFFI.setLogSink(sink: sink, level: level)
}
