//! `rebound doctor`: whether the records of a stopped service hang together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use indicatif::ProgressBar;
use rebound_engine::{Diagnosis, Examined, Fault, Finding, StartError, examine};
use rebound_storage::{SledOptions, SledStorage, Storage as _};
use serde_json::json;

use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{Output, Unit, harmless};
use crate::serve::StartFault;
use crate::serve::data_dir::{STORAGE, existing_keys};

const EXAMPLES: &str = "Examples:
  rebound doctor --data /var/lib/rebound
  rebound doctor --data ./data --json | jq .found
  rebound doctor --data ./data --list 20

The service must be stopped. Every record is opened, held against those that it names, and against what counts it: plans,
events, returns, orders, coupons, holds, what is due, budgets, customers' histories, the catalogue, routes and
components, the outbox, the audit log, erasures. No record is changed. A finding names a place and no person;
docs/doctor.md tells what to do about each kind.";

/// Check the records of a stopped service.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub(crate) struct Doctor {
    /// The data directory of `rebound serve`.
    #[arg(long, value_name = "DIR", env = "REBOUND_DATA")]
    data: PathBuf,
    /// Findings to list; all are counted.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    list: usize,
}

fn help() -> String {
    format!("{EXAMPLES}\nExit codes:\n{}", exit::TABLE)
}

impl Doctor {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let started = Instant::now();
        let (host_key, slots) = existing_keys(&self.data).map_err(StartFault::from)?;
        let storage = SledStorage::open(&self.data.join(STORAGE), SledOptions::default());
        let storage = Arc::new(storage.map_err(StartFault::from)?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(StartFault::Runtime)?;
        let bar = output.progress(None, Unit::Items).with_message("records");
        let mut listing = Listing { output, bar: &bar, left: self.list, listed: Vec::new(), failed: None };
        let examined =
            runtime.block_on(examine(storage.clone(), host_key, slots, &mut |told| listing.take(told)));
        bar.finish_and_clear();
        let diagnosis = examined.map_err(unfinished)?;
        if let Some(failed) = listing.failed {
            return Err(failed);
        }
        runtime.block_on(storage.close()).map_err(StartFault::Close)?;
        let seconds = started.elapsed().as_secs_f64();
        output.json(&document(&self.data, &diagnosis, &listing.listed, seconds))?;
        output.text(summary(&self.data, &diagnosis, self.list, seconds))?;
        Ok(if diagnosis.found.is_empty() { Exit::Done } else { Exit::Unsound })
    }
}

/// Not a record but the storage or a key file cannot be read any further.
fn unfinished(fault: Fault) -> Failure {
    StartFault::Engine(StartError::Fault(fault)).into()
}

/// Tells of findings as they come.
struct Listing<'a> {
    output: Output,
    bar: &'a ProgressBar,
    left: usize,
    listed: Vec<Finding>,
    failed: Option<Failure>,
}

impl Listing<'_> {
    fn take(&mut self, told: Examined) {
        match told {
            Examined::Records(count) => self.bar.set_position(count),
            Examined::Found(_) if self.left == 0 => {}
            Examined::Found(finding) => {
                self.left -= 1;
                let written = self.bar.suspend(|| self.output.text(harmless(&finding.to_string())));
                self.failed = self.failed.take().or(written.err());
                self.listed.push(finding);
            }
        }
    }
}

fn document(data: &Path, diagnosis: &Diagnosis, listed: &[Finding], seconds: f64) -> serde_json::Value {
    let Diagnosis { records, customers, found, unchecked } = diagnosis;
    let count: u64 = found.values().sum();
    let finding = |finding: &Finding| {
        json!({
            "kind": finding.kind.word(), "place": finding.place, "what": finding.what,
            "remedy": finding.kind.remedy(),
        })
    };
    json!({
        "data": data, "sound": found.is_empty(), "records": records, "customers": customers,
        "found": found.iter().map(|(kind, count)| (kind.word(), count)).collect::<std::collections::BTreeMap<_, _>>(),
        "findings": listed.iter().map(finding).collect::<Vec<_>>(),
        "left_off": count - listed.len() as u64,
        "unchecked": unchecked, "seconds": seconds,
    })
}

fn summary(data: &Path, diagnosis: &Diagnosis, list: usize, seconds: f64) -> String {
    let Diagnosis { records, customers, found, unchecked } = diagnosis;
    let read = format!(
        "{}: {records} records of {customers} customers, in {seconds:.1} s",
        harmless(&data.to_string_lossy())
    );
    let mut lines = Vec::new();
    let count: u64 = found.values().sum();
    if count > list as u64 {
        lines.push(format!("{} more are not listed; --list {count} lists all", count - list as u64));
    }
    for (owner, count) in unchecked {
        lines.push(format!("not checked: {count} records of {}", harmless(owner)));
    }
    if found.is_empty() {
        lines.push(format!("{read}: sound"));
        return lines.join("\n");
    }
    lines.push(format!("{read}: {count} findings"));
    for (kind, count) in found {
        lines.push(format!("  {count} {}: {}", kind.word(), kind.remedy()));
    }
    lines.join("\n")
}
