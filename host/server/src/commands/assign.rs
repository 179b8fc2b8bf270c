//! `rebound assign`: which arm a unit gets, as the service computes it. JSON lines in, JSON lines out, no service.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use rebound_domain::bucket::{self, EmptyUnit, Namespace, Range};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::error::Category;
use serde_json::json;
use serde_json::value::RawValue;

use crate::exit::Exit;
use crate::failure::Failure;

const EXAMPLES: &str = "Examples:
  rebound assign units.ndjson
  echo '{\"unit\": \"c-1\", \"seed\": \"exp\", \"coverage\": 1.0, \"weights\": [0.5, 0.5]}' | rebound assign
  generate-units | rebound assign > arms.ndjson

A line in:   {\"unit\": \"c-1\", \"seed\": \"exp\", \"coverage\": 1.0, \"weights\": [0.5, 0.5], \"namespace\": {\"id\": \"ns\", \"range\": [0.0, 0.5]}}
A line out:  {\"unit\":\"c-1\",\"bucket\":0.2223,\"arm\":0,\"reason\":\"running\"}
The reason is running, not-covered or excluded (by the namespace, which may be left out or null); the arm counts from
0 and is -1 for a unit that is in none. Coverage is 1 when left out. Weights are not negative and sum to 1.
A line that does not stand is answered in its place with {\"error\": {\"code\", \"detail\"}}, and the exit code is then 1.
An experiment's own seed is in `rebound experiment show --json`; docs/assignment.md has the arithmetic.";

/// A line that goes on longer than this is no assignment.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// How far from 1 the sum of the weights may be.
const SUM_TOLERANCE: f64 = 1e-6;

/// Compute which arms units get, without a service.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Assign {
    /// The file of JSON lines; - is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// A line in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    unit: String,
    seed: String,
    coverage: Option<Exact>,
    weights: Vec<Exact>,
    #[serde(default, deserialize_with = "namespace")]
    namespace: Option<NamespaceQuestion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamespaceQuestion {
    id: String,
    range: (Exact, Exact),
}

/// A number, read to the last bit: serde_json may be off by one there, and an arm's edge would move.
#[derive(Debug, Clone, Copy)]
struct Exact(f64);

/// A line out.
#[derive(Debug, PartialEq, Serialize)]
struct Answer {
    unit: String,
    bucket: f64,
    arm: i64,
    reason: &'static str,
}

/// Why a line does not stand.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    code: &'static str,
    detail: String,
}

impl Assign {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let output = io::stdout().lock();
        match self.file.as_os_str() == "-" {
            true => assign(BufReader::new(io::stdin().lock()), output, &self.file),
            false => {
                let file = File::open(&self.file).map_err(|source| unreadable(&self.file, source))?;
                assign(BufReader::new(file), output, &self.file)
            }
        }
    }
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.to_path_buf(), verb: "read", source }
}

/// Answers line by line; what is held is one line.
fn assign(mut input: BufReader<impl Read>, output: impl Write, path: &Path) -> Result<Exit, Failure> {
    let mut output = io::BufWriter::new(output);
    let mut exit = Exit::Done;
    let mut line = Vec::new();
    loop {
        if input.buffer().is_empty() {
            // The next read may wait: whoever asked so far gets their answers first.
            output.flush().map_err(Failure::Output)?;
        }
        line.clear();
        let size = input.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        if size.map_err(|source| unreadable(path, source))? == 0 {
            break;
        }
        let answered = if line.len() as u64 > LINE_BYTES_MAX {
            if line.last() != Some(&b'\n') {
                input.skip_until(b'\n').map_err(|source| unreadable(path, source))?;
            }
            Err(refusal("line_too_long", format!("the line is over {LINE_BYTES_MAX} bytes")))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            read(&line).and_then(answer)
        };
        let written = match answered {
            Ok(answer) => serde_json::to_writer(&mut output, &answer),
            Err(Refusal { code, detail }) => {
                exit = Exit::No;
                serde_json::to_writer(&mut output, &json!({ "error": { "code": code, "detail": detail } }))
            }
        };
        written.map_err(io::Error::from).and_then(|()| output.write_all(b"\n")).map_err(Failure::Output)?;
    }
    output.flush().map_err(Failure::Output)?;
    Ok(exit)
}

fn refusal(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { code, detail: detail.into() }
}

fn read(line: &[u8]) -> Result<Question, Refusal> {
    // serde would read the fields from an array too, by their place.
    let is_object = line.trim_ascii_start().starts_with(b"{");
    match serde_json::from_slice::<Question>(line) {
        Ok(question) if is_object => Ok(question),
        Ok(_) => Err(refusal("invalid_field", "the line is JSON, but not an object")),
        Err(error) if error.classify() == Category::Data => {
            let detail = error.to_string();
            let code = if detail.starts_with("unknown field") { "unknown_field" } else { "invalid_field" };
            Err(refusal(code, detail))
        }
        Err(error) => Err(refusal("invalid_json", format!("the line is no JSON: {error}"))),
    }
}

fn answer(question: Question) -> Result<Answer, Refusal> {
    let Question { unit, seed, coverage, weights, namespace } = question;
    let invalid = |detail: String| refusal("invalid_field", detail);
    if let Some((index, Exact(weight))) = weights.iter().enumerate().find(|(_, Exact(it))| *it < 0.0) {
        return Err(invalid(format!("weights[{index}] is {weight}; no weight is negative")));
    }
    let sum: f64 = weights.iter().map(|Exact(weight)| weight).sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(invalid(format!("weights sum to {sum}; make them sum to 1")));
    }
    let Exact(coverage) = coverage.unwrap_or(Exact(1.0));
    if !(0.0..=1.0).contains(&coverage) {
        return Err(invalid(format!("coverage is {coverage}; give 0 to 1")));
    }
    let namespace = namespace.map(NamespaceQuestion::check).transpose()?;
    let empty = |error: EmptyUnit| invalid(error.to_string());
    let bucket = bucket::bucket(&seed, &unit).map_err(empty)?.fraction();
    let is_in = namespace.map_or(Ok(true), |namespace| namespace.holds(&unit)).map_err(empty)?;
    let weights = weights.into_iter().map(|Exact(weight)| weight);
    let arm = bucket::ranges(weights, coverage).position(|range| range.holds(bucket));
    let (arm, reason) = match arm {
        _ if !is_in => (-1, "excluded"),
        None => (-1, "not-covered"),
        Some(index) => (i64::try_from(index).expect("a line holds fewer arms than that"), "running"),
    };
    Ok(Answer { unit, bucket, arm, reason })
}

/// An object or null: serde would read the fields from an array too, by their place.
fn namespace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NamespaceQuestion>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    match raw.get() {
        "null" => Ok(None),
        text if text.starts_with('{') => serde_json::from_str(text).map(Some).map_err(D::Error::custom),
        text => Err(D::Error::custom(format_args!("namespace {text} is no object"))),
    }
}

impl NamespaceQuestion {
    fn check(self) -> Result<Namespace, Refusal> {
        let (Exact(start), Exact(end)) = self.range;
        match 0.0 <= start && start <= end && end <= 1.0 {
            true => Ok(Namespace { id: self.id, range: Range { start, end } }),
            false => Err(refusal(
                "invalid_field",
                format!("namespace.range is [{start}, {end}]; give two numbers from 0 to 1, the lower first"),
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let number = raw.get().parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Self).ok_or_else(|| D::Error::custom(format_args!("{raw} is no number")))
    }
}

#[cfg(test)]
mod tests;
