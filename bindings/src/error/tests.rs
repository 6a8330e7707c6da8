//! Every error of the core has a place in the public enum, and none brings along what foreign code threw.

use std::collections::BTreeSet;

use countersign_authenticator::approvals::Unshown;
use countersign_authenticator::import::{FileKind, ImportFormat};
use countersign_authenticator::offer::OfferError;
use countersign_authenticator::otp::ParametersError;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::scan::ScanError;
use countersign_authenticator::vault::{RecordKind, SlotKind};

use super::*;

const ID: Id = Id::from_bytes([7; 16]);

/// Every error that can be made outside the core, its code, and the variant it becomes.
fn table() -> Vec<(Error, &'static str, &'static str)> {
    let record = (RecordKind::DeviceKey, ID);
    let vault = |error| Error::from(error);
    let import = |error| Error::from(error);
    let enrolled = Error::AlreadyEnrolled {
        account: ID,
        state: countersign_authenticator::approvals::BindingState::Active,
        is_trashed: false,
    };
    vec![
        (vault(VaultError::Missing), "vault_missing", "Vault"),
        (vault(VaultError::AlreadyExists), "vault_already_exists", "Vault"),
        (vault(VaultError::NotAVault), "not_a_vault", "Vault"),
        (vault(VaultError::DamagedFile), "vault_damaged", "Vault"),
        (vault(VaultError::NewerSchema { found: 9, supported: 1 }), "vault_newer_schema", "Vault"),
        (vault(VaultError::Locked), "vault_locked", "Locked"),
        (vault(VaultError::WrongKey), "vault_wrong_key", "WrongKey"),
        (vault(VaultError::NoSuchSlot), "vault_no_such_slot", "Vault"),
        (vault(VaultError::DamagedSlot(SlotKind::Passphrase)), "vault_slot_damaged", "Vault"),
        (vault(VaultError::LastSlot), "vault_last_slot", "Vault"),
        (vault(VaultError::EmptyPassphrase), "passphrase_empty", "Input"),
        (vault(VaultError::DamagedRecord { kind: record.0, id: record.1 }), "record_damaged", "Vault"),
        (vault(VaultError::NotFound { kind: record.0, id: record.1 }), "record_not_found", "Gone"),
        (
            vault(VaultError::AlreadyPresent { kind: record.0, id: record.1 }),
            "record_already_present",
            "Vault",
        ),
        (vault(VaultError::TooLarge), "record_too_large", "Input"),
        (vault(VaultError::NoCounter), "account_no_counter", "Gone"),
        (vault(VaultError::MovedAway), "account_moved_away", "Gone"),
        (vault(VaultError::DiskFull), "disk_full", "Busy"),
        (vault(VaultError::Busy), "vault_busy", "Busy"),
        (vault(VaultError::AccessDenied), "vault_access_denied", "Vault"),
        (vault(VaultError::OutOfMemory), "out_of_memory", "Busy"),
        (vault(VaultError::Storage { code: 10 }), "vault_storage", "Vault"),
        (vault(VaultError::KeyStore(KeyStoreError::Cancelled)), "key_store_cancelled", "Cancelled"),
        (KeyStoreError::Locked.into(), "key_store_locked", "KeyStore"),
        (KeyStoreError::Invalidated.into(), "key_store_invalidated", "KeyStore"),
        (KeyStoreError::NotFound.into(), "key_store_key_not_found", "KeyStore"),
        (KeyStoreError::Unavailable.into(), "key_store_unavailable", "KeyStore"),
        (OfferError::TooLong.into(), "offer_too_long", "Input"),
        (OfferError::NotAnOffer.into(), "offer_unknown", "Input"),
        (OfferError::UnsupportedType.into(), "offer_unsupported_type", "Input"),
        (OfferError::Empty.into(), "offer_empty", "Input"),
        (OfferError::UnsupportedScheme("motp").into(), "offer_unsupported_scheme", "Input"),
        (OfferError::SeveralLinks.into(), "offer_several_links", "Input"),
        (OfferError::CutShort.into(), "offer_cut_short", "Input"),
        (OfferError::SecretInName.into(), "offer_secret_in_name", "Input"),
        (OfferError::MissingSecret.into(), "offer_missing_secret", "Input"),
        (OfferError::BadSecret.into(), "offer_bad_secret", "Input"),
        (OfferError::UnsupportedAlgorithm.into(), "offer_unsupported_algorithm", "Input"),
        (OfferError::BadNumber("digits").into(), "offer_bad_number", "Input"),
        (OfferError::Contradiction("secret").into(), "offer_contradiction", "Input"),
        (OfferError::Parameters(ParametersError::Digits).into(), "offer_bad_parameters", "Input"),
        (OfferError::BadMigration.into(), "offer_bad_migration", "Input"),
        (OfferError::NewerVersion.into(), "offer_newer_version", "Input"),
        (OfferError::BrokenLink.into(), "offer_broken_link", "Input"),
        (OfferError::InsecureLink.into(), "offer_insecure_link", "Input"),
        (ScanError::BadFrame.into(), "scan_bad_frame", "Input"),
        (ScanError::TooManyPixels.into(), "scan_too_many_pixels", "Input"),
        (ScanError::FileTooLarge.into(), "scan_file_too_large", "Input"),
        (ScanError::UnknownFormat.into(), "scan_unknown_format", "Input"),
        (ScanError::BadPicture.into(), "scan_bad_picture", "Input"),
        (ScanError::PartsMissing { count: 3, missing: 1 }.into(), "scan_parts_missing", "Input"),
        (ScanError::PartsMismatched.into(), "scan_parts_mismatched", "Input"),
        (NetworkError::Unreachable.into(), "network_unreachable", "Network"),
        (NetworkError::NotSecure.into(), "network_not_secure", "Untrusted"),
        (NetworkError::TimedOut.into(), "network_timed_out", "Network"),
        (NetworkError::Interrupted.into(), "network_interrupted", "Network"),
        (NetworkError::TooLong.into(), "network_not_the_service", "Network"),
        (ReplyError::NotTheService.into(), "network_not_the_service", "Network"),
        (ReplyError::Unavailable.into(), "service_unavailable", "Network"),
        (ReplyError::Busy.into(), "service_busy", "Network"),
        (Unshown::Options.into(), "request_unshown_options", "Untrusted"),
        (Unshown::Address.into(), "request_unshown_address", "Untrusted"),
        (Unshown::Unverified.into(), "request_unshown_unverified", "Untrusted"),
        (Unshown::TooMany.into(), "request_unshown_too_many", "Untrusted"),
        (ReplyError::ServiceKeyChanged.into(), "service_key_changed", "Untrusted"),
        (ReplyError::Untrusted.into(), "service_untrusted", "Untrusted"),
        (AnswerError::NotANumber { digits: 6 }.into(), "answer_not_a_number", "Input"),
        (AnswerError::MatchNeeded.into(), "answer_match_needed", "Input"),
        (AnswerError::MatchNotAccepted.into(), "answer_match_not_accepted", "Input"),
        (AnswerError::OtherSignIn.into(), "answer_other_sign_in", "Input"),
        (AnswerError::AlreadyChosen.into(), "answer_already_chosen", "Input"),
        (ContainerError::CodeRefused.into(), "container_code_refused", "Refused"),
        (ContainerError::CodeUsed.into(), "container_code_used", "Refused"),
        (ContainerError::PassphraseNeeded.into(), "container_passphrase_needed", "Input"),
        (ContainerError::ConsentNeeded.into(), "container_consent_needed", "Input"),
        (ContainerError::NoSuchContainer.into(), "container_unknown", "Gone"),
        (ContainerError::NotRegistered.into(), "container_not_registered", "Refused"),
        (ContainerError::Moved.into(), "container_moved", "Refused"),
        (ContainerError::AddressChanged.into(), "container_address_changed", "Refused"),
        (ContainerError::Forbidden.into(), "container_forbidden", "Refused"),
        (ContainerError::Unreadable.into(), "container_unreadable", "Untrusted"),
        (ContainerError::AccountsDamaged.into(), "container_accounts_damaged", "Vault"),
        (ContainerError::Overtaken.into(), "container_overtaken", "Busy"),
        (ContainerError::Unavailable.into(), "container_unavailable", "Network"),
        (ContainerError::Refused(7).into(), "container_refused", "Refused"),
        (AnswerError::UnlockNeeded.into(), "answer_unlock_needed", "Refused"),
        (AnswerError::BiometricNeeded.into(), "answer_biometric_needed", "Refused"),
        (AnswerError::UserCheckNeeded.into(), "answer_user_check_needed", "Refused"),
        (PushError::CodeUnknown.into(), "ticket_unknown", "Refused"),
        (PushError::CodeUsed.into(), "ticket_used", "Refused"),
        (PushError::EnrolmentBroken.into(), "enrolment_broken", "Refused"),
        (PushError::DeviceUnknown.into(), "device_unknown", "Refused"),
        (PushError::Forbidden.into(), "service_forbids", "Refused"),
        (PushError::ClockOff.into(), "clock_skew", "Refused"),
        (PushError::NotTaken.into(), "answer_not_taken", "Gone"),
        (PushError::Unconfirmed.into(), "answer_unconfirmed", "Gone"),
        (PushError::Unavailable.into(), "service_unavailable", "Network"),
        (PushError::Refused(4711).into(), "service_refused", "Refused"),
        (import(ImportError::FileTooLarge), "import_file_too_large", "Input"),
        (import(ImportError::TooMuch), "import_too_much", "Input"),
        (import(ImportError::UnknownFormat), "import_unknown_format", "Input"),
        (import(ImportError::Archive), "import_archive", "Input"),
        (import(ImportError::Damaged), "import_damaged", "Input"),
        (import(ImportError::UnknownVersion(ImportFormat::Aegis)), "import_unknown_version", "Input"),
        (import(ImportError::OldVersion(ImportFormat::Aegis)), "import_old_version", "Input"),
        (import(ImportError::UnknownEncryption(ImportFormat::Aegis)), "import_unknown_encryption", "Input"),
        (import(ImportError::EmptyFile), "import_file_empty", "Input"),
        (import(ImportError::OtherFile(FileKind::Pdf)), "import_other_file", "Input"),
        (import(ImportError::PasswordNeeded(ImportFormat::Aegis)), "import_password_needed", "WrongKey"),
        (import(ImportError::WrongPassword(ImportFormat::Aegis)), "import_wrong_password", "WrongKey"),
        (import(ImportError::TooCostly(ImportFormat::Aegis)), "import_too_costly", "Input"),
        (import(ImportError::BoundToAccount(ImportFormat::Aegis)), "import_bound_to_account", "Input"),
        (import(ImportError::OutOfMemory), "out_of_memory", "Busy"),
        (import(ImportError::Empty), "import_empty", "Input"),
        (import(ImportError::IsPicture), "import_is_picture", "Input"),
        (import(ImportError::NoCode), "picture_without_code", "Input"),
        (import(ImportError::Picture(ScanError::BadPicture)), "scan_bad_picture", "Input"),
        (
            import(ImportError::IncompleteBatch { count: 2, missing: [1].into_iter().collect() }),
            "export_incomplete",
            "Input",
        ),
        (import(ImportError::MixedBatch(BatchError::Contradiction)), "export_mixed", "Input"),
        (import(ImportError::EntriesRefused(2)), "import_entries_refused", "Input"),
        (import(ImportError::NotProven), "import_not_proven", "Vault"),
        (import(ImportError::NothingToUndo), "import_nothing_to_undo", "Gone"),
        (BackupError::PasswordNeeded.into(), "backup_password_needed", "WrongKey"),
        (BackupError::AlreadyExists.into(), "backup_already_exists", "Input"),
        (BackupError::NoFolder.into(), "backup_no_folder", "Input"),
        (BackupError::AccessDenied.into(), "backup_access_denied", "Input"),
        (BackupError::DiskFull.into(), "disk_full", "Busy"),
        (BackupError::Storage.into(), "backup_storage", "Input"),
        (BackupError::OutOfMemory.into(), "out_of_memory", "Busy"),
        (BackupError::Unreadable(ImportError::Damaged).into(), "backup_unreadable", "Input"),
        (
            BackupError::Unreadable(ImportError::WrongPassword(ImportFormat::Countersign)).into(),
            "backup_unreadable",
            "WrongKey",
        ),
        (BackupError::NotProven { missing: 1 }.into(), "backup_not_proven", "Vault"),
        (TransferError::NotACode.into(), "move_not_a_code", "Input"),
        (TransferError::BadCode.into(), "move_bad_code", "Input"),
        (TransferError::UnknownVersion.into(), "move_unknown_version", "Input"),
        (TransferError::OtherMove.into(), "move_other", "Input"),
        (TransferError::OutOfTurn.into(), "move_out_of_turn", "Input"),
        (TransferError::SecondAnswer.into(), "move_second_answer", "Untrusted"),
        (TransferError::Altered.into(), "move_altered", "Untrusted"),
        (TransferError::CheckValueDiffers.into(), "move_check_value_differs", "Input"),
        (TransferError::UnderWay.into(), "move_under_way", "Input"),
        (TransferError::NotUnderWay.into(), "move_not_under_way", "Gone"),
        (TransferError::NothingToMove.into(), "move_nothing", "Input"),
        (TransferError::TooMuch.into(), "move_too_much", "Input"),
        (TransferError::Incomplete(3).into(), "move_incomplete", "Input"),
        (TransferError::BadRelay.into(), "move_bad_relay", "Input"),
        (TransferError::NoRelay.into(), "move_no_relay", "Input"),
        (TransferError::RelayAltered.into(), "move_relay_altered", "Untrusted"),
        (TransferError::RelayOver.into(), "move_relay_over", "Gone"),
        (TransferError::NotProven.into(), "move_not_proven", "Untrusted"),
        (Error::NotAble, "account_not_able", "Refused"),
        (Error::NoSuchAccount, "account_unknown", "Gone"),
        (Error::NoSuchClock, "clock_unknown", "Gone"),
        (Error::NoSuchRequest, "request_unknown", "Gone"),
        (enrolled, "account_already_enrolled", "Refused"),
        (Error::NotEnrolled, "account_not_enrolled", "Gone"),
        (Error::NoCodeOnRequest, "account_no_code_on_request", "Gone"),
        (Error::Unacceptable, "input_unacceptable", "Input"),
    ]
}

/// The refusals of a service. They can't be made outside the core; the shells' tests meet them against a real service.
const REFUSALS: &[&str] = &[
    "ticket_unknown",
    "ticket_expired",
    "ticket_used",
    "service_key_changed",
    "clock_skew",
    "device_revoked",
    "request_expired",
    "request_already_answered",
    "account_throttled",
    "device_name_refused",
    "move_relay_refused",
    "service_unavailable",
    "service_refused",
];

/// Why one entry isn't imported: a row's reason, and no error.
const ENTRIES: &[(EntryError, &str)] = &[
    (EntryError::Offer(OfferError::BadSecret), "offer_bad_secret"),
    (EntryError::Malformed, "import_entry_malformed"),
    (EntryError::Sealed, "import_entry_sealed"),
    (EntryError::Approvals, "import_entry_approvals"),
];

fn variant(error: &AuthenticatorError) -> &'static str {
    match error {
        AuthenticatorError::Cancelled { .. } => "Cancelled",
        AuthenticatorError::Locked { .. } => "Locked",
        AuthenticatorError::WrongKey { .. } => "WrongKey",
        AuthenticatorError::Vault { .. } => "Vault",
        AuthenticatorError::KeyStore { .. } => "KeyStore",
        AuthenticatorError::Input { .. } => "Input",
        AuthenticatorError::Network { .. } => "Network",
        AuthenticatorError::Untrusted { .. } => "Untrusted",
        AuthenticatorError::Refused { .. } => "Refused",
        AuthenticatorError::Gone { .. } => "Gone",
        AuthenticatorError::Busy { .. } => "Busy",
    }
}

#[test]
fn every_error_becomes_the_variant_that_says_what_to_do() {
    for (error, code, expected) in table() {
        let text = error.to_string();
        let public = AuthenticatorError::from(error);
        assert_eq!((public.code().as_str(), variant(&public)), (code, expected));
        assert_eq!(public.describe(), text, "{code}");
    }
}

/// Reads the codes out of the core's sources, since an enum from another crate can't be listed.
#[test]
fn no_code_of_the_core_is_missing_in_the_table() {
    let sources = [
        include_str!("../../../core/authenticator/src/approvals/privacyidea/container/error.rs"),
        include_str!("../../../core/authenticator/src/approvals/answer.rs"),
        include_str!("../../../core/authenticator/src/approvals/privacyidea/error.rs"),
        include_str!("../../../core/authenticator/src/approvals/reply_error.rs"),
        include_str!("../../../core/authenticator/src/approvals/unshown.rs"),
        include_str!("../../../core/authenticator/src/client/mod.rs"),
        include_str!("../../../core/authenticator/src/error.rs"),
        include_str!("../../../core/authenticator/src/backup/error.rs"),
        include_str!("../../../core/offer/src/exports/error.rs"),
        include_str!("../../../core/authenticator/src/key_store.rs"),
        include_str!("../../../core/authenticator/src/transfer/error.rs"),
        include_str!("../../../core/authenticator/src/vault/error.rs"),
        include_str!("../../../core/scan/src/error.rs"),
        include_str!("../../../core/offer/src/error.rs"),
    ];
    let core: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()))
        .collect();
    let entries = ENTRIES.iter().map(|(_, code)| *code);
    let known: BTreeSet<&str> =
        table().iter().map(|(_, code, _)| *code).chain(REFUSALS.iter().copied()).chain(entries).collect();
    assert_eq!(core, known);
}

#[test]
fn why_an_entry_is_left_out_has_a_code_and_a_text() {
    for (error, code) in ENTRIES {
        let detail = ErrorDetail::from(*error);
        assert_eq!((detail.code.as_str(), detail.description), (*code, error.to_string()));
    }
}

#[test]
fn the_number_in_a_text_is_there_for_translations() {
    let number = AuthenticatorError::from(Error::from(AnswerError::NotANumber { digits: 6 }));
    assert_eq!(number.parameter(), Some(6));
    let length = AuthenticatorError::from(RecoveryCodeError::Length { found: 12 });
    assert_eq!((length.code().as_str(), length.parameter()), ("recovery_code_length", Some(12)));
    let refused = AuthenticatorError::from(Error::from(ImportError::EntriesRefused(3)));
    let incomplete =
        Error::from(ImportError::IncompleteBatch { count: 5, missing: [1, 3].into_iter().collect() });
    let lost = AuthenticatorError::from(Error::from(BackupError::NotProven { missing: 4 }));
    let incomplete = AuthenticatorError::from(incomplete);
    assert_eq!([refused, incomplete, lost].map(|error| error.parameter()), [Some(3), Some(2), Some(4)]);
    let parts = AuthenticatorError::from(Error::from(TransferError::Incomplete(5)));
    assert_eq!(parts.parameter(), Some(5));
    assert_eq!(AuthenticatorError::from(Error::NoSuchAccount).parameter(), None);
}

#[test]
fn what_foreign_code_threw_goes_no_further() {
    let thrown = || UnexpectedUniFFICallbackError::new("planted-canary at Secret.kt:7");
    assert_eq!(PlatformKeyError::from(thrown()), PlatformKeyError::Unavailable);
    assert_eq!(PlatformError::from(thrown()), PlatformError::Failed);
}

#[test]
fn debug_output_is_the_code_alone() {
    let error = AuthenticatorError::from(Error::NoSuchAccount);
    assert_eq!(format!("{error:?}"), "AuthenticatorError(account_unknown)");
}
