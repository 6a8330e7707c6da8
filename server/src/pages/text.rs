//! Every sentence that the hosted pages show. Another language is another [`Text`].

use std::time::Duration;

/// What a page says in one language. Functions take what the sentence is about.
pub(super) struct Text {
    /// Language tag (BCP 47).
    pub(super) lang: &'static str,
    pub(super) product: &'static str,
    pub(super) footer: &'static str,
    pub(super) time_left: fn(Duration) -> String,
    pub(super) time_left_label: &'static str,
    pub(super) hurry: &'static str,
    pub(super) over: &'static str,
    pub(super) offline: &'static str,
    pub(super) number_label: &'static str,
    pub(super) number_rule: &'static str,
    pub(super) sign_in: SignInText,
    pub(super) code: CodeText,
    pub(super) enrolment: EnrolmentText,
    pub(super) landing: LandingText,
    pub(super) refusal: RefusalText,
    pub(super) openid: OpenidText,
}

/// A heading and what is said under it.
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) body: &'static str,
}

pub(super) struct SignInText {
    pub(super) heading: &'static str,
    pub(super) application: &'static str,
    pub(super) user: &'static str,
    pub(super) place: &'static str,
    pub(super) open_app: &'static str,
    pub(super) type_number: &'static str,
    pub(super) scan_below: &'static str,
    pub(super) just_approve: &'static str,
    pub(super) scan_instead: &'static str,
    pub(super) type_instead: &'static str,
    pub(super) scan_how: &'static str,
    pub(super) qr_alt: &'static str,
    pub(super) use_code: &'static str,
    pub(super) cancel: &'static str,
    pub(super) approved: Section,
    pub(super) going_back: fn(&str) -> String,
    pub(super) continue_to: fn(&str) -> String,
    pub(super) close_window: &'static str,
    pub(super) denied: Section,
    pub(super) reported: Section,
    pub(super) failed: Section,
    pub(super) expired: Section,
    pub(super) cancelled: Section,
    pub(super) start_again: fn(&str) -> String,
    pub(super) back_to: fn(&str) -> String,
    pub(super) no_phone: Section,
}

pub(super) struct CodeText {
    pub(super) heading: &'static str,
    pub(super) where_from: &'static str,
    pub(super) phone_rests: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) submit: &'static str,
    pub(super) use_phone: &'static str,
    pub(super) error_title: &'static str,
    pub(super) malformed: &'static str,
    pub(super) wrong: &'static str,
    pub(super) used: &'static str,
    pub(super) next: &'static str,
    pub(super) locked: &'static str,
    pub(super) locked_for_longer: &'static str,
    pub(super) again: &'static str,
    pub(super) too_many: &'static str,
    pub(super) phone_only: &'static str,
    pub(super) unavailable: &'static str,
}

pub(super) struct EnrolmentText {
    pub(super) heading: &'static str,
    pub(super) account: fn(&str) -> String,
    pub(super) steps: [&'static str; 3],
    pub(super) qr_alt: &'static str,
    pub(super) open_here: &'static str,
    pub(super) qr_rule: &'static str,
    pub(super) cancel: &'static str,
    pub(super) joined: &'static str,
    pub(super) joined_device: fn(&str) -> String,
    pub(super) compare: Section,
    pub(super) type_number: &'static str,
    pub(super) scan_instead: &'static str,
    pub(super) type_instead: &'static str,
    pub(super) scan_below: &'static str,
    pub(super) scan_alt: &'static str,
    pub(super) not_mine: &'static str,
    pub(super) enrolled: fn(&str) -> String,
    pub(super) enrolled_body: &'static str,
    pub(super) enrolled_next: &'static str,
    pub(super) expired: Section,
    pub(super) failed: Section,
    pub(super) denied: Section,
    pub(super) reported: Section,
    pub(super) cancelled: Section,
    pub(super) new_code: &'static str,
    pub(super) go_on: &'static str,
    pub(super) go_back: &'static str,
}

pub(super) struct LandingText {
    pub(super) home: Section,
    pub(super) enrol: Section,
    pub(super) sign_in: Section,
    pub(super) enrol_steps: [&'static str; 3],
    pub(super) sign_in_steps: [&'static str; 3],
    pub(super) rule: &'static str,
}

pub(super) struct OpenidText {
    pub(super) endpoint: Section,
    pub(super) name: Section,
    pub(super) name_application: &'static str,
    pub(super) name_label: &'static str,
    pub(super) name_hint: &'static str,
    pub(super) name_wrong: &'static str,
    pub(super) name_submit: &'static str,
    pub(super) finished: Section,
    pub(super) waiting: Section,
    pub(super) posting: Section,
    pub(super) post: &'static str,
    pub(super) unknown_client: Section,
    pub(super) return_address: Section,
    pub(super) malformed: Section,
    pub(super) too_many: Section,
    pub(super) too_many_again: &'static str,
    pub(super) for_administrators: &'static str,
    pub(super) too_late: Section,
    pub(super) too_late_approved: Section,
    pub(super) no_phone: Section,
}

pub(super) struct RefusalText {
    pub(super) unknown: Section,
    pub(super) elsewhere: Section,
    pub(super) cross_origin: Section,
    pub(super) unavailable: Section,
}

/// The first language, and the one for browsers that ask for none that there is.
pub(super) const ENGLISH: Text = Text {
    lang: "en",
    product: "Countersign",
    footer: "If anyone asks you for a number or a code from this page, end the call and tell your service desk.",
    time_left: |left| {
        let seconds = left.as_secs();
        format!("{}:{:02}", seconds / 60, seconds % 60)
    },
    time_left_label: "Time left",
    hurry: "30 seconds left.",
    over: "The time is up, so the number and the code are gone. Start again where you came from.",
    offline: "Can’t reach the service. Trying again.",
    number_label: "Your number",
    number_rule: "Only type this number in the Countersign app. Nobody will ever ask you for it by phone.",
    sign_in: SignInText {
        heading: "Approve this sign-in on your phone",
        application: "Application",
        user: "Signing in as",
        place: "From",
        open_app: "Open the request in the Countersign app. Check that it shows the same details.",
        type_number: "Type this number and approve:",
        scan_below: "Scan this code in the app and approve:",
        just_approve: "Approve the request.",
        scan_instead: "Scan instead of typing",
        type_instead: "Type a number instead",
        scan_how: "In the request on your phone, choose “Scan” and point the camera here.",
        qr_alt: "QR code to scan with the Countersign app. If you can’t scan it, use a code instead.",
        use_code: "Use a code instead",
        cancel: "Cancel this sign-in",
        approved: Section { heading: "Approved", body: "Your sign-in is approved." },
        going_back: |application| format!("Taking you back to {application}."),
        continue_to: |application| format!("Continue to {application}"),
        close_window: "You can close this window and go on where you started.",
        denied: Section {
            heading: "Denied",
            body: "The sign-in was denied on your phone. Nobody was signed in.",
        },
        reported: Section {
            heading: "Denied and reported",
            body: "The sign-in was reported from your phone as not yours. Nobody was signed in. If that was a \
                   mistake, tell your service desk and start again.",
        },
        failed: Section {
            heading: "Wrong number",
            body: "The number typed on the phone wasn’t the one on this page, so the sign-in was stopped. Nobody was \
                   signed in. If you didn’t type it yourself, tell your service desk.",
        },
        expired: Section {
            heading: "Time is up",
            body: "Nobody answered in time, so the sign-in was stopped. If no request came, open the Countersign app \
                   and check that your phone is online; without a network, use a code from the app.",
        },
        cancelled: Section { heading: "Cancelled", body: "The sign-in was cancelled. Nobody was signed in." },
        start_again: |application| format!("To sign in, start again from {application}."),
        back_to: |application| format!("Go back to {application}"),
        no_phone: Section {
            heading: "No request on your phone?",
            body: "If you haven’t set up a phone for this account yet, nothing can arrive. Ask your service desk to \
                   set one up: they give you a QR code to scan with the Countersign app. If you have, open the app \
                   and check that the phone is online. Then start again.",
        },
    },
    code: CodeText {
        heading: "Use a code",
        where_from: "Open the Countersign app and find the code of this account. It works without a network.",
        phone_rests: "Requests to your phone are paused, because there were too many or somebody reported one. If that \
                      wasn’t you, tell your service desk. A code from the app still signs you in.",
        label: "Code from the app",
        hint: "6 digits. Each code works once.",
        submit: "Sign in",
        use_phone: "Approve on your phone instead",
        error_title: "There is a problem",
        malformed: "Type the 6 digits that the app shows.",
        wrong: "That code isn’t right. Check that it is this account’s, or wait for the next one and type it.",
        used: "That code was used already. Wait for the next one in the app and type it.",
        next: "That code is right. This account has had many wrong ones, so one isn’t enough: wait for the next code in the \
               app and type it as well.",
        locked: "Too many wrong codes were typed. The next one is taken in",
        locked_for_longer: "This sign-in ends before that. Start again then, or ask your service desk.",
        again: "You can type a code again.",
        phone_only: "This application takes no code, and requests to your phone are paused. Try again later, or ask your \
                     service desk.",
        too_many: "This sign-in has had too many codes and takes no more. Start again.",
        unavailable: "The service couldn’t check the code just now. Try again in a moment.",
    },
    enrolment: EnrolmentText {
        heading: "Set up Countersign on your phone",
        account: |user| format!("For the account {user}."),
        steps: [
            "Install the Countersign app on your phone and open it.",
            "Choose “Add account” and scan this code.",
            "Compare what the phone shows with this page, then type the number that appears here.",
        ],
        qr_alt: "QR code that starts the enrolment. Scan it with the Countersign app.",
        open_here: "Open in the app on this phone",
        qr_rule: "This code works once and only for a short while.",
        cancel: "Cancel",
        joined: "Check that this is your phone",
        joined_device: |name| format!("“{name}” has joined."),
        compare: Section {
            heading: "Compare with your phone",
            body: "Your phone must show the same value. If it doesn’t, stop here.",
        },
        type_number: "If it does, type this number on your phone:",
        scan_instead: "Scan instead of typing",
        type_instead: "Type a number instead",
        scan_below: "If it does, scan this code in the app:",
        scan_alt: "QR code to scan with the Countersign app in place of typing the number.",
        not_mine: "The values differ, or it isn’t my phone: stop",
        enrolled: |name| format!("“{name}” is ready"),
        enrolled_body: "Your phone can approve sign-ins now, and shows codes that work without a network.",
        enrolled_next: "You can close this window.",
        expired: Section {
            heading: "This code has expired",
            body: "The enrolment wasn’t finished in time. Nothing was set up. Delete the account from the app if it \
                   shows there.",
        },
        failed: Section {
            heading: "Wrong number",
            body: "The number typed on the phone wasn’t the one on this page, so the enrolment was stopped. Nothing was \
                   set up, and the code can’t be used again. Remove the account from the app.",
        },
        denied: Section {
            heading: "Denied on the phone",
            body: "The enrolment was denied on the phone. Nothing was set up, and the code can’t be used again. Remove \
                   the account from the app.",
        },
        reported: Section {
            heading: "Denied and reported",
            body: "The enrolment was reported from the phone as not its owner’s. Nothing was set up, and the code can’t \
                   be used again. If that was a mistake, tell your service desk.",
        },
        cancelled: Section {
            heading: "The enrolment was cancelled",
            body: "Nothing was set up, and the code can’t be used again.",
        },
        go_on: "Continue signing in",
        go_back: "Go back",
        new_code: "To try again, get a new code where you got this one, or ask your service desk.",
    },
    landing: LandingText {
        home: Section {
            heading: "Nothing to do here",
            body: "This service approves sign-ins with the Countersign app. Its pages open from the application that you \
                   sign in to, or from where your organisation sets up phones.",
        },
        enrol: Section {
            heading: "This code belongs in the Countersign app",
            body: "It opened in the browser instead. Either the app isn’t on this phone, or the camera read the code in \
                   place of the app.",
        },
        sign_in: Section {
            heading: "This code belongs in the Countersign app",
            body: "It opened in the browser instead, since the camera read the code of a sign-in page in place of the \
                   app.",
        },
        enrol_steps: [
            "Install the Countersign app from where your organisation offers it, if this phone doesn’t have it.",
            "If you came from a link on this phone, go back to the page with the link and tap it again.",
            "If you scanned a code, open the app, choose “Add account” and scan the same code again, from the screen that \
             shows it.",
        ],
        sign_in_steps: [
            "Open the Countersign app and the request in it.",
            "Check that the request shows the sign-in that you started.",
            "Choose “Scan” and scan the same code again.",
        ],
        rule: "Only scan a code on the screen that you are signing in on. If somebody sent it to you or reads you a \
               number, stop and report it.",
    },
    refusal: RefusalText {
        unknown: Section {
            heading: "There is nothing here",
            body: "The address is wrong or incomplete, or what it showed is long over. Start again where you came \
                   from.",
        },
        elsewhere: Section {
            heading: "This page is open in another browser",
            body: "It shows secrets, so only the browser that opened it first may see it. Go on there, or start \
                   again here. If you haven’t opened it yourself, start again and tell your service desk. \
                   The page needs cookies: allow them if they are off.",
        },
        cross_origin: Section {
            heading: "This didn’t come from this page",
            body: "Another website tried to press a button here. Nothing was done. Close that website, and go on at the \
                   page that you opened yourself.",
        },
        unavailable: Section {
            heading: "The service is busy",
            body: "It couldn’t answer just now. Nothing is lost: load this page again in a moment.",
        },
    },
    openid: OpenidText {
        endpoint: Section {
            heading: "Nothing to do here",
            body: "Applications send people to this address to have their sign-ins approved. Start from the application \
                   that you want to use.",
        },
        name: Section {
            heading: "Who is signing in?",
            body: "Your phone is asked to approve this sign-in next.",
        },
        name_application: "Application",
        name_label: "User name",
        name_hint: "As your organisation writes it.",
        name_wrong: "Type your user name. It can’t be longer than 128 characters.",
        name_submit: "Continue",
        finished: Section {
            heading: "This sign-in is finished",
            body: "Its result has gone to the application once, and isn’t sent again. You can close this window. If the \
                   application didn’t open, start again there.",
        },
        waiting: Section {
            heading: "One moment",
            body: "This sign-in has just been opened in another tab. This page follows it.",
        },
        posting: Section { heading: "Taking you back", body: "If nothing happens, press the button." },
        post: "Continue",
        unknown_client: Section {
            heading: "This application isn’t known here",
            body: "It may have been removed, or its set-up is wrong. Nobody was signed in.",
        },
        return_address: Section {
            heading: "This application can’t be trusted",
            body: "It asks to be sent your sign-in at an address that isn’t registered for it. Nobody was signed in, and \
                   nothing was sent there.",
        },
        malformed: Section {
            heading: "This sign-in can’t be started",
            body: "The application’s request isn’t what it should be. Start again there.",
        },
        too_many: Section {
            heading: "Too many sign-ins from your network",
            body: "Many sign-ins were started from your network and not approved, so new ones have to wait.",
        },
        too_many_again: "Try again in",
        for_administrators: "For administrators:",
        too_late: Section {
            heading: "This took too long",
            body: "The application no longer waits for this sign-in. Nobody was signed in. Start again there.",
        },
        too_late_approved: Section {
            heading: "Start again where you came from",
            body: "You approved in time for us, but the application waits for five minutes only. Your phone is set up. Start \
                   again at the application; this time it takes a few seconds.",
        },
        no_phone: Section {
            heading: "No phone can approve this yet",
            body: "Your account has no phone that can approve sign-ins, and you can’t set one up here. Ask your service desk.",
        },
    },
};
