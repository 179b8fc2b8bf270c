//! How far an import came, in a file of its own: killed at any moment, the same command goes on from there.
//!
//! The file says how many rows are in and what they were, as one digest, so that a file that has changed before that
//! place is noticed. It is replaced whole after each piece that the service has answered, so it never runs ahead of
//! what is durable; what was sent and not answered is sent again, which changes nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::kind::Kind;
use super::source::{Raw, Row};
use super::tally::Sums;
use crate::failure::Failure;

/// Of the file's form.
const VERSION: u32 = 1;

/// What an import is of: another one does not go on from its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    /// The service.
    pub(super) url: String,
    /// SHA-256 of the map, and of how the file is read.
    pub(super) map: String,
}

impl Subject {
    pub(super) fn new(kind: Kind, url: &str, map: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in map {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self { kind, url: url.to_owned(), map: hex(hasher) }
    }
}

/// The file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    version: u32,
    subject: Subject,
    /// Rows of the file that are dealt with.
    rows: u64,
    /// SHA-256 of those.
    digest: String,
    /// What became of them.
    sums: Sums,
    /// How many of them were told to be bad.
    problems: u64,
    /// Bytes of the file of rejects, when there is one.
    rejects_bytes: Option<u64>,
}

/// What an earlier run leaves to a later one.
#[derive(Debug, Clone, Default)]
pub(super) struct Earlier {
    pub(super) sums: Sums,
    pub(super) problems: u64,
    pub(super) rejects_bytes: Option<u64>,
}

/// A place in the file before which everything is dealt with, or could be.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    rows: u64,
    hasher: Option<Sha256>,
}

/// Follows the rows of an import, and keeps how far it came.
#[derive(Debug)]
pub(super) struct Keeper {
    /// None when nobody asked.
    kept: Option<Kept>,
    rows: u64,
}

#[derive(Debug)]
struct Kept {
    path: PathBuf,
    subject: Subject,
    hasher: Sha256,
    /// What an earlier run kept.
    earlier: Option<State>,
    scratch: Vec<u8>,
}

impl Keeper {
    /// Follows rows and keeps nothing.
    pub(super) fn idle() -> Self {
        Self { kept: None, rows: 0 }
    }

    /// Keeps its state in a file, and goes on from what that says when it is there.
    pub(super) fn open(path: &Path, subject: Subject) -> Result<Self, Failure> {
        let earlier = match fs::read(path) {
            Ok(bytes) => Some(read(path, &bytes, &subject)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(Failure::File { path: path.to_path_buf(), verb: "read", source }),
        };
        let kept =
            Kept { path: path.to_path_buf(), subject, hasher: Sha256::new(), earlier, scratch: Vec::new() };
        Ok(Self { kept: Some(kept), rows: 0 })
    }

    /// What an earlier run came to.
    pub(super) fn earlier(&self) -> Option<Earlier> {
        let state = self.kept.as_ref()?.earlier.as_ref()?;
        let (sums, problems, rejects_bytes) = (state.sums, state.problems, state.rejects_bytes);
        Some(Earlier { sums, problems, rejects_bytes })
    }

    /// Takes a row. Whether an earlier run has dealt with it.
    ///
    /// # Errors
    /// When the rows that an earlier run dealt with were others.
    pub(super) fn follow(&mut self, row: &Row) -> Result<bool, Failure> {
        self.rows += 1;
        let Some(kept) = &mut self.kept else { return Ok(false) };
        kept.absorb(row);
        let Some(state) = &kept.earlier else { return Ok(false) };
        if self.rows == state.rows && hex(kept.hasher.clone()) != state.digest {
            return Err(kept.other_file());
        }
        Ok(self.rows <= state.rows)
    }

    /// The place after the rows so far.
    pub(super) fn mark(&self) -> Mark {
        Mark { rows: self.rows, hasher: self.kept.as_ref().map(|kept| kept.hasher.clone()) }
    }

    /// Takes the end of the file.
    ///
    /// # Errors
    /// When an earlier run has dealt with more rows than there are.
    pub(super) fn end(&self) -> Result<(), Failure> {
        match &self.kept {
            Some(kept) if kept.earlier.as_ref().is_some_and(|state| self.rows < state.rows) => {
                Err(kept.other_file())
            }
            _ => Ok(()),
        }
    }

    /// Keeps that everything before a mark is dealt with.
    pub(super) fn keep(
        &self,
        mark: Mark,
        sums: Sums,
        problems: u64,
        rejects_bytes: Option<u64>,
    ) -> Result<(), Failure> {
        let (Some(kept), Mark { rows, hasher: Some(hasher) }) = (&self.kept, mark) else { return Ok(()) };
        let subject = kept.subject.clone();
        let digest = hex(hasher);
        let state = State { version: VERSION, subject, rows, digest, sums, problems, rejects_bytes };
        let bytes = serde_json::to_vec(&state).expect("a state has string keys");
        let beside = kept.path.with_added_extension("new");
        // Whoever is killed here leaves the old file or the new one, never half of either.
        fs::write(&beside, bytes)
            .and_then(|()| fs::rename(&beside, &kept.path))
            .map_err(|source| Failure::File { path: kept.path.clone(), verb: "written", source })
    }

    pub(super) fn is_kept(&self) -> bool {
        self.kept.is_some()
    }
}

impl Kept {
    fn absorb(&mut self, row: &Row) {
        self.scratch.clear();
        match &row.raw {
            Raw::Record(record) => {
                self.scratch.extend_from_slice(&(record.len() as u64).to_be_bytes());
                for cell in record {
                    self.scratch.extend_from_slice(&(cell.len() as u64).to_be_bytes());
                    self.scratch.extend_from_slice(cell);
                }
            }
            Raw::Line(line) => {
                self.scratch.extend_from_slice(&(line.len() as u64).to_be_bytes());
                self.scratch.extend_from_slice(line);
            }
        }
        self.hasher.update(&self.scratch);
    }

    fn other_file(&self) -> Failure {
        let rows = self.earlier.as_ref().map_or(0, |state| state.rows);
        Failure::Usage(format!(
            "the first {rows} rows are not those that {} speaks of; give the same file, or remove {} to begin from the start",
            self.path.display(),
            self.path.display()
        ))
    }
}

fn read(path: &Path, bytes: &[u8], subject: &Subject) -> Result<State, Failure> {
    let begin = format!("remove {} to begin from the start", path.display());
    let state: State = serde_json::from_slice(bytes).map_err(|error| {
        Failure::Usage(format!("{} is no state of an import ({error}); {begin}", path.display()))
    })?;
    let differs = if state.version != VERSION {
        "was written by another version of rebound".to_owned()
    } else if state.subject.kind != subject.kind {
        format!("is of an import of {}, not of {}", state.subject.kind, subject.kind)
    } else if state.subject.url != subject.url {
        format!("is of an import into {}, not into {}", state.subject.url, subject.url)
    } else if state.subject != *subject {
        "is of an import with other columns or another format".to_owned()
    } else {
        return Ok(state);
    };
    Err(Failure::Usage(format!("{} {differs}; {begin}", path.display())))
}

fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use csv::{ByteRecord, StringRecord};

    use super::*;

    fn row(cells: &[&str]) -> Row {
        let raw = Raw::Record(ByteRecord::from(cells.to_vec()));
        Row { line: 1, raw, cells: StringRecord::new(), fault: None }
    }

    fn subject() -> Subject {
        Subject::new(Kind::Orders, "http://a", &["", "csv"])
    }

    /// A state after two rows.
    fn kept(dir: &Path) -> PathBuf {
        let path = dir.join("state.json");
        let mut keeper = Keeper::open(&path, subject()).unwrap();
        for cells in [["1", "a"], ["2", "b"]] {
            assert!(!keeper.follow(&row(&cells)).unwrap());
        }
        let sums = Sums { rows: 2, created: 2, ..Sums::default() };
        keeper.keep(keeper.mark(), sums, 1, Some(7)).unwrap();
        path
    }

    #[test]
    fn the_same_rows_are_passed_over_and_later_ones_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut keeper = Keeper::open(&kept(dir.path()), subject()).unwrap();
        let earlier = keeper.earlier().unwrap();
        assert_eq!((earlier.sums.created, earlier.problems, earlier.rejects_bytes), (2, 1, Some(7)));
        let passed = [["1", "a"], ["2", "b"], ["3", "c"]].map(|cells| keeper.follow(&row(&cells)).unwrap());
        assert_eq!(passed, [true, true, false]);
        keeper.end().unwrap();
    }

    #[test]
    fn rows_that_changed_or_are_gone_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = kept(dir.path());
        for second in [["2", "c"], ["2b", ""], ["", "2b"]] {
            let mut keeper = Keeper::open(&path, subject()).unwrap();
            keeper.follow(&row(&["1", "a"])).unwrap();
            let refused = keeper.follow(&row(&second)).unwrap_err().to_string();
            assert!(refused.contains("the first 2 rows are not those"), "{refused}");
        }
        let mut keeper = Keeper::open(&path, subject()).unwrap();
        keeper.follow(&row(&["1", "a"])).unwrap();
        assert!(keeper.end().is_err());
    }

    #[test]
    fn the_state_of_another_import_is_refused_by_what_differs() {
        let dir = tempfile::tempdir().unwrap();
        let path = kept(dir.path());
        let refused = |subject: Subject| Keeper::open(&path, subject).unwrap_err().to_string();
        assert!(refused(Subject::new(Kind::Catalog, "http://a", &["", "csv"])).contains("not of catalog"));
        assert!(refused(Subject::new(Kind::Orders, "http://b", &["", "csv"])).contains("not into http://b"));
        assert!(refused(Subject::new(Kind::Orders, "http://a", &["x", "csv"])).contains("other columns"));
        fs::write(&path, "{").unwrap();
        assert!(refused(subject()).contains("is no state of an import"));
    }
}
