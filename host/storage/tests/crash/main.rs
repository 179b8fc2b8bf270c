//! Kills a process that writes under load, at a random moment and without warning, and looks at what is left.
//!
//! The parent starts this same binary as a writer, which tells each acknowledged commit through a pipe; kills it
//! (SIGKILL); opens what it left; and checks that every acknowledged commit is there and no batch is there by
//! half. The next writer goes on in the same directory, so that damage would add up, until a fresh one is due.
//!
//! `REBOUND_CRASH_ROUNDS` sets the number of kills (20), `REBOUND_CRASH_SEED` the moments.
//!
//! What it cannot show is a power cut: the system keeps what a killed process wrote. That the data file is synced
//! before a commit is acknowledged has tests of its own.

#![allow(clippy::print_stdout, reason = "the summary is read by people, the acknowledgements by the parent")]

mod check;
mod ledger;
mod writer;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use check::Found;

const ROUNDS: u32 = 20;
const ROUNDS_IN_ONE_DIRECTORY: u32 = 5;
/// A writer is killed after up to so many acknowledgements, and up to so long after the last of them.
const ACKNOWLEDGEMENTS_MAX: u64 = 1_500;
const LATER_MAX: Duration = Duration::from_millis(20);

/// Where a writer is to write; only set for writers.
const WRITER_DIRECTORY: &str = "REBOUND_CRASH_WRITER_DIRECTORY";

/// For each writing task, how many of its commits were acknowledged.
type Acknowledged = BTreeMap<u32, u64>;

fn main() {
    if let Some(directory) = std::env::var_os(WRITER_DIRECTORY) {
        return writer::write_until_killed(Path::new(&directory));
    }
    let rounds = number("REBOUND_CRASH_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.try_into().expect("a number of rounds"));
    let seed = number("REBOUND_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("crash test: {rounds} kills, REBOUND_CRASH_SEED={seed}");
    let mut random = Random(seed);
    let mut total = Found::default();
    let mut acknowledged = 0;
    let mut directory = tempfile::tempdir().expect("a temporary directory");
    let mut known = Acknowledged::new();
    for round in 0..rounds {
        if round % ROUNDS_IN_ONE_DIRECTORY == 0 {
            acknowledged += known.values().sum::<u64>();
            known.clear();
            directory = tempfile::tempdir().expect("a temporary directory");
        }
        kill_a_writer(directory.path(), &mut random, &mut known);
        let found = check::check(directory.path(), &known);
        total.add(&found);
        // What was found is what the next writer goes on from, acknowledged or not.
        known = found.commits;
    }
    acknowledged += known.values().sum::<u64>();
    println!(
        "crash test passed: {rounds} kills, {acknowledged} commits found, every acknowledged one among them; \
         {} of them unacknowledged, {} entries compared, none half-written",
        total.unacknowledged, total.entries
    );
}

/// Adds what the writer acknowledged to `known`.
fn kill_a_writer(directory: &Path, random: &mut Random, known: &mut Acknowledged) {
    let mut writer = start_writer(directory);
    let wanted = random.below(ACKNOWLEDGEMENTS_MAX);
    let mut lines = BufReader::new(writer.stdout.take().expect("it is piped")).lines();
    let mut learn = |line: std::io::Result<String>| {
        let line = line.expect("the pipe is read");
        let (task, number) = line.split_once(' ').expect("task and number");
        let number: u64 = number.parse().expect("a number");
        let last = known.insert(task.parse().expect("a number"), number);
        assert_eq!(last.unwrap_or(0) + 1, number, "task {task} acknowledges one commit after another");
    };
    lines.by_ref().take(wanted.try_into().expect("few")).for_each(&mut learn);
    // Between two acknowledgements too, not only right after one.
    let moment = Instant::now()
        + Duration::from_micros(random.below(LATER_MAX.as_micros().try_into().expect("short")));
    while Instant::now() < moment {
        std::thread::yield_now();
    }
    writer.kill().expect("the writer is killed");
    let status = writer.wait().expect("the writer is waited for");
    assert_eq!(status.code(), None, "the writer ended by itself");
    lines.for_each(learn);
}

fn start_writer(directory: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this binary has a path"))
        .env(WRITER_DIRECTORY, directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts")
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text}; set it to a whole number")))
}

/// SplitMix64, Steele, Lea and Flood 2014.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
