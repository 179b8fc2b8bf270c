//! What became of an import, as it is told at the end.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// Bad lines that are listed; the rest is counted.
const PROBLEMS_MAX: usize = 1000;
/// Rounded amounts that are listed.
const ROUNDINGS_MAX: usize = 5;

/// What became of rows and records, in numbers. Rows are those of the file; records are products, orders, returns or
/// customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums {
    /// Rows that were not blank, the header aside.
    pub(super) rows: u64,
    /// Rows that the map leaves out.
    pub(super) skipped: u64,
    /// Rows that were not taken.
    pub(super) rejected: u64,
    /// Records that were new.
    pub(super) created: u64,
    /// Records that changed what was known.
    pub(super) updated: u64,
    /// Records that were known already.
    pub(super) unchanged: u64,
    /// Amounts that were rounded to minor units.
    pub(super) rounded: u64,
}

/// What became of an import.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    #[serde(flatten)]
    pub(super) sums: Sums,
    /// The first of the rounded amounts.
    pub(super) roundings: Vec<RoundedAmount>,
    /// Lines with something wrong.
    pub(super) errors: Vec<Problem>,
    /// How many more there were.
    pub(super) errors_omitted: u64,
    /// Rows that an earlier run had dealt with; they are in the sums.
    pub(super) resumed_rows: u64,
    /// How long this run took, milliseconds.
    pub(super) took_ms: u64,
}

/// A line with something wrong.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Problem {
    /// Where in the file, from 1.
    pub(super) line: u64,
    /// The last line of the same record, where it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_line: Option<u64>,
    /// The stable word to match on.
    pub(super) code: String,
    /// What is wrong and what to do about it.
    pub(super) detail: String,
}

/// An amount that was rounded.
#[derive(Debug, Serialize)]
pub(super) struct RoundedAmount {
    pub(super) line: u64,
    pub(super) field: &'static str,
    /// In major units.
    pub(super) amount: String,
    /// In minor units.
    pub(super) became: i64,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.last_line {
            Some(last) => write!(f, "lines {} to {last}: {}", self.line, self.detail),
            None => write!(f, "line {}: {}", self.line, self.detail),
        }
    }
}

impl Tally {
    /// Lists a problem while there is room. Returns whether it was listed.
    pub(super) fn problem(&mut self, problem: Problem) -> bool {
        let has_room = self.errors.len() < PROBLEMS_MAX;
        match has_room {
            true => self.errors.push(problem),
            false => self.errors_omitted += 1,
        }
        has_room
    }

    pub(super) fn rounding(&mut self, rounding: RoundedAmount) {
        self.sums.rounded += 1;
        if self.roundings.len() < ROUNDINGS_MAX {
            self.roundings.push(rounding);
        }
    }

    /// As a person reads it.
    pub(super) fn text(&self, kind: Kind) -> String {
        let Sums { rows, skipped, rejected, created, updated, unchanged, rounded } = &self.sums;
        let mut text = format!(
            "{}: {created} created, {updated} updated, {unchanged} unchanged, from {rows} rows: {skipped} left out by the map, {rejected} rejected",
            kind.noun()
        );
        if *rounded > 0 {
            write!(text, "\n{rounded} amounts were rounded to minor units (half to even)")
                .expect("a string grows");
            for RoundedAmount { line, field, amount, became } in &self.roundings {
                write!(text, "\n  line {line}: {field} {amount} became {became}").expect("a string grows");
            }
            if *rounded > self.roundings.len() as u64 {
                text.push_str("\n  ...");
            }
        }
        if self.errors_omitted > 0 {
            write!(
                text,
                "\n{} more lines are bad; --rejects FILE writes the rows of all of them",
                self.errors_omitted
            )
            .expect("a string grows");
        }
        if self.resumed_rows > 0 {
            write!(text, "\n{} of the rows were dealt with by an earlier run", self.resumed_rows)
                .expect("a string grows");
        }
        let here = rows - self.resumed_rows;
        if let Some(rate) = (here * 1000).checked_div(self.took_ms) {
            let (seconds, tenths) = (self.took_ms / 1000, self.took_ms % 1000 / 100);
            write!(text, "\n{here} rows in {seconds}.{tenths} s, {rate} a second").expect("a string grows");
        }
        text
    }

    /// How many lines were told to be bad.
    pub(super) fn problems(&self) -> u64 {
        self.errors.len() as u64 + self.errors_omitted
    }
}
