//! What the command line prints of clients.

use countersign_protocol::Id;
use jiff::Timestamp;
use serde::Serialize;

use super::Printed;
use crate::actions::clients::NewSecret;
use crate::relying_party::{ClientReply, Warning};
use crate::secret::SecretText;

/// A client that was made, or given a secret.
pub(super) fn created(client: Id, secret: Option<NewSecret>) -> Printed {
    let text = secret.map_or_else(
        || format!("client_id {client}"),
        |(_, secret)| format!("client_id {client}\nsecret    {}", secret.expose()),
    );
    plain(text)
}

/// A text by itself.
pub(super) fn plain(text: String) -> Printed {
    Printed { text: SecretText::new(text), warnings: Vec::new() }
}

/// A line for each client.
pub(super) fn list(clients: &[ClientReply], as_json: bool) -> Printed {
    if as_json {
        return json(clients);
    }
    let lines: Vec<String> = clients
        .iter()
        .map(|client| {
            let used = client.last_used_at.map_or("never used".to_owned(), |at| format!("used {}", time(at)));
            format!(
                "{}  {} / {}  {}  {}  {}  {used}",
                client.id,
                client.organisation,
                client.name,
                client.kind.as_str(),
                client.state.as_str(),
                client.rights,
            )
        })
        .collect();
    Printed { text: SecretText::new(lines.join("\n")), warnings: clients.iter().flat_map(warnings).collect() }
}

/// All that is known of a client.
pub(super) fn show(client: &ClientReply, as_json: bool) -> Printed {
    if as_json {
        return json(client);
    }
    let mut lines = Vec::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("{name:<14}{value}"));
        }
    };
    let at = |seconds: Option<u64>| seconds.map(time).unwrap_or_default();
    line("client_id", &client.id);
    line("organisation", &client.organisation);
    line("name", &client.name);
    line("kind", client.kind.as_str());
    line("state", client.state.as_str());
    line("application", client.application.as_deref().unwrap_or_default());
    line("rights", &client.rights.to_string());
    line("methods", &client.methods.to_string());
    for uri in &client.redirect_uris {
        line("redirect URI", uri);
    }
    for issuer in &client.issuers {
        line("issuer", issuer);
    }
    for tenant in &client.tenants {
        line("tenant", tenant);
    }
    line("keys", &client.jwks.as_ref().map(ToString::to_string).unwrap_or_default());
    line("asks name", if client.settings.asks_name { "yes" } else { "" });
    line("app ID", client.settings.app_id.as_deref().unwrap_or_default());
    line("trusts names", if client.settings.trusts_names { "yes" } else { "" });
    line("made", &time(client.created_at));
    line("expires", &at(client.expires_at));
    line("revoked", &at(client.revoked_at));
    line("last used", &at(client.last_used_at));
    for secret in &client.secrets {
        let used =
            secret.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", time(at)));
        line("secret", &format!("{}  made {}, {used}", secret.id, time(secret.created_at)));
    }
    Printed { text: SecretText::new(lines.join("\n")), warnings: warnings(client) }
}

/// What somebody should look at, and do.
pub(super) fn warnings(client: &ClientReply) -> Vec<String> {
    let name = format!("{} / {}", client.organisation, client.name);
    let about = |warning: &Warning| match warning {
        Warning::ReturnsAnywhere => format!(
            "{name} has registered no return URLs, and may send browsers back anywhere. Register them with \
             `client change {} --redirect-uri URL`",
            client.id
        ),
        Warning::NoSecret => {
            format!("{name} can't authenticate: add a secret with `client secret add {}`", client.id)
        }
        Warning::ManySecrets => format!(
            "{name} has {} secrets: `client show {}` shows which are no longer used",
            client.secrets.len(),
            client.id
        ),
    };
    client.warnings.iter().map(about).collect()
}

fn json(value: &(impl Serialize + ?Sized)) -> Printed {
    plain(serde_json::to_string_pretty(value).unwrap_or_default())
}

fn time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| seconds.to_string(), |time| time.to_string())
}
