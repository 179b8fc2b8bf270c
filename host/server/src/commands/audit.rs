//! `rebound audit`: who changed what operators set, and whether the log still says what was written.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rebound_engine::{AuditHead, AuditLink, BrokenLink, Chain, verify_stored_audit};
use rebound_storage::{SledOptions, SledStorage};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, Remote};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound audit list
  rebound audit list --after 120
  rebound audit verify
  rebound audit verify --data ./data          of a service that is stopped
  rebound audit verify --hash 9f86d0...       the log still ends at, or goes through, an entry noted elsewhere

Every entry holds the hash of the one before it. `verify` follows the chain from the first to the last and exits with 1
at the first link that does not hold. Whoever can write to the data directory can write a new chain: note the last hash
somewhere else, and give it as --hash.";

/// Show and verify the log of what operators changed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Audit {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every entry, oldest first.
    #[command(after_help = EXAMPLES)]
    List {
        /// Only those behind this number.
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
    },
    /// Follow the chain and say whether it holds.
    #[command(after_help = EXAMPLES)]
    Verify {
        /// Read this data directory instead of asking the service, which must be stopped.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// A hash that was noted before: some entry must have it.
        #[arg(long, value_name = "HASH", conflicts_with = "data")]
        hash: Option<String>,
    },
}

/// As the service answers.
#[derive(Deserialize)]
struct Page {
    entries: Vec<Link>,
    head: AuditHead,
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Link {
    sequence: u64,
    hash: String,
    entry: Option<Value>,
}

impl Audit {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        match self.verb {
            Verb::List { after } => list(&self.remote.client()?, after, output),
            Verb::Verify { data: Some(dir), .. } => told(stored(&dir)?, true, output),
            Verb::Verify { data: None, hash } => {
                let (verdict, met) = served(&self.remote.client()?, hash.as_deref())?;
                told(verdict, met, output)
            }
        }
    }
}

fn list(client: &Client, after: u64, output: Output) -> Result<Exit, Failure> {
    let mut next = Some(after);
    while let Some(after) = next {
        let page = page(client, after)?;
        for Link { sequence, hash, entry } in &page.entries {
            output.json(&json!({ "sequence": sequence, "hash": hash, "entry": entry }))?;
            output.text(match entry {
                None => format!("{sequence}: cannot be read; its bytes were changed"),
                Some(entry) => text(*sequence, entry),
            })?;
        }
        next = page.next;
    }
    Ok(Exit::Done)
}

fn page(client: &Client, after: u64) -> Result<Page, Failure> {
    let answer = client.get(&format!("/v1/audit?after={after}&limit=1000"))?;
    Ok(client.parse(&answer)?)
}

fn text(sequence: u64, entry: &Value) -> String {
    let word = |value: &Value| value.as_str().map(harmless).unwrap_or_default();
    let who = match (&entry["who"]["name"], &entry["who"]["token"]) {
        (Value::String(name), Value::String(token)) => format!("{} ({token})", harmless(name)),
        _ => word(&entry["who"]["kind"]),
    };
    format!(
        "{sequence}: {} {who} {} {}: {} -> {}",
        word(&entry["at"]),
        word(&entry["action"]),
        word(&entry["subject"]),
        harmless(&entry["before"].to_string()),
        harmless(&entry["after"].to_string()),
    )
}

type Verdict = Result<AuditHead, BrokenLink>;

/// Follows the chain as the service tells it; and whether some entry has the hash that was noted.
fn served(client: &Client, hash: Option<&str>) -> Result<(Verdict, bool), Failure> {
    let (mut followed, mut next, mut met) = (Chain::default(), Some(0), hash.is_none());
    let mut head = None;
    while let Some(after) = next {
        let Page { entries, head: latest, next: further } = page(client, after)?;
        for Link { sequence, hash: own, entry } in entries {
            met |= hash.is_some_and(|hash| hash.eq_ignore_ascii_case(&own));
            if let Err(broken) = followed.follow(&AuditLink { sequence, hash: own, entry }) {
                return Ok((Err(broken), met));
            }
        }
        (head, next) = (Some(latest), further);
    }
    let head = head.expect("the first page was asked for");
    // Entries that came while pages were read are no fault of the chain.
    let verdict = match followed.last().sequence < head.sequence {
        true => served_rest(client, followed)?,
        false => followed.end(&head).map(|()| head),
    };
    Ok((verdict, met))
}

fn served_rest(client: &Client, mut followed: Chain) -> Result<Verdict, Failure> {
    let Page { entries, head, .. } = page(client, followed.last().sequence)?;
    for Link { sequence, hash, entry } in entries {
        if let Err(broken) = followed.follow(&AuditLink { sequence, hash, entry }) {
            return Ok(Err(broken));
        }
    }
    Ok(followed.end(&head).map(|()| head))
}

/// Follows the chain of a data directory that no service has open.
fn stored(dir: &Path) -> Result<Verdict, Failure> {
    let storage = dir.join("storage");
    if !storage.is_dir() {
        let why = format!("{} holds no storage; name a data directory of `rebound serve`", dir.display());
        return Err(Failure::Usage(why));
    }
    let unusable = |error: &dyn std::error::Error| {
        Failure::Usage(format!("{} cannot be read: {}; is its service stopped?", dir.display(), chain(error)))
    };
    let storage = SledStorage::open(&storage, SledOptions::default()).map_err(|error| unusable(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unusable(&error))?;
    runtime.block_on(verify_stored_audit(&storage)).map_err(|error| unusable(&error))
}

fn told(verdict: Verdict, met: bool, output: Output) -> Result<Exit, Failure> {
    match verdict {
        Err(broken) => {
            output.json(
                &json!({ "holds": false, "sequence": broken.sequence, "problem": broken.to_string() }),
            )?;
            output.text(format!("the chain is broken: {broken}"))?;
            Ok(Exit::No)
        }
        Ok(head) if !met => {
            let problem = "no entry has the hash that was noted; the log was written anew";
            output.json(&json!({ "holds": false, "head": head, "problem": problem }))?;
            output.text(problem)?;
            Ok(Exit::No)
        }
        Ok(head) => {
            output.json(&json!({ "holds": true, "head": head }))?;
            output.text(format!("the chain holds: {} entries, the last has {}", head.sequence, head.hash))?;
            Ok(Exit::Done)
        }
    }
}
