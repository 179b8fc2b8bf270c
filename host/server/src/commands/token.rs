//! `rebound token`: tokens for those who are not the admin.

use clap::{Args, Subcommand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rebound_domain::access::Scope;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Answer, Client, Remote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound token create shop --scope events
  rebound token create acme-ci --scope 'publish:acme/*' --expires 2027-01-01T00:00:00Z
  rebound token create dashboard --scope read --per-second 20 --burst 50
  rebound token list
  rebound token rotate 0123456789abcdef --overlap 3600
  rebound token revoke 0123456789abcdef

Scopes: events, catalogue, publish, publish:NAMESPACE/*, read, read:NAMESPACE/*, operate, admin (all of these),
personal-data. A secret is shown once, on standard output; the service keeps its digest only.";

/// Make, list, rotate and revoke tokens.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Token {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token and show its secret.
    #[command(after_help = EXAMPLES)]
    Create {
        /// What operators call it.
        name: String,
        /// What its holder may do; give it again for more.
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
        /// From when on it is refused (RFC 3339); never when left out.
        #[arg(long, value_name = "INSTANT")]
        expires: Option<String>,
        /// Requests a second its holder may send in the long run.
        #[arg(long, value_name = "N", requires = "burst")]
        per_second: Option<u32>,
        /// Requests at once, after a silence.
        #[arg(long, value_name = "N", requires = "per_second")]
        burst: Option<u32>,
    },
    /// Every token, without its secret.
    #[command(after_help = EXAMPLES)]
    List,
    /// Give a token a new secret; the old one goes on for a while.
    #[command(after_help = EXAMPLES)]
    Rotate {
        /// What stands between rbt_ and the next _ of its secret.
        id: String,
        /// How long the old secret goes on beside the new one; a day when left out.
        #[arg(long, value_name = "SECONDS")]
        overlap: Option<u32>,
    },
    /// Refuse a token from now on.
    #[command(after_help = EXAMPLES)]
    Revoke {
        /// What stands between rbt_ and the next _ of its secret.
        id: String,
    },
}

/// As the service answers.
#[derive(Deserialize)]
struct Answered {
    id: String,
    name: String,
    scopes: Vec<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    token: Answered,
    secret: String,
}

#[derive(Deserialize)]
struct List {
    tokens: Vec<Answered>,
}

impl Token {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client: Client = self.remote.client()?;
        match self.verb {
            Verb::Create { name, scopes, expires, per_second, burst } => {
                let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
                let mut draft = json!({ "name": name, "scopes": scopes });
                if let Some(expires) = expires {
                    draft["expires_at"] = json!(expires);
                }
                if let (Some(per_second), Some(burst)) = (per_second, burst) {
                    draft["rate"] = json!({ "per_second": per_second, "burst": burst });
                }
                let answer = client.post("/v1/tokens", JSON, draft.to_string().as_bytes())?;
                show_secret(&client, &answer, output)?;
            }
            Verb::List => {
                let answer = client.get("/v1/tokens")?;
                output.raw_json(&answer.body)?;
                let list: List = client.parse(&answer)?;
                if list.tokens.is_empty() {
                    output.text("there is no token but the admin's")?;
                }
                list.tokens.iter().try_for_each(|token| output.text(text(token)))?;
            }
            Verb::Rotate { id, overlap } => {
                let body = match overlap {
                    None => json!({}),
                    Some(seconds) => json!({ "overlap_ms": u64::from(seconds) * 1_000 }),
                };
                let answer =
                    client.post(&format!("{}/rotate", path(&id)), JSON, body.to_string().as_bytes())?;
                show_secret(&client, &answer, output)?;
            }
            Verb::Revoke { id } => {
                let answer = client.delete(&path(&id))?;
                output.raw_json(&answer.body)?;
                output.text(text(&client.parse(&answer)?))?;
            }
        }
        Ok(Exit::Done)
    }
}

const JSON: &str = "application/json";

fn path(id: &str) -> String {
    format!("/v1/tokens/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// The secret alone on a line of its own, so that a script can take it.
fn show_secret(client: &Client, answer: &Answer, output: Output) -> Result<(), Failure> {
    output.raw_json(&answer.body)?;
    let Made { token, secret } = client.parse(answer)?;
    output.text(text(&token))?;
    output.text(secret)
}

fn text(token: &Answered) -> String {
    let Answered { id, name, scopes, expires_at, revoked_at, last_used_at } = token;
    let mut text = format!("{id} {}: {}", harmless(name), scopes.join(", "));
    for (what, at) in [("expires", expires_at), ("revoked", revoked_at), ("last used", last_used_at)] {
        if let Some(at) = at {
            text.push_str(&format!(", {what} {at}"));
        }
    }
    text
}
