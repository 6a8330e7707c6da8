//! The real core and command line as the phone of a real privacyIDEA server.
//!
//! A server takes seconds to start, so one serves all of these tests, one after another. Where it can't be installed,
//! since PyPI can't be reached, each test says by name that it was skipped.

mod answering;
mod command_line;
mod containers;
mod enrolling;
mod key_store;
mod lost;
mod refused;
mod storms;
mod twins;
mod unlock;
mod unshown;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use countersign_authenticator::Error;
use countersign_authenticator::approvals::ApprovalRequest;
use countersign_authenticator::protocol::Id;
use countersign_tests::{Failure, Phone, PrivacyIdea, Transaction};

/// Runs each test by its name; names a test that fails and goes on.
macro_rules! tests {
    ($server:expr, $filter:expr; $($module:ident: $($test:ident),+;)+) => {{
        let mut failed = Vec::new();
        $($(
            let name = concat!(stringify!($module), "::", stringify!($test));
            if name.contains($filter) {
                match $server {
                    None => println!("SKIPPED {name}: privacyIDEA is not installed, and PyPI can't be reached"),
                    Some(server) => {
                        let start = Instant::now();
                        let result = prepare(server).await;
                        let result = match result {
                            Ok(()) => $module::$test(server).await,
                            failure => failure,
                        };
                        match result {
                            Ok(()) => println!("test {name} ... ok ({:.1} s)", start.elapsed().as_secs_f32()),
                            Err(error) => {
                                println!("test {name} ... FAILED: {error}");
                                failed.push(name);
                            }
                        }
                    }
                }
            }
        )+)+
        failed
    }};
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    if std::env::args().any(|arg| arg == "--list") {
        return ExitCode::SUCCESS;
    }
    let started = match PrivacyIdea::start().await {
        Ok(started) => started,
        Err(error) => {
            println!("privacyIDEA did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let failed = tests! { started.as_ref(), filter.as_str();
        enrolling:
            the_rollout_leaves_an_account_that_is_asked,
            a_code_works_once,
            an_altered_code_enrols_nothing,
            a_wish_to_check_no_certificate_is_told,
            the_same_token_enrolled_anew_keeps_its_account,
            a_push_address_is_told_changed_and_pushed_to,
            a_push_by_a_gateway_wakes_the_phone,
            codes_are_the_servers,
            a_day_password_lasts_its_day,
            both_halves_of_a_secret_are_needed;
        answering:
            a_plain_approval_signs_in_once,
            the_option_on_the_page_signs_in,
            a_wrong_option_ends_the_sign_in,
            one_choice_is_all_even_after_a_restart,
            a_code_is_shown_on_the_phone_and_typed_at_the_page,
            denying_and_reporting_are_told_apart,
            a_sign_in_of_ones_own_is_cancelled_and_no_storm,
            a_lost_reply_is_no_second_approval,
            either_of_two_phones_is_enough,
            a_time_that_nobody_signs_decides_for_its_own_server_and_moves_no_other_codes,
            an_expired_request_is_gone,
            a_text_that_was_cut_to_nothing_is_told;
        unshown:
            options_that_can_not_be_shown_are_told,
            options_with_spaces_and_long_ones_are_shown_and_sent_as_they_are,
            a_server_that_has_moved_is_told_until_it_is_enrolled_with_again,
            more_than_are_looked_at_are_told,
            the_command_line_tells_of_what_it_does_not_show;
        lost:
            many_denials_of_an_account_go_one_after_the_other,
            a_denial_whose_reply_is_lost_is_told_as_sent,
            an_answer_whose_replies_are_all_lost_is_never_unknown,
            an_answer_that_never_left_is_not_told_as_sent,
            a_gateway_is_told_from_the_service;
        refused:
            an_option_called_decline_is_not_shown,
            a_deleted_token_is_told_and_nothing_is_deleted_here,
            a_policy_against_polling_is_told,
            the_policy_that_hides_reasons_changes_nothing_for_a_good_phone,
            an_answer_for_a_disabled_token_is_recorded_and_signs_nobody_in,
            a_page_with_status_200_is_no_answer,
            a_key_that_was_altered_on_the_way_enrols_nothing,
            a_container_code_whose_time_is_over_registers_nobody,
            what_no_device_can_tell_the_server_is_data;
        key_store:
            the_key_of_a_token_is_made_and_used_there,
            a_key_in_another_form_is_never_registered;
        containers:
            tokens_come_with_it_and_work,
            what_is_added_and_taken_out_later_is_told,
            a_token_that_is_here_already_is_not_made_anew,
            it_moves_to_a_new_phone_and_back,
            leaving_it_keeps_its_accounts,
            an_administrator_may_end_it,
            a_passphrase_proves_itself_and_stays_here,
            a_password_is_sent_only_where_that_was_agreed,
            its_code_works_once,
            a_registration_whose_reply_is_lost_is_found_out,
            a_synchronisation_whose_reply_is_lost_loses_nothing,
            policies_are_the_servers,
            the_policy_that_hides_reasons_leaves_it_usable;
        twins:
            the_same_code_scanned_twice_is_one_account,
            a_token_rolled_over_and_scanned_takes_the_old_ones_place,
            a_token_of_a_container_that_is_rolled_over_and_scanned_stays_of_it,
            a_token_taken_into_a_container_leaves_no_dead_twin,
            a_container_left_and_registered_again_leaves_no_dead_twins,
            with_consent_codes_are_adopted_and_their_secrets_stay,
            without_consent_the_server_learns_of_no_codes,
            what_is_in_the_container_already_is_adopted_at_any_time,
            a_server_that_has_moved_is_told_from_a_container_that_has,
            the_command_line_adopts_where_that_was_agreed;
        unlock:
            a_wish_for_a_check_is_met_or_the_approval_refused,
            a_wish_for_a_fingerprint_enrols_no_phone_without,
            codes_are_withheld_where_nobody_was_checked,
            the_command_line_approves_nothing_by_a_passphrase_file;
        storms:
            a_storm_ends_on_the_phone,
            wrong_options_bring_a_rest;
        command_line:
            the_same_commands_do_it,
            containers_have_commands_of_their_own;
    };
    drop(started);
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Users without tokens, and policies as they were.
async fn prepare(server: &PrivacyIdea) -> Result<(), Failure> {
    server.delete_tokens("alice").await?;
    for policy in ["authentication", "container", "token"] {
        let _ = server.delete_policy(policy).await;
    }
    Ok(())
}

/// A phone that is enrolled for alice.
async fn enrolled(server: &PrivacyIdea) -> Result<(Phone, Id), Failure> {
    let (_, qr) = server.make_push_token("alice").await?;
    let phone = Phone::new();
    let account = phone.enrol_by(&qr, None).await?.account;
    Ok((phone, account))
}

/// A sign-in of alice, and what her phone shows of it.
async fn asked(
    server: &PrivacyIdea,
    phone: &Phone,
    account: Id,
) -> Result<(Transaction, ApprovalRequest), Failure> {
    let transaction = server.trigger("alice").await?;
    let request = phone.fetch(account).await?.pop().ok_or("the phone shows no request")?;
    Ok((transaction, request))
}

/// Fails unless both are the same.
fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T, what: &str) -> Result<(), Failure> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?} instead of {wanted:?}").into()) }
}

/// Fails unless the call fails with this code.
fn refused_with<T: std::fmt::Debug>(result: Result<T, Error>, code: &str) -> Result<(), Failure> {
    match result {
        Err(error) => same(error.code(), code, "refused"),
        Ok(value) => Err(format!("not refused: {value:?}").into()),
    }
}

/// The server's clock has whole seconds in its database.
async fn a_moment(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
