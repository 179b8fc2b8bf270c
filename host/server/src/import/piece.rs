//! What is sent in one request, and what stands between its records in the file: rows that are refused before
//! anything is sent are told in their place.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Deserialize;

use super::records::{Outcome, Record};
use super::resume::Mark;
use super::source::Row;

/// Entries of a full piece, and bytes of its records: enough for the storage to write many together, few enough to be
/// sent again.
const ENTRIES: usize = 1000;
const BYTES: usize = 1024 * 1024;
/// A piece that finds no good end goes before it is so many times that.
const OVERFULL: usize = 4;

/// Outcomes of rows that stand together.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) entries: Vec<Entry>,
    /// Records among the entries, and their bytes.
    pub(super) records: usize,
    bytes: usize,
    pub(super) skipped: u64,
    /// Where an import goes on when everything up to this piece's end is in. None when rows stand open there.
    pub(super) mark: Option<Mark>,
    /// What its records are called, hashed.
    ids: HashSet<u64>,
}

/// A record, or rows that are none.
#[derive(Debug)]
pub(super) enum Entry {
    /// To be sent.
    Record(Record),
    /// Not to be sent.
    Refused {
        /// What is wrong, by line.
        problems: Vec<(u64, String)>,
        rows: Vec<Row>,
    },
}

/// The names that the kinds of records go by.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, alias = "sku", alias = "return_id")]
    id: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    customer_id: Option<std::borrow::Cow<'a, str>>,
}

impl Piece {
    pub(super) fn take(&mut self, outcome: Outcome) {
        self.mark = None;
        match outcome {
            Outcome::Skipped => self.skipped += 1,
            Outcome::Refused { problems, rows } => self.entries.push(Entry::Refused { problems, rows }),
            Outcome::Ready(record) => {
                self.records += 1;
                self.bytes += record.json.len() + 1;
                // What does not parse is refused by the service, wherever it comes.
                if let Ok(Named { id, customer_id }) = serde_json::from_slice(&record.json)
                    && let Some(id) = id.or(customer_id)
                {
                    let mut hasher = DefaultHasher::new();
                    id.hash(&mut hasher);
                    self.ids.insert(hasher.finish());
                }
                self.entries.push(Entry::Record(record));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.skipped == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= ENTRIES || self.bytes >= BYTES
    }

    pub(super) fn is_overfull(&self) -> bool {
        self.entries.len() >= ENTRIES * OVERFULL || self.bytes >= BYTES * OVERFULL
    }

    /// Whether both may speak of the same record: the order of the file decides then which one counts.
    pub(super) fn meets(&self, other: &Piece) -> bool {
        !self.ids.is_disjoint(&other.ids)
    }

    /// The body of a request with the records from `from` on, `count` at most: one line each.
    pub(super) fn body(&self, from: usize, count: usize) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.bytes);
        for record in self.records().skip(from).take(count) {
            body.extend_from_slice(&record.json);
            body.push(b'\n');
        }
        body
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Record(record) => Some(record),
            Entry::Refused { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(lines: &[&str]) -> Piece {
        let mut piece = Piece::default();
        for line in lines {
            let record = Record { json: line.as_bytes().to_vec(), rows: Vec::new(), roundings: Vec::new() };
            piece.take(Outcome::Ready(record));
        }
        piece
    }

    #[test]
    fn pieces_meet_when_they_name_the_same_record_of_any_kind() {
        let orders = piece(&[r#"{"id":"o-1","customer_id":"c-1"}"#, r#"{"customer_id":"c-1","id":"o-2"}"#]);
        assert!(orders.meets(&piece(&[r#"{"id":"o-2"}"#])));
        assert!(!orders.meets(&piece(&[r#"{"id":"o-3","customer_id":"c-1"}"#, "no json"])));
        assert!(piece(&[r#"{"sku":"A\n"}"#]).meets(&piece(&[r#"{"sku":"A\u000a","title":"x"}"#])));
        assert!(piece(&[r#"{"return_id":"r"}"#]).meets(&piece(&[r#"{"lines":[],"return_id":"r"}"#])));
        assert!(piece(&[r#"{"customer_id":"c"}"#]).meets(&piece(&[r#"{"customer_id":"c"}"#])));
    }

    #[test]
    fn a_part_of_a_piece_is_sent_by_its_records_alone() {
        let mut piece = piece(&["1", "2"]);
        piece.take(Outcome::Refused { problems: Vec::new(), rows: Vec::new() });
        piece.take(Outcome::Ready(Record { json: b"3".to_vec(), rows: Vec::new(), roundings: Vec::new() }));
        assert_eq!(piece.body(1, 5), b"2\n3\n");
        assert_eq!(piece.body(0, 1), b"1\n");
    }
}
