//! What became of an import.

use rebound_engine::Imported;
use serde::Serialize;
use utoipa::ToSchema;

use crate::code::Code;
use crate::problem::Problem;

/// Most errors an answer lists; the rest is counted.
const ERRORS_MAX: usize = 100;

/// What became of an import's lines. Good lines are kept whatever became of the others.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ImportReport {
    /// Lines that were not blank.
    received: u64,
    /// Lines that were new.
    created: u64,
    /// Lines that changed what was known.
    updated: u64,
    /// Lines that were known already.
    unchanged: u64,
    /// Lines that were not taken.
    rejected: u64,
    /// The first 100 of those.
    #[schema(max_items = 100)]
    errors: Vec<BadLine>,
    /// How many more there were.
    errors_omitted: u64,
}

/// A line that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BadLine {
    /// Its number in the body, from 1; blank lines count.
    line: u64,
    /// The stable word to match on.
    code: &'static str,
    /// What is wrong with it and what to do about it.
    detail: String,
}

impl ImportReport {
    pub(crate) fn taken(&mut self, imported: Imported) {
        self.received += 1;
        match imported {
            Imported::Created => self.created += 1,
            Imported::Updated => self.updated += 1,
            Imported::Unchanged => self.unchanged += 1,
        }
    }

    pub(crate) fn refused(&mut self, line: u64, code: Code, detail: String) {
        self.received += 1;
        self.rejected += 1;
        match self.errors.len() < ERRORS_MAX {
            true => self.errors.push(BadLine { line, code: code.word(), detail }),
            false => self.errors_omitted += 1,
        }
    }

    pub(crate) fn refused_for(&mut self, line: u64, problem: &Problem) {
        self.refused(line, problem.code(), problem.detail().to_owned());
    }
}
