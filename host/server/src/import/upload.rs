//! Sending records in pieces, several at a time, and telling by line what the service did not take.
//!
//! Pieces are dealt with in the order of the file, whatever order they are answered in. Two that speak of the same
//! record are never on their way together: the later line counts, as if they were sent one by one.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use indicatif::ProgressBar;
use serde::Deserialize;

use super::kind::Kind;
use super::piece::{Entry, Piece};
use super::records::Outcome;
use super::rejects::Rejects;
use super::resume::{Keeper, Mark};
use super::source::Row;
use super::tally::{Problem, RoundedAmount, Tally};
use crate::client::{Client, ClientError};
use crate::failure::Failure;
use crate::output::harmless;

const NDJSON: &str = "application/x-ndjson";
/// Pieces on their way at once: one is read and one is written while others are made and waited for. The service takes
/// 32 imports at a time.
const FLIGHTS_MAX: usize = 4;
/// Bad lines that the service lists in one answer.
const LISTED_MAX: usize = 100;

/// Sends records.
pub(super) struct Upload {
    client: Arc<Client>,
    kind: Kind,
    rejects: Option<Rejects>,
    piece: Piece,
    flights: VecDeque<Flight>,
    progress: ProgressBar,
    started: Instant,
    pub(super) tally: Tally,
}

/// A piece on its way.
struct Flight {
    piece: Piece,
    /// None when there was nothing to send.
    answer: Option<JoinHandle<Result<Report, ClientError>>>,
}

/// As the service answers an import.
#[derive(Deserialize)]
struct Report {
    created: u64,
    updated: u64,
    unchanged: u64,
    errors: Vec<BadLine>,
    errors_omitted: u64,
}

#[derive(Deserialize)]
struct BadLine {
    line: usize,
    code: String,
    detail: String,
}

impl Upload {
    /// `tally` begins with what an earlier run came to.
    pub(super) fn new(
        client: Client,
        kind: Kind,
        rejects: Option<Rejects>,
        progress: ProgressBar,
        tally: Tally,
    ) -> Self {
        let (client, started) = (Arc::new(client), Instant::now());
        Self {
            client,
            kind,
            rejects,
            piece: Piece::default(),
            flights: VecDeque::new(),
            progress,
            started,
            tally,
        }
    }

    /// Takes what became of some rows.
    pub(super) fn take(&mut self, outcome: Outcome) {
        self.piece.take(outcome);
    }

    /// Says that everything before a place in the file was taken. Sends a piece when it is full.
    pub(super) fn mark(&mut self, mark: Mark, keeper: &Keeper) -> Result<(), Failure> {
        self.piece.mark = Some(mark);
        match self.piece.is_full() {
            true => self.launch(keeper),
            false => Ok(()),
        }
    }

    /// Says that rows stand open. Sends a piece all the same when it is far too full.
    pub(super) fn go_on(&mut self, keeper: &Keeper) -> Result<(), Failure> {
        match self.piece.is_overfull() {
            true => self.launch(keeper),
            false => Ok(()),
        }
    }

    /// Sends what is left and waits for all of it.
    pub(super) fn finish(mut self, mark: Mark, keeper: &Keeper) -> Result<Tally, Failure> {
        self.piece.mark = Some(mark);
        self.launch(keeper)?;
        while let Some(flight) = self.flights.pop_front() {
            self.land(flight, keeper)?;
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.flush()?;
        }
        self.tally.took_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(self.tally)
    }

    fn launch(&mut self, keeper: &Keeper) -> Result<(), Failure> {
        let piece = std::mem::take(&mut self.piece);
        if piece.is_empty() && piece.mark.is_none() {
            return Ok(());
        }
        let flights_max = flights_beside(self.flights.iter().map(|flight| &flight.piece), &piece);
        while self.flights.len() > flights_max
            && let Some(flight) = self.flights.pop_front()
        {
            self.land(flight, keeper)?;
        }
        let answer = (piece.records > 0).then(|| {
            let (client, path) = (Arc::clone(&self.client), self.kind.path());
            let (body, count) = (piece.body(0, piece.records), piece.records);
            std::thread::spawn(move || send(&client, path, &body, count))
        });
        self.flights.push_back(Flight { piece, answer });
        Ok(())
    }

    /// Waits for a piece's answer, tells what was not taken, and keeps how far the import came.
    fn land(&mut self, Flight { mut piece, answer }: Flight, keeper: &Keeper) -> Result<(), Failure> {
        let mut refused: HashMap<usize, BadLine> = HashMap::new();
        if let Some(answer) = answer {
            let lost = || self.client.misunderstood(0, &"the thread that asked has failed");
            let report = answer.join().map_err(|_| lost()).and_then(|report| report)?;
            self.tally.sums.created += report.created;
            self.tally.sums.updated += report.updated;
            self.tally.sums.unchanged += report.unchanged;
            if report.errors_omitted == 0 {
                refused = report.errors.into_iter().map(|bad| (bad.line - 1, bad)).collect();
            } else {
                // The service lists only so many: the same records in smaller pieces change nothing, and tell all.
                for from in (0..piece.records).step_by(LISTED_MAX) {
                    let count = LISTED_MAX.min(piece.records - from);
                    let report = send(&self.client, self.kind.path(), &piece.body(from, count), count)?;
                    refused.extend(report.errors.into_iter().map(|bad| (from + bad.line - 1, bad)));
                }
            }
        }
        self.tally.sums.rows += piece.skipped;
        self.tally.sums.skipped += piece.skipped;
        let mut index = 0;
        for entry in std::mem::take(&mut piece.entries) {
            match entry {
                Entry::Refused { problems, rows } => {
                    self.tally.sums.rows += rows.len() as u64;
                    for (line, detail) in problems {
                        let code = "invalid_line".to_owned();
                        self.tell(Problem { line, last_line: None, code, detail });
                    }
                    self.reject(&rows)?;
                }
                Entry::Record(record) => {
                    self.tally.sums.rows += record.rows.len() as u64;
                    for (line, rounding) in record.roundings {
                        let (field, became) = (rounding.field, rounding.units);
                        self.tally.rounding(RoundedAmount { line, field, amount: rounding.amount, became });
                    }
                    if let Some(BadLine { code, detail, .. }) = refused.remove(&index) {
                        let line = record.rows.first().map_or(0, |row| row.line);
                        let last_line = record.rows.last().map(|row| row.line).filter(|last| *last != line);
                        self.tell(Problem { line, last_line, code, detail });
                        self.reject(&record.rows)?;
                    }
                    index += 1;
                }
            }
        }
        let sums = &self.tally.sums;
        self.progress.set_message(format!("{} rows, {} rejected", sums.rows, sums.rejected));
        match piece.mark {
            Some(mark) if keeper.is_kept() => {
                let rejects_bytes = self.rejects.as_mut().map(Rejects::flush).transpose()?;
                keeper.keep(mark, self.tally.sums, self.tally.problems(), rejects_bytes)
            }
            _ => Ok(()),
        }
    }

    fn tell(&mut self, problem: Problem) {
        let text = harmless(&problem.to_string());
        if self.tally.problem(problem) {
            // A terminal that is gone is no reason to stop an import.
            self.progress.suspend(|| writeln!(std::io::stderr().lock(), "{text}")).ok();
        }
    }

    fn reject(&mut self, rows: &[Row]) -> Result<(), Failure> {
        self.tally.sums.rejected += rows.len() as u64;
        match &mut self.rejects {
            Some(rejects) => rejects.write(rows),
            None => Ok(()),
        }
    }
}

/// Most pieces that may be on their way when another one begins its own.
fn flights_beside<'a>(mut flights: impl Iterator<Item = &'a Piece>, piece: &Piece) -> usize {
    match flights.any(|flight| flight.meets(piece)) {
        true => 0,
        false => FLIGHTS_MAX - 1,
    }
}

fn send(client: &Client, path: &str, body: &[u8], count: usize) -> Result<Report, ClientError> {
    let answer = client.post(path, NDJSON, body)?;
    let report: Report = client.parse(&answer)?;
    match report.errors.iter().all(|bad| (1..=count).contains(&bad.line)) {
        true => Ok(report),
        false => Err(client.misunderstood(answer.status, &"it names a line that was not sent")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::Record;
    use super::*;

    fn piece(json: &str) -> Piece {
        let mut piece = Piece::default();
        let json = json.as_bytes().to_vec();
        piece.take(Outcome::Ready(Record { json, rows: Vec::new(), roundings: Vec::new() }));
        piece
    }

    #[test]
    fn a_piece_waits_for_all_that_speak_of_the_same_record_and_else_for_few() {
        let [a, b] = [r#"{"sku":"A"}"#, r#"{"sku":"B"}"#].map(piece);
        assert_eq!(flights_beside([].into_iter(), &a), FLIGHTS_MAX - 1);
        assert_eq!(flights_beside([&b, &b].into_iter(), &a), FLIGHTS_MAX - 1);
        assert_eq!(flights_beside([&b, &a].into_iter(), &a), 0);
    }
}
