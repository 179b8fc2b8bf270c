//! `rebound replay`: a recorded decision, run again.

use clap::Args;
use rebound_domain::ids::PluginRef;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Remote;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound replay
  rebound replay 0000019f3c1a2b00b1946ac92492d234
  rebound replay 0000019f3c1a2b00b1946ac92492d234 --plugin rebound/upgrade@0.2.0
  rebound replay 0000019f3c1a2b00b1946ac92492d234 --unmasked

Without an id the latest recordings are listed. Ends with 0 when every call did what it had done, bit for bit, and with 1
when one did not. --plugin runs another version of a plugin on the same inputs; what it asks the catalogue beyond what
was recorded is answered by the catalogue as it is now, and listed.";

/// Run a recorded decision again and show the difference.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Replay {
    /// The recording; the latest are listed when left out.
    id: Option<String>,
    /// Another version, in the place of every version of the same plugin.
    #[arg(long, value_name = "PLUGIN@VERSION", requires = "id")]
    plugin: Option<PluginRef>,
    /// Show differences in what tells of a person, too; the service announces that.
    #[arg(long, requires = "id")]
    unmasked: bool,
    #[command(flatten)]
    remote: Remote,
}

/// As the service answers.
#[derive(Deserialize)]
struct Answered {
    same: bool,
    meter_recorded: String,
    meter: String,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    stage: String,
    recorded: String,
    plugin: String,
    outcome: String,
    differences: Vec<Difference>,
    unseen: Vec<String>,
}

#[derive(Deserialize)]
struct Difference {
    path: String,
    recorded: Option<Value>,
    replayed: Option<Value>,
}

#[derive(Deserialize)]
struct List {
    recordings: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    at: String,
    why: String,
    whole: bool,
    calls: Vec<ListedCall>,
}

#[derive(Deserialize)]
struct ListedCall {
    plugin: String,
    outcome: String,
}

impl Replay {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client = self.remote.client()?;
        let Some(id) = self.id else {
            let answer = client.get("/v1/recordings")?;
            output.raw_json(&answer.body)?;
            let list: List = client.parse(&answer)?;
            if list.recordings.is_empty() {
                output.text("nothing is recorded yet")?;
            }
            list.recordings.iter().try_for_each(|it| output.text(listed(it)))?;
            return Ok(Exit::Done);
        };
        if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Failure::Usage(format!(
                "{} is no recording's id: it has hex digits only",
                harmless(&id)
            )));
        }
        let mut path = format!("/v1/recordings/{id}/replay?unmasked={}", self.unmasked);
        if let Some(plugin) = self.plugin {
            path.push_str("&plugin=");
            // Of what a version may be written with, only a plus means something else in a query.
            path.push_str(&plugin.to_string().replace('+', "%2B"));
        }
        let answer = client.post(&path, "application/json", b"")?;
        output.raw_json(&answer.body)?;
        let replay: Answered = client.parse(&answer)?;
        output.text(text(&replay))?;
        Ok(exit(&replay))
    }
}

fn exit(replay: &Answered) -> Exit {
    if replay.same { Exit::Done } else { Exit::No }
}

fn listed(recording: &Listed) -> String {
    let Listed { id, at, why, whole, calls } = recording;
    let calls: Vec<_> =
        calls.iter().map(|ListedCall { plugin, outcome }| format!("{plugin} {outcome}")).collect();
    let whole = if *whole { "" } else { ", not whole" };
    format!("{id} {at} {why}{whole}: {}", calls.join(", "))
}

fn text(replay: &Answered) -> String {
    let mut text = String::new();
    if replay.meter != replay.meter_recorded {
        text.push_str(&format!(
            "fuel is not compared: it was counted by {}, and is by {} now\n",
            harmless(&replay.meter_recorded),
            replay.meter
        ));
    }
    for Call { stage, recorded, plugin, outcome, differences, unseen } in &replay.calls {
        let version = if recorded == plugin { plugin.clone() } else { format!("{plugin} for {recorded}") };
        let verdict = match differences.is_empty() && unseen.is_empty() {
            true => "the same".to_owned(),
            false => format!("{} differences", differences.len()),
        };
        text.push_str(&format!("{stage}: {version} ({outcome}): {verdict}\n"));
        for Difference { path, recorded, replayed } in differences {
            for (sign, value) in [('-', recorded), ('+', replayed)] {
                if let Some(value) = value {
                    text.push_str(&format!("  {sign} {path}: {}\n", harmless(&value.to_string())));
                }
            }
        }
        for question in unseen {
            text.push_str(&format!("  ? not in the recording: {}\n", harmless(question)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_shown_line_by_line() {
        let answer = json!({
            "same": false, "meter_recorded": "1", "meter": "2",
            "calls": [
                {"stage": "coupon", "recorded": "a/b@1.0.0", "plugin": "a/b@1.0.0", "outcome": "value",
                    "differences": [], "unseen": []},
                {"stage": "sharing", "recorded": "a/c@1.0.0", "plugin": "a/c@2.0.0", "outcome": "value",
                    "differences": [{"path": "fuel", "recorded": 1, "replayed": 2}, {"path": "detail", "replayed": "\u{1b}[2J"}],
                    "unseen": ["{\"stock\":2}"]},
            ],
        });
        let want = "fuel is not compared: it was counted by 1, and is by 2 now
coupon: a/b@1.0.0 (value): the same
sharing: a/c@2.0.0 for a/c@1.0.0 (value): 2 differences
  - fuel: 1
  + fuel: 2
  + detail: \"\\u001b[2J\"
  ? not in the recording: {\"stock\":2}
";
        let replay = serde_json::from_value(answer).unwrap();
        assert_eq!(text(&replay), want);
        assert_eq!((exit(&replay), exit(&Answered { same: true, ..replay })), (Exit::No, Exit::Done));
    }
}
