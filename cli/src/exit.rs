//! Exit codes. Scripts rely on them, so none ever changes its meaning.

use std::fmt::Write as _;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Unexpected,
    Usage,
    Refused,
    Network,
    Locked,
    Damaged,
    NothingThere,
    WrongNumber,
    Input,
    Untrusted,
    Storage,
    Unhealthy,
    Cancelled,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn number(self) -> u8 {
        ROWS.iter().find(|row| row.exit == self).map_or(1, |row| row.number)
    }

    /// The exit code for a failure's stable name.
    pub(crate) fn of(code: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.codes.contains(&code)).map(|row| row.exit)
    }
}

/// The table as `--help` shows it.
pub(crate) fn help() -> String {
    let mut text = "Exit codes:".to_owned();
    for row in ROWS {
        let _ = write!(text, "\n  {:>3}  {}", row.number, row.meaning);
    }
    text
}

struct Row {
    exit: Exit,
    number: u8,
    meaning: &'static str,
    /// The names of the failures with this exit code.
    codes: &'static [&'static str],
}

/// Every failure of the core and of this shell is listed here; a test checks the table against the sources.
const ROWS: &[Row] = &[
    Row { exit: Exit::Ok, number: 0, meaning: "success", codes: &[] },
    Row {
        exit: Exit::Unexpected,
        number: 1,
        meaning: "internal error",
        codes: &[
            "unexpected",
            "out_of_memory",
            "record_already_present",
            "record_too_large",
            "import_not_proven",
            "backup_not_proven",
        ],
    },
    Row {
        exit: Exit::Usage,
        number: 2,
        meaning: "invalid or missing arguments",
        codes: &[
            "usage",
            "ambiguous",
            "number_needed",
            "confirmation_needed",
            "answer_not_a_number",
            "answer_match_needed",
            "answer_match_not_accepted",
            "answer_already_chosen",
            "container_passphrase_needed",
            "container_consent_needed",
            "answer_user_check_needed",
            "answer_unlock_needed",
            "answer_biometric_needed",
            "account_no_code_on_request",
            "account_not_able",
            "account_no_counter",
            "account_moved_away",
            "account_not_in_trash",
            "account_no_codes",
            "account_not_moved",
            "name_empty",
            "name_too_long",
            "name_control_character",
            "name_direction_mark",
            "name_invisible_character",
            "vault_is_folder",
            "vault_not_a_file",
            "move_out_of_turn",
            "move_under_way",
            "move_no_relay",
            "move_check_value_differs",
            "input_unacceptable",
            "passphrase_empty",
            "passphrase_too_short",
            "import_password_needed",
            "backup_password_needed",
            "backup_already_exists",
            "import_entries_refused",
            "vault_already_exists",
            "vault_last_slot",
        ],
    },
    Row {
        exit: Exit::Refused,
        number: 3,
        meaning: "the approval service refused the request",
        codes: &[
            "ticket_unknown",
            "ticket_expired",
            "ticket_used",
            "clock_skew",
            "device_revoked",
            "device_unknown",
            "enrolment_broken",
            "service_forbids",
            "answer_not_taken",
            "answer_unconfirmed",
            "replacement_ended",
            "activation_failed",
            "requests_stopped",
            "account_already_enrolled",
            "request_already_answered",
            "account_throttled",
            "device_name_refused",
            "service_refused",
            "move_relay_refused",
            "container_code_refused",
            "container_code_used",
            "container_not_registered",
            "container_moved",
            "container_address_changed",
            "container_forbidden",
            "container_refused",
        ],
    },
    Row {
        exit: Exit::Network,
        number: 4,
        meaning: "the approval service can't be reached",
        codes: &[
            "network_unreachable",
            "network_timed_out",
            "network_interrupted",
            "network_not_the_service",
            "service_unavailable",
            "service_busy",
            "container_unavailable",
        ],
    },
    Row {
        exit: Exit::Locked,
        number: 5,
        meaning: "the vault is locked: no passphrase, or a wrong one",
        codes: &[
            "passphrase_needed",
            "vault_locked",
            "vault_wrong_key",
            "vault_no_such_slot",
            "vault_slot_gone",
            "recovery_code_length",
            "recovery_code_symbol",
            "recovery_code_check",
            "key_store_cancelled",
            "key_store_locked",
            "key_store_invalidated",
            "key_store_key_not_found",
            "key_store_unavailable",
        ],
    },
    Row {
        exit: Exit::Damaged,
        number: 6,
        meaning: "the vault or its content is damaged or from a newer version",
        codes: &[
            "not_a_vault",
            "vault_damaged",
            "vault_newer_schema",
            "vault_slot_damaged",
            "record_damaged",
            "record_not_found",
            "container_accounts_damaged",
        ],
    },
    Row {
        exit: Exit::NothingThere,
        number: 7,
        meaning: "no such vault, account or request, or none arrived in time",
        codes: &[
            "vault_missing",
            "account_unknown",
            "account_not_enrolled",
            "account_not_active",
            "account_removed",
            "account_in_trash",
            "account_not_resting",
            "vault_link_broken",
            "request_unknown",
            "clock_unknown",
            "request_expired",
            "requests_none",
            "requests_none_in_time",
            "container_unknown",
            "import_nothing_to_undo",
            "move_not_under_way",
            "move_nothing",
            "move_relay_over",
        ],
    },
    Row {
        exit: Exit::WrongNumber,
        number: 8,
        meaning: "the number or the scanned code doesn't match the sign-in page",
        codes: &["wrong_number", "answer_other_sign_in"],
    },
    Row {
        exit: Exit::Input,
        number: 9,
        meaning: "the picture, link or file can't be used",
        codes: &[
            "file_unreadable",
            "file_unwritable",
            "file_too_large",
            "certificate_bad",
            "picture_without_code",
            "not_a_sign_in_code",
            "not_one_time_codes",
            "export_incomplete",
            "export_mixed",
            "scan_bad_frame",
            "scan_too_many_pixels",
            "scan_file_too_large",
            "scan_unknown_format",
            "scan_bad_picture",
            "scan_parts_missing",
            "scan_parts_mismatched",
            "offer_too_long",
            "offer_unknown",
            "offer_unsupported_type",
            "offer_empty",
            "offer_unsupported_scheme",
            "offer_several_links",
            "offer_cut_short",
            "offer_secret_in_name",
            "offer_missing_secret",
            "offer_bad_secret",
            "offer_unsupported_algorithm",
            "offer_bad_number",
            "offer_contradiction",
            "offer_bad_parameters",
            "offer_bad_migration",
            "offer_newer_version",
            "offer_broken_link",
            "offer_insecure_link",
            "backup_no_folder",
            "backup_unreadable",
            "import_file_too_large",
            "import_too_much",
            "import_unknown_format",
            "import_archive",
            "import_is_picture",
            "import_damaged",
            "import_unknown_version",
            "import_old_version",
            "import_unknown_encryption",
            "import_file_empty",
            "import_other_file",
            "import_wrong_password",
            "import_too_costly",
            "import_bound_to_account",
            "import_empty",
            "import_entry_approvals",
            "import_entry_malformed",
            "import_entry_sealed",
            "move_not_a_code",
            "move_bad_code",
            "move_bad_relay",
            "move_unknown_version",
            "move_other",
            "move_too_much",
            "move_incomplete",
        ],
    },
    Row {
        exit: Exit::Untrusted,
        number: 10,
        meaning: "the service or the connection can't be trusted; nothing was changed",
        codes: &[
            "network_not_secure",
            "service_key_changed",
            "service_untrusted",
            "request_unshown_options",
            "request_unshown_address",
            "request_unshown_unverified",
            "request_unshown_too_many",
            "container_unreadable",
            "move_second_answer",
            "move_altered",
            "move_relay_altered",
            "move_not_proven",
        ],
    },
    Row {
        exit: Exit::Storage,
        number: 11,
        meaning: "the vault can't be read or written: disk full, busy, or no access",
        codes: &[
            "disk_full",
            "vault_busy",
            "vault_access_denied",
            "vault_storage",
            "container_overtaken",
            "backup_access_denied",
            "backup_storage",
        ],
    },
    Row { exit: Exit::Unhealthy, number: 12, meaning: "doctor found a problem", codes: &["unhealthy"] },
    Row { exit: Exit::Cancelled, number: 130, meaning: "cancelled", codes: &["cancelled"] },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The sources in which failures get their names: `Variant => "name"`.
    const SOURCES: &[&str] = &[
        include_str!("failure.rs"),
        include_str!("../../core/authenticator/src/approvals/privacyidea/container/error.rs"),
        include_str!("../../core/authenticator/src/approvals/answer.rs"),
        include_str!("../../core/authenticator/src/approvals/privacyidea/error.rs"),
        include_str!("../../core/authenticator/src/approvals/reply_error.rs"),
        include_str!("../../core/authenticator/src/approvals/unshown.rs"),
        include_str!("../../core/authenticator/src/client/mod.rs"),
        include_str!("../../core/authenticator/src/error.rs"),
        include_str!("../../core/authenticator/src/backup/error.rs"),
        include_str!("../../core/offer/src/exports/error.rs"),
        include_str!("../../core/authenticator/src/key_store.rs"),
        include_str!("../../core/authenticator/src/transfer/error.rs"),
        include_str!("../../core/authenticator/src/vault/error.rs"),
        include_str!("../../core/scan/src/error.rs"),
        include_str!("../../core/offer/src/error.rs"),
    ];

    fn codes_in(source: &str) -> impl Iterator<Item = &str> {
        let arms = source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
        arms.filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
    }

    #[test]
    fn every_failure_that_the_sources_name_has_an_exit_code() {
        let codes: BTreeSet<_> = SOURCES.iter().flat_map(|source| codes_in(source)).collect();
        assert!(codes.len() > 40, "the sources were read: {codes:?}");
        let missing: Vec<_> = codes.iter().filter(|code| Exit::of(code).is_none()).collect();
        assert!(missing.is_empty(), "without an exit code: {missing:?}");
    }

    #[test]
    fn no_number_and_no_failure_is_there_twice() {
        let numbers: BTreeSet<_> = ROWS.iter().map(|row| row.number).collect();
        assert_eq!(numbers.len(), ROWS.len());
        let codes: Vec<_> = ROWS.iter().flat_map(|row| row.codes).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let documentation = include_str!("../../docs/cli.md");
        for row in ROWS {
            let line = format!("| {} | {} |", row.number, row.meaning);
            assert!(documentation.contains(&line), "docs/cli.md has no line {line:?}");
            for code in row.codes {
                assert!(documentation.contains(&format!("`{code}`")), "docs/cli.md doesn't name {code}");
            }
        }
    }
}
