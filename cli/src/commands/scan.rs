//! `countersign scan`: reads the texts in pictures, and describes them.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use countersign_authenticator::Error;
use countersign_authenticator::offer::{Offer, OtpOffer};
use countersign_authenticator::otp::{Algorithm, CodeFormat, MovingFactor};
use countersign_authenticator::scan::{PartCollector, ScanError, ScannedCode, ScannedParts};
use serde::Serialize;

use crate::failure::Failure;
use crate::input;
use crate::output::{Look, Output, Report};
use crate::text::{BOLD, DIM, WARNING, count, label, safe};

#[derive(Args)]
pub(crate) struct Scan {
    /// Pictures (PNG, JPEG, WebP); - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show complete texts, including secrets
    #[arg(long)]
    show_secrets: bool,
}

pub(crate) fn run(args: &Scan, output: Output) -> Result<(), Failure> {
    let mut failure = None;
    let mut files = Vec::new();
    let mut parts = PartCollector::new();
    for path in &args.files {
        let scanned = input::scan_picture(path);
        let error = scanned
            .as_ref()
            .err()
            .map(|failure| Problem { code: failure.code(), message: failure.to_string() });
        let codes = match scanned {
            Ok(codes) => {
                let codes = parts.add(codes);
                let mismatched = codes.iter().filter_map(|code| code.text().err());
                let mismatched = mismatched.into_iter().find(|error| *error == ScanError::PartsMismatched);
                failure = failure.or(mismatched.map(|error| Error::from(error).into()));
                codes.iter().map(|code| FoundCode::of_code(code, args.show_secrets)).collect()
            }
            Err(error) => {
                failure.get_or_insert(error);
                Vec::new()
            }
        };
        files.push(ScannedFile { file: input::shown(path), codes, error });
    }
    output.report(&ScanReport { files })?;
    if let Some(parts) = parts.incomplete() {
        failure.get_or_insert_with(|| Error::from(parts.error()).into());
    }
    failure.map_or(Ok(()), Err)
}

#[derive(Serialize)]
struct ScanReport {
    files: Vec<ScannedFile>,
}

#[derive(Serialize)]
struct ScannedFile {
    file: String,
    codes: Vec<FoundCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

#[derive(Serialize)]
struct Problem {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct FoundCode {
    /// Without secrets, unless requested. Parts of a text have none.
    text: String,
    #[serde(flatten)]
    content: Content,
    /// Some of its letters became U+FFFD.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unreadable_letters: bool,
}

/// The kind of a text.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Content {
    Otp(Otp),
    TwoStep {
        issuer: String,
        name: String,
    },
    Export {
        part: usize,
        parts: usize,
        accounts: Vec<Otp>,
        refused: usize,
    },
    Enrolment {
        service: String,
    },
    Container {
        service: String,
        serial: String,
    },
    SignIn {
        service: String,
    },
    /// Some of the codes of one text, counted from 1.
    Parts {
        parts: usize,
        missing: Vec<usize>,
        why: String,
    },
    Text {
        why: String,
    },
}

#[derive(Serialize)]
struct Otp {
    issuer: String,
    name: String,
    #[serde(flatten)]
    codes: OtpKind,
    algorithm: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum OtpKind {
    Totp { digits: u8, period: u32 },
    Hotp { digits: u8, counter: u64 },
    Steam,
}

impl FoundCode {
    fn of_code(code: &ScannedCode, show_secrets: bool) -> Self {
        match code {
            ScannedCode::Text(text) => Self {
                unreadable_letters: text.has_unreadable_letters(),
                ..Self::new(text.expose(), show_secrets)
            },
            ScannedCode::Parts(parts) => Self::of_parts(parts),
            _ => Self::new("", show_secrets),
        }
    }

    fn of_parts(parts: &ScannedParts) -> Self {
        let missing = parts.missing().iter().map(|index| index + 1).collect();
        let content = Content::Parts { parts: parts.count(), missing, why: parts.error().to_string() };
        Self { text: String::new(), content, unreadable_letters: false }
    }

    fn new(text: &str, show_secrets: bool) -> Self {
        let content = match Offer::parse(text) {
            Ok(Offer::Otp(offer)) => Content::Otp(Otp::new(&offer)),
            Ok(Offer::TwoStep(offer)) => {
                Content::TwoStep { issuer: offer.issuer().to_owned(), name: offer.name().to_owned() }
            }
            Ok(Offer::Migration(part)) => Content::Export {
                part: part.index + 1,
                parts: part.count,
                accounts: part.accounts.iter().map(Otp::new).collect(),
                refused: part.refused.len(),
            },
            Ok(Offer::Enrolment(offer)) => {
                Content::Enrolment { service: offer.service().authority().to_owned() }
            }
            Ok(Offer::Container(offer)) => {
                Content::Container { service: offer.service.authority().to_owned(), serial: offer.serial }
            }
            Ok(Offer::Match(link)) => Content::SignIn { service: link.service.authority().to_owned() },
            Ok(_) => Content::Text { why: "unknown to this version".to_owned() },
            Err(error) => Content::Text { why: error.to_string() },
        };
        let text = if show_secrets { text.to_owned() } else { redact(text) };
        Self { text, content, unreadable_letters: false }
    }
}

impl Otp {
    fn new(offer: &OtpOffer) -> Self {
        let parameters = &offer.parameters;
        let codes = match (parameters.format(), parameters.factor()) {
            (CodeFormat::Decimal { digits }, MovingFactor::Time { period }) => {
                OtpKind::Totp { digits, period }
            }
            (CodeFormat::Decimal { digits }, MovingFactor::Counter { next }) => {
                OtpKind::Hotp { digits, counter: next }
            }
            _ => OtpKind::Steam,
        };
        let algorithm = match parameters.algorithm() {
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
            _ => "SHA1",
        };
        Self { issuer: offer.issuer.clone(), name: offer.name.clone(), codes, algorithm }
    }

    fn describe(&self) -> String {
        let label = safe(&label(&self.issuer, &self.name));
        match self.codes {
            OtpKind::Totp { digits, period } => {
                format!("{label} ({digits} digits every {period} s, {})", self.algorithm)
            }
            OtpKind::Hotp { digits, counter } => {
                format!("{label} ({digits} digits by counter, now {counter}, {})", self.algorithm)
            }
            OtpKind::Steam => format!("{label} (Steam)"),
        }
    }
}

impl Content {
    fn describe(&self) -> String {
        match self {
            Self::Otp(otp) => format!("one-time codes: {}", otp.describe()),
            Self::TwoStep { issuer, name } => {
                format!("half of the secret for one-time codes: {}", safe(&label(issuer, name)))
            }
            Self::Export { part, parts, accounts, refused } => {
                let mut text = format!(
                    "part {part} of {parts} of another authenticator's export, with {}",
                    count(accounts.len(), "account")
                );
                if *refused > 0 {
                    text.push_str(&format!(" and {refused} unusable"));
                }
                text
            }
            Self::Enrolment { service } => format!("enrolment with the approval service {}", safe(service)),
            Self::Container { service, serial } => {
                format!("the container {serial} of the privacyIDEA server {}", safe(service))
            }
            Self::SignIn { service } => format!("a sign-in page of the approval service {}", safe(service)),
            Self::Parts { parts, missing, why } => {
                let seen: Vec<_> = (1..=*parts).filter(|part| !missing.contains(part)).collect();
                let seen: Vec<_> = seen.iter().map(ToString::to_string).collect();
                let noun = if seen.len() == 1 { "part" } else { "parts" };
                format!("{noun} {} of {parts}: {why}", seen.join(", "))
            }
            Self::Text { why } => format!("nothing to add: {why}"),
        }
    }
}

impl Report for ScanReport {
    fn write_text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        for file in &self.files {
            if self.files.len() > 1 && !look.quiet {
                writeln!(out, "{BOLD}{}{BOLD:#}", safe(&file.file))?;
            }
            if let Some(problem) = file.error.as_ref().filter(|_| self.files.len() > 1 && !look.quiet) {
                writeln!(out, "{WARNING}{}{WARNING:#}", problem.message)?;
            }
            for code in &file.codes {
                if !code.text.is_empty() {
                    writeln!(out, "{}", safe(&code.text))?;
                }
                if look.quiet {
                    continue;
                }
                writeln!(out, "  {DIM}{}{DIM:#}", code.content.describe())?;
                if code.unreadable_letters {
                    writeln!(out, "  {WARNING}{}{WARNING:#}", input::UNREADABLE_LETTERS)?;
                }
                if let Content::Export { accounts, .. } = &code.content {
                    for otp in accounts {
                        writeln!(out, "    {DIM}{}{DIM:#}", otp.describe())?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The part of a text that may be shown: of a link, only what precedes its secrets, whether it parses or not.
fn redact(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once(':') else {
        // A single word in a QR code may be a secret; a sentence isn't.
        return if text.contains(' ') { text.to_owned() } else { "…".to_owned() };
    };
    let kept = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.find(['?', '#']).map(|end| end + 1),
        _ => Some(if rest.starts_with("//") { 2 } else { 0 }),
    };
    match kept {
        Some(end) => format!("{scheme}:{}…", rest.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_left_of_a_text() {
        for (text, shown) in [
            ("otpauth://totp/a?secret=CANARY", "otpauth://…"),
            ("OTPAUTH://broken CANARY", "OTPAUTH://…"),
            ("otpauth-migration://offline?data=CANARY", "otpauth-migration://…"),
            ("https://sign.example/enrol#t=CANARY", "https://sign.example/enrol#…"),
            ("https://example.org/?token=CANARY", "https://example.org/?…"),
            ("WIFI:S:ward;P:CANARY;;", "WIFI:…"),
            ("JBSWY3DPCANARY", "…"),
        ] {
            assert_eq!(redact(text), shown);
        }
    }

    #[test]
    fn a_container_is_told_by_its_serial_and_host() {
        let link = "pia://container/S1?url=https%3A//pi.example&time=2026&serial=S1&nonce=";
        let found = FoundCode::new(&format!("{link}{}", "0a".repeat(20)), false);
        let json = serde_json::to_value(&found).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "text": "pia://…", "kind": "container", "service": "pi.example", "serial": "S1" })
        );
    }

    #[test]
    fn what_holds_no_secret_is_shown() {
        assert_eq!(redact("https://example.org/leaflet"), "https://example.org/leaflet");
        assert_eq!(redact("Wash your hands"), "Wash your hands");
    }
}
