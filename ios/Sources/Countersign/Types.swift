// The library's types, under the same names as in Rust and in Kotlin, so that an app imports only `Countersign`.

import CountersignFFI
import Foundation

// MARK: Accounts and codes

/// Identity of an account, a request or a slot: a random one. Names are never identities.
public typealias Id = CountersignFFI.Id
/// A part of a long list.
public typealias Page = CountersignFFI.Page
/// All accounts, and problems of the list, if any.
public typealias Accounts = CountersignFFI.Accounts
/// An account as a list shows it. Nothing in it is secret.
public typealias AccountSummary = CountersignFFI.AccountSummary
/// The kind of an account's codes.
public typealias CodeKind = CountersignFFI.CodeKind
/// The state of an enrolment.
public typealias BindingState = CountersignFFI.BindingState
/// What the vault says about the number of records of a kind.
public typealias Completeness = CountersignFFI.Completeness
/// An account that was added, and existing ones of the same name.
public typealias AddedAccount = CountersignFFI.AddedAccount
/// The codes at one moment.
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
/// The content of an offer, for the person to confirm.
public typealias OfferContent = CountersignFFI.OfferContent
/// An account of an offer, without its secret.
public typealias OfferedAccount = CountersignFFI.OfferedAccount
/// An exported account that can't be added, and why.
public typealias RefusedAccount = CountersignFFI.RefusedAccount
/// Collects the parts of another authenticator's export, scanned in any order.
public typealias MigrationBatch = CountersignFFI.MigrationBatch
/// Progress of scanning an export.
public typealias MigrationProgress = CountersignFFI.MigrationProgress
/// A device's description of itself at enrolment.
public typealias DeviceDescription = CountersignFFI.DeviceDescription
/// Kind of device.
public typealias Platform = CountersignFFI.Platform
/// A channel for wake-ups.
public typealias WakeUp = CountersignFFI.WakeUp
/// An enrolled device that waits for its first approval.
public typealias Enrolment = CountersignFFI.Enrolment

// MARK: Containers

/// All containers, and problems of the list, if any.
public typealias Containers = CountersignFFI.Containers
/// A privacyIDEA server's list of tokens for this phone.
public typealias Container = CountersignFFI.Container
/// A person's input that a container's code asks for: kept here, or sent.
public typealias ContainerPassphrase = CountersignFFI.ContainerPassphrase
/// The changes of a synchronisation.
public typealias ContainerSync = CountersignFFI.ContainerSync
/// A token that couldn't be added, and why.
public typealias TokenFailure = CountersignFFI.TokenFailure
/// The code with which another phone takes over a container. Its debug text doesn't show it.
public typealias ContainerTransfer = CountersignFFI.ContainerTransfer

// MARK: Scanning

/// Reads a stream of camera frames, and assembles texts in several codes. It takes a few milliseconds per frame: call
/// it on the camera's queue.
public typealias FrameScanner = CountersignFFI.FrameScanner
/// A code in a picture: it offers something, belongs to a move between two phones, is a part of a text in several codes, or does
/// none of these and says why.
public typealias ScannedCode = CountersignFFI.ScannedCode

/// A picture from the platform's own decoder: on an iPhone, `Picture(file:)` of `CountersignApple`.
public typealias Picture = CountersignFFI.Picture

/// The codes in a picture, each once; empty if none was found. For a screenshot or a photo of a QR code.
///
/// - Throws: ``AuthenticatorError/Input(detail:)`` when the picture is too large, or its size is inconsistent.
public func scanPicture(_ picture: Picture) async throws -> [ScannedCode] {
    try await CountersignFFI.scanPicture(picture: picture)
}

// MARK: Sign-ins

/// A sign-in that waits for the person. The service signed all of it; show all of it.
public typealias ApprovalRequest = CountersignFFI.ApprovalRequest
/// What an approval does.
public typealias Purpose = CountersignFFI.Purpose
/// Which matchings a request accepts.
public typealias Matching = CountersignFFI.Matching
/// The person's proof of having seen the sign-in page. Its debug text doesn't contain it.
public typealias MatchProof = CountersignFFI.MatchProof
/// The outcome of an answer.
public typealias AnswerOutcome = CountersignFFI.AnswerOutcome
/// What an answer did.
public typealias Outcome = CountersignFFI.Outcome
/// The open requests, and the services that couldn't be asked.
public typealias Requests = CountersignFFI.Requests
/// An account whose service couldn't be asked.
public typealias AccountFailure = CountersignFFI.AccountFailure
/// Requests that look alike: one row in a list.
public typealias RequestGroup = CountersignFFI.RequestGroup
/// How to reject requests.
public typealias TurnDown = CountersignFFI.TurnDown
/// The outcome of one of several rejected requests.
public typealias TurnedDown = CountersignFFI.TurnedDown
/// A pause of an account's requests: why, until when, and what helps.
public typealias AccountPause = CountersignFFI.AccountPause
/// Why an account's requests are paused.
public typealias PauseReason = CountersignFFI.PauseReason
/// Something that ends a pause, or works in spite of it.
public typealias WayOut = CountersignFFI.WayOut
/// A change of sign-ins.
public typealias RequestEvent = CountersignFFI.RequestEvent

// MARK: Import and backup

/// The entries of all files of one import. Nothing of it is stored before ``Authenticator/importAccounts(_:options:)``.
public typealias Import = CountersignFFI.Import
/// The content found in a file.
public typealias ImportedFile = CountersignFFI.ImportedFile
/// How to import.
public typealias ImportOptions = CountersignFFI.ImportOptions
/// The person's choice for one row.
public typealias RowChoice = CountersignFFI.RowChoice
/// What to do with an entry whose issuer and name an account already has, with another secret.
public typealias SameName = CountersignFFI.SameName
/// The expected outcome of every entry.
public typealias ImportPreview = CountersignFFI.ImportPreview
/// One entry. Nothing in it is secret.
public typealias ImportRow = CountersignFFI.ImportRow
/// How an entry relates to existing accounts.
public typealias RowVerdict = CountersignFFI.RowVerdict
/// A completed and verified import.
public typealias ImportReport = CountersignFFI.ImportReport
/// An entry and its outcome.
public typealias ImportedRow = CountersignFFI.ImportedRow
/// The outcome of an entry.
public typealias RowOutcome = CountersignFFI.RowOutcome
/// The last import, which can be undone.
public typealias LastImport = CountersignFFI.LastImport
/// The changes of an undo.
public typealias UndoReport = CountersignFFI.UndoReport
/// The format of an export.
public typealias ExportFormat = CountersignFFI.ExportFormat
/// An export that is yet to be stored.
public typealias ExportedFile = CountersignFFI.ExportedFile
/// What a file restores of the current accounts.
public typealias Rehearsal = CountersignFFI.Rehearsal
/// An account that a file doesn't contain completely.
public typealias LeftBehind = CountersignFFI.LeftBehind
/// Why a file doesn't contain an account completely.
public typealias LeftReason = CountersignFFI.LeftReason
/// A backup that was verified by reading it back.
public typealias Backup = CountersignFFI.Backup
/// The last verified backup.
public typealias LastBackup = CountersignFFI.LastBackup
/// A folder for backups without a path. The protocol documents its contract.
public typealias BackupFolder = CountersignFFI.BackupFolder
/// An error of such a folder.
public typealias BackupFolderError = CountersignFFI.BackupFolderError

// MARK: Another device

/// The move to a new phone in progress.
public typealias Transfer = CountersignFFI.Transfer
/// A move on the new phone.
public typealias Receiving = CountersignFFI.Receiving
/// The next step on the new phone.
public typealias ReceivingStep = CountersignFFI.ReceivingStep
/// Accounts that were stored on the new phone, and the receipt for the old one.
public typealias ReceivedAccounts = CountersignFFI.ReceivedAccounts
/// A move on the old phone.
public typealias Sending = CountersignFFI.Sending
/// The next step on the old phone.
public typealias SendingStep = CountersignFFI.SendingStep
/// Accounts that were sealed to the new phone.
public typealias ShownAccounts = CountersignFFI.ShownAccounts
/// The approval service that relays a move.
public typealias TransferRelay = CountersignFFI.TransferRelay
/// An account whose service can relay a move.
public typealias RelayAccount = CountersignFFI.RelayAccount
/// The kind of a move's code, which determines the phone that scans it.
public typealias TransferCodeKind = CountersignFFI.TransferCodeKind
/// A replacement of this device at a service.
public typealias Replacement = CountersignFFI.Replacement
/// A step of a replacement. Its debug text contains neither number nor link.
public typealias ReplacementStep = CountersignFFI.ReplacementStep
/// Another device that can approve for an account.
public typealias NewDevice = CountersignFFI.NewDevice

// MARK: The vault

/// A passphrase, or the password of a file, which is wiped when it is freed.
public typealias Passphrase = CountersignFFI.Passphrase
/// A recovery code: 160 random bits on paper.
public typealias RecoveryCode = CountersignFFI.RecoveryCode
/// A slot of a vault, for display.
public typealias KeySlot = CountersignFFI.KeySlot
/// How a slot is opened.
public typealias SlotKind = CountersignFFI.SlotKind
/// Whether a person could open the vault without this device or its key store.
public typealias Recoverability = CountersignFFI.Recoverability
/// When to ask the person for the passphrase.
public typealias PassphraseReminder = CountersignFFI.PassphraseReminder
/// The state of a vault's file, its slots and its records.
public typealias Health = CountersignFFI.Health
/// The state of the records of one kind.
public typealias KindHealth = CountersignFFI.KindHealth

// MARK: What the platform gives

/// The platform's key store for P-256 keys. The protocol documents its contract.
public typealias DeviceKeys = CountersignFFI.DeviceKeys
/// Which key of which account.
public typealias KeyName = CountersignFFI.KeyName
/// The purpose of a key, which determines the check that its use needs.
public typealias KeyRole = CountersignFFI.KeyRole
/// The content of the platform's prompt.
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
/// The time that is used, and how far the device's wall clock is off.
public typealias ClockStatus = CountersignFFI.ClockStatus
/// The source of the time.
public typealias TimeSource = CountersignFFI.TimeSource
/// A service's clock, relative to the time that is used.
public typealias ServiceClock = CountersignFFI.ServiceClock
/// The clock that the person has chosen.
public typealias ClockChoice = CountersignFFI.ClockChoice
/// An error of a clock or a log sink.
public typealias PlatformError = CountersignFFI.PlatformError

// MARK: Log

/// Receives the library's log records on a separate thread.
public typealias LogSink = CountersignFFI.LogSink
/// One log record. It never contains a secret, a URL or a name.
public typealias LogRecord = CountersignFFI.LogRecord
/// The severity of a log record.
public typealias LogLevel = CountersignFFI.LogLevel

/// Hands the library's log to `sink`, from `level` on up; without a sink nothing is logged.
public func setLogSink(_ sink: (any LogSink)?, level: LogLevel = .info) {
    CountersignFFI.setLogSink(sink: sink, level: level)
}
