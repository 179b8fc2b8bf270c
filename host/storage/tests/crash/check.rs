//! What is found after a kill.

use std::collections::BTreeMap;
use std::path::Path;

use rebound_storage::{Bytes, Entry, Key, SledOptions, SledStorage, Storage};

use crate::Acknowledged;
use crate::ledger::{self, TASKS, WINDOW};

/// What a check went through.
#[derive(Default)]
pub(crate) struct Found {
    /// For each task, its commits.
    pub(crate) commits: Acknowledged,
    /// Commits found that nobody was told of.
    pub(crate) unacknowledged: u64,
    pub(crate) entries: usize,
}

impl Found {
    pub(crate) fn add(&mut self, other: &Self) {
        self.unacknowledged += other.unacknowledged;
        self.entries += other.entries;
    }
}

/// Opens what a killed writer left.
///
/// # Panics
/// When an acknowledged commit is missing, or a batch is there by half.
pub(crate) fn check(directory: &Path, acknowledged: &Acknowledged) -> Found {
    let storage = SledStorage::open(directory, SledOptions::default()).expect("opens after a kill");
    let entries = tokio::runtime::Runtime::new().expect("a runtime starts").block_on(read_all(&storage));
    let mut found = Found { entries: entries.len(), ..Found::default() };
    let mut want = BTreeMap::new();
    for task in 0..TASKS {
        let told = acknowledged.get(&task).copied().unwrap_or(0);
        let commits = entries.get(&ledger::head(task)).map_or(0, number);
        // A task has one commit in hand at a time.
        assert!(
            (told..=told + 1).contains(&commits),
            "task {task} was told of {told} commits, {commits} are found"
        );
        found.unacknowledged += commits - told;
        if commits > 0 {
            found.commits.insert(task, commits);
            want.extend(left_by(task, commits));
        }
    }
    let commits: u64 = found.commits.values().sum();
    if commits > 0 {
        want.insert(ledger::shared_counter(), Content::counter(commits));
    }
    for (key, entry) in &entries {
        let entry = Content::of(entry);
        assert!(want.get(key) == Some(&entry), "{key} is not what the heads tell");
    }
    assert_eq!(entries.len(), want.len(), "an entry that the heads tell of is missing");
    found
}

/// An entry without its revision.
#[derive(PartialEq)]
enum Content {
    Value(Bytes),
    Counter(i128),
}

impl Content {
    fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Value { bytes, .. } => Self::Value(bytes.clone()),
            Entry::Counter(number) => Self::Counter(*number),
        }
    }

    fn counter(commits: u64) -> Self {
        Self::Counter(commits.into())
    }
}

/// What the first `commits` commits of `task` leave, whole.
fn left_by(task: u32, commits: u64) -> impl Iterator<Item = (Key, Content)> {
    let head = Bytes::from(commits.to_be_bytes().to_vec());
    let records = (commits.saturating_sub(WINDOW) + 1)..=commits;
    records
        .map(move |number| (ledger::record(task, number), Content::Value(ledger::content(task, number))))
        .chain([
            (ledger::head(task), Content::Value(head)),
            (ledger::counter(task), Content::counter(commits)),
        ])
}

fn number(head: &Entry) -> u64 {
    let bytes = head.bytes().expect("no head is a counter");
    u64::from_be_bytes(bytes.as_ref().try_into().expect("a head is a number"))
}

async fn read_all(storage: &SledStorage) -> BTreeMap<Key, Entry> {
    const PAGE: usize = 256;
    let mut entries = BTreeMap::new();
    let mut after = None;
    loop {
        let page = storage.scan_all(after, PAGE).await.expect("scans").value;
        after = page.last().map(|(key, _)| key.clone());
        let count = page.len();
        entries.extend(page);
        if count < PAGE {
            return entries;
        }
    }
}
