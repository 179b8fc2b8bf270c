//! `rebound decide`: return events from a file become plans.

mod events;
mod plan_text;

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use self::events::{Event, Events, Shape};
use crate::client::{Client, ClientError, Remote};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Unit};

const EXAMPLES: &str = "Examples:
  rebound decide event.json
  rebound decide event.json --dry-run
  rebound decide events.ndjson --json > plans.ndjson
  generate-events | rebound decide -

FILE holds one event, a JSON array of events, or one event a line. The same event again answers with the stored
plan. With --json one event answers with its plan; several answer with one line each, a plan or an {\"error\": ...}.
An event:
  {\"source\": \"shop\", \"id\": \"evt-1\", \"return_id\": \"r-1\", \"customer_id\": \"c-1\",
   \"requested_at\": \"2026-03-01T09:30:00Z\", \"locale\": \"en\", \"currency\": \"CNY\",
   \"lines\": [{\"sku\": \"LIP-01\", \"quantity\": 1, \"paid\": 19900, \"reason\": \"color\"}]}";

/// Decide return events and print their plans.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Decide {
    /// The file; - is standard input.
    file: PathBuf,
    /// Only show the plans: nothing is stored and nothing is learned.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    remote: Remote,
}

/// How many events came to what.
#[derive(Default)]
struct Counts {
    made: u64,
    stored: u64,
    dry: u64,
    refused: u64,
}

impl Decide {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client = self.remote.client()?;
        let events = Events::open(&self.file)?;
        let shape = events.shape;
        let progress = match shape {
            Shape::One => ProgressBar::hidden(),
            Shape::Many => output.progress(None, Unit::Items).with_message("events"),
        };
        let mut counts = Counts::default();
        let result = events.each(&self.file, |event| {
            progress.inc(1);
            progress.suspend(|| self.decide(&client, event, shape, output, &mut counts))
        });
        progress.finish_and_clear();
        result?;
        let Counts { made, stored, dry, refused } = counts;
        if shape == Shape::Many {
            let dry = if self.dry_run { format!(", {dry} shown only") } else { String::new() };
            output
                .text(format!("{made} plans made, {stored} stored before{dry}, {refused} events refused"))?;
        }
        Ok(if refused == 0 { Exit::Done } else { Exit::No })
    }

    fn decide(
        &self,
        client: &Client,
        event: Event,
        shape: Shape,
        output: Output,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        let path = if self.dry_run { "/v1/returns?dry_run=true" } else { "/v1/returns" };
        let answer = match event.json.map(|json| client.post(path, "application/json", json.get().as_bytes()))
        {
            Ok(Ok(answer)) => answer,
            // With one event the refusal is the answer of the command.
            Ok(Err(error)) if shape == Shape::One || error.exit() == Exit::Unreachable => {
                return Err(error.into());
            }
            Ok(Err(error)) => {
                counts.refused += 1;
                return refuse(output, event.number, &error);
            }
            Err(problem) => {
                counts.refused += 1;
                let error = json!({ "number": event.number, "code": "invalid_json", "detail": problem });
                return tell(output, error, &format!("event {}: {problem}", event.number));
            }
        };
        let (origin, count) = match (self.dry_run, answer.status) {
            (true, _) => ("shown only, stored nowhere", &mut counts.dry),
            (false, 201) => ("made now", &mut counts.made),
            (false, _) => ("stored before", &mut counts.stored),
        };
        *count += 1;
        output.raw_json(&answer.body)?;
        if output == Output::Text {
            let plan: Value = client.parse(&answer)?;
            output.text(plan_text::text(&plan, origin))?;
        }
        Ok(())
    }
}

fn refuse(output: Output, number: u64, error: &ClientError) -> Result<(), Failure> {
    let mut document = error.to_json();
    document["number"] = json!(number);
    tell(output, document, &format!("event {number}: {error}"))
}

fn tell(output: Output, error: Value, sentence: &str) -> Result<(), Failure> {
    if output == Output::Text {
        crate::complain(sentence);
    }
    output.json(&json!({ "error": error }))
}
