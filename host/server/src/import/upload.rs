//! Sending records in pieces, and telling by line what the service did not take.

use std::io::Write as _;

use serde::Deserialize;

use super::kind::Kind;
use super::records::{Outcome, Record};
use super::rejects::Rejects;
use super::source::Row;
use super::tally::{Problem, RoundedAmount, Tally};
use crate::client::{Client, ClientError};
use crate::failure::Failure;
use crate::output::harmless;

const NDJSON: &str = "application/x-ndjson";
/// Records that are sent at once, and bytes of them: enough for the storage to write many together, few enough to
/// be sent again.
const PIECE_RECORDS: usize = 1000;
const PIECE_BYTES: usize = 1024 * 1024;
/// Bad lines that the service lists in one answer.
const LISTED_MAX: usize = 100;

/// Sends records.
pub(super) struct Upload<'a> {
    client: &'a Client,
    kind: Kind,
    rejects: Option<Rejects>,
    piece: Vec<Record>,
    piece_bytes: usize,
    pub(super) tally: Tally,
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

impl<'a> Upload<'a> {
    pub(super) fn new(client: &'a Client, kind: Kind, rejects: Option<Rejects>) -> Self {
        Self { client, kind, rejects, piece: Vec::new(), piece_bytes: 0, tally: Tally::default() }
    }

    /// Takes what became of some rows, and sends a piece when it is full.
    pub(super) fn take(&mut self, outcome: Outcome) -> Result<(), Failure> {
        match outcome {
            Outcome::Skipped => {
                self.tally.rows += 1;
                self.tally.skipped += 1;
                Ok(())
            }
            Outcome::Refused { problems, rows } => {
                self.tally.rows += rows.len() as u64;
                for (line, detail) in problems {
                    self.tell(Problem { line, last_line: None, code: "invalid_line".to_owned(), detail });
                }
                self.reject(&rows)
            }
            Outcome::Ready(record) => {
                self.tally.rows += record.rows.len() as u64;
                for (line, rounding) in &record.roundings {
                    let (field, amount, became) = (rounding.field, rounding.amount.clone(), rounding.units);
                    self.tally.rounding(RoundedAmount { line: *line, field, amount, became });
                }
                self.piece_bytes += record.json.len();
                self.piece.push(record);
                match self.piece.len() >= PIECE_RECORDS || self.piece_bytes >= PIECE_BYTES {
                    true => self.flush(),
                    false => Ok(()),
                }
            }
        }
    }

    /// Sends what is left and closes the file of rejects.
    pub(super) fn finish(mut self) -> Result<Tally, Failure> {
        self.flush()?;
        self.rejects.map_or(Ok(()), Rejects::finish)?;
        Ok(self.tally)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let piece = std::mem::take(&mut self.piece);
        self.piece_bytes = 0;
        if piece.is_empty() {
            return Ok(());
        }
        let report = self.send(&piece)?;
        self.tally.created += report.created;
        self.tally.updated += report.updated;
        self.tally.unchanged += report.unchanged;
        if report.errors_omitted == 0 {
            return self.refused(&piece, report.errors);
        }
        // The service lists only so many: the same records in smaller pieces change nothing, and tell all.
        for part in piece.chunks(LISTED_MAX) {
            let errors = self.send(part)?.errors;
            self.refused(part, errors)?;
        }
        Ok(())
    }

    fn send(&self, piece: &[Record]) -> Result<Report, ClientError> {
        let mut body = Vec::with_capacity(piece.iter().map(|record| record.json.len() + 1).sum());
        for record in piece {
            body.extend_from_slice(&record.json);
            body.push(b'\n');
        }
        let answer = self.client.post(self.kind.path(), NDJSON, &body)?;
        let report: Report = self.client.parse(&answer)?;
        match report.errors.iter().all(|bad| (1..=piece.len()).contains(&bad.line)) {
            true => Ok(report),
            false => Err(self.client.misunderstood(answer.status, &"it names a line that was not sent")),
        }
    }

    fn refused(&mut self, piece: &[Record], errors: Vec<BadLine>) -> Result<(), Failure> {
        for BadLine { line, code, detail } in errors {
            let rows = &piece[line - 1].rows;
            let (first, last) = (rows.first().map_or(0, |row| row.line), rows.last().map(|row| row.line));
            let last_line = last.filter(|last| *last != first);
            self.tell(Problem { line: first, last_line, code, detail });
            self.reject(rows)?;
        }
        Ok(())
    }

    fn tell(&mut self, problem: Problem) {
        let text = harmless(&problem.to_string());
        if self.tally.problem(problem) {
            // A terminal that is gone is no reason to stop an import.
            writeln!(std::io::stderr().lock(), "{text}").ok();
        }
    }

    fn reject(&mut self, rows: &[Row]) -> Result<(), Failure> {
        self.tally.rejected += rows.len() as u64;
        match &mut self.rejects {
            Some(rejects) => rejects.write(rows),
            None => Ok(()),
        }
    }
}
