//! `rebound approve`: somebody has read what a version may say to customers.

use clap::Args;
use rebound_domain::ids::PluginRef;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Answer, Client, Remote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound approve acme/first@1.0.0
  rebound approve acme/first@1.0.0 --owner mei
  rebound approve acme/first@1.0.0 --owner mei --reason 'read with the partner, 2026-11-25'

Without --owner the texts are shown and nothing is approved. Texts of plugins whose namespace is not in the policy's
own_namespaces, and texts in a language that the host has no word lists for, are said once somebody has approved them.
An approval holds for every version of the plugin with the same texts.";

/// Show what a version may say to customers, and approve it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Approve {
    /// The published version.
    #[arg(value_name = "PLUGIN@VERSION")]
    plugin: PluginRef,
    /// Who has read the texts and answers for them.
    #[arg(long)]
    owner: Option<String>,
    /// Why they may be said.
    #[arg(long, default_value = "read before approving on the command line", requires = "owner")]
    reason: String,
    #[command(flatten)]
    remote: Remote,
}

/// As the service answers, as far as a person is shown it.
#[derive(Deserialize)]
struct Answered {
    plugin: String,
    approval: String,
    templates: Vec<Template>,
    personas: Vec<Persona>,
    owner: Option<String>,
}

#[derive(Deserialize)]
struct Template {
    key: String,
    locale: String,
    text: String,
}

#[derive(Deserialize)]
struct Persona {
    key: String,
    locale: String,
    name: String,
    role: String,
}

impl Approve {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client: Client = self.remote.client()?;
        // A name and a version have no character that an address would have to encode, but for the + of a build.
        let version = self.plugin.version.to_string().replace('+', "%2B");
        let path = format!("/v1/plugins/{}/{version}/approval", self.plugin.name);
        let answer: Answer = match &self.owner {
            None => client.get(&path)?,
            Some(owner) => {
                let body = json!({ "owner": owner, "reason": self.reason }).to_string();
                client.post(&path, "application/json", body.as_bytes())?
            }
        };
        output.raw_json(&answer.body)?;
        let answered: Answered = client.parse(&answer)?;
        match self.owner {
            None => show(&answered, output)?,
            Some(_) => output.text(standing(&answered))?,
        }
        Ok(Exit::Done)
    }
}

fn show(answered: &Answered, output: Output) -> Result<(), Failure> {
    for Template { key, locale, text } in &answered.templates {
        output.text(format!("{key} ({locale}): {}", harmless(text)))?;
    }
    for Persona { key, locale, name, role } in &answered.personas {
        output.text(format!("persona {key} ({locale}): {}, {}", harmless(name), harmless(role)))?;
    }
    output.text(standing(answered))
}

fn standing(answered: &Answered) -> String {
    let Answered { plugin, approval, owner, .. } = answered;
    match (approval.as_str(), owner) {
        (_, Some(owner)) => format!("{plugin}: its texts are approved by {}", harmless(owner)),
        ("pending", None) => {
            format!(
                "{plugin}: its texts are not approved; `rebound approve {plugin} --owner YOU` approves them"
            )
        }
        _ => format!("{plugin}: its texts need no approval"),
    }
}
