//! A backup made while the storage is written to holds the state of one moment, and says when it is not whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rebound_storage::backup::{
    BackupError, BackupReader, FILE_FORMAT, Header, Piece, ReadError, Totals, write,
};
use rebound_storage::{
    Add, Batch, Entry, FORMAT, Key, MemoryStorage, OpenError, Revision, SledOptions, SledRestore,
    SledStorage, Storage,
};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::channel;

const CACHE_BYTES: u64 = 1024 * 1024;

type State = BTreeMap<Key, Entry>;

fn header() -> Header {
    let host_version = "1.2.3".to_owned();
    Header {
        file_format: FILE_FORMAT,
        storage_format: FORMAT,
        created_at_ms: 7,
        key_mark: [9; 8],
        host_version,
    }
}

fn key(number: u16) -> Key {
    Key::new(format!("owner-{}", number % 7), format!("{number}"))
}

/// Puts, deletes or counts; each of these leaves something else under its key.
async fn change(storage: &dyn Storage, number: u16, what: u8, round: usize) {
    let mut batch = Batch::new();
    let guard = Key::new("guard", format!("{round}"));
    match what % 4 {
        0 => batch.delete(key(number)),
        1 => batch
            .put(guard.clone(), "")
            .expect_absent(guard)
            .add(Key::new("n", format!("{number}")), Add::by(3)),
        // Two keys at once: half of a batch would show.
        2 => batch
            .put(key(number), format!("pair {round}"))
            .put(key(number.wrapping_add(1)), format!("pair {round}")),
        _ => batch.put(key(number), vec![what; usize::from(what) * 40]),
    };
    storage.commit(batch).await.expect("lands");
}

async fn state(storage: &dyn Storage) -> State {
    let mut state = State::new();
    let mut after = None;
    loop {
        let page = storage.scan_all(after, 512).await.expect("scans").value;
        after = page.last().map(|(key, _)| key.clone());
        let is_last = page.len() < 512;
        state.extend(page);
        if is_last {
            return state;
        }
    }
}

/// Makes a backup, and calls `between` after every piece of it.
async fn back_up(
    storage: Arc<dyn Storage>,
    mut between: impl AsyncFnMut(&dyn Storage, usize),
) -> (Vec<u8>, Result<Totals, BackupError>) {
    let (to, mut from) = channel::<Result<Bytes, BackupError>>(1);
    let copied = Arc::clone(&storage);
    let writer = tokio::spawn(async move { write(&*copied, &header(), &to).await });
    let mut file = Vec::new();
    let mut pieces = 0;
    while let Some(piece) = from.recv().await {
        file.extend_from_slice(&piece.expect("no error is sent by the writer itself"));
        between(&*storage, pieces).await;
        pieces += 1;
    }
    (file, writer.await.expect("does not panic"))
}

fn restore(file: &[u8], directory: &std::path::Path) -> Result<Totals, ReadError> {
    let (found, mut reader) = BackupReader::new(file)?;
    assert_eq!(found, header());
    let mut restore = SledRestore::create(directory, CACHE_BYTES).expect("creates");
    loop {
        match reader.next_piece()? {
            Piece::Changes(changes) => restore.apply(&changes).expect("applies"),
            Piece::End(totals) => {
                restore.finish(Revision::new(totals.last)).expect("finishes");
                return Ok(totals);
            }
        }
    }
}

fn read_all(file: &[u8]) -> Result<Totals, ReadError> {
    let (_, mut reader) = BackupReader::new(file)?;
    loop {
        if let Piece::End(totals) = reader.next_piece()? {
            return Ok(totals);
        }
    }
}

/// Fills, backs up with changes between the pieces, and compares with the state after the last change.
async fn holds_one_moment(storage: Arc<dyn Storage>, entries: u16, changes: Vec<(u16, u8)>) {
    for number in 0..entries {
        change(&*storage, number, 3 + 4 * u8::try_from(number % 40).expect("below 40"), 0).await;
    }
    let mut after_each: Vec<State> = vec![state(&*storage).await];
    let mut left = changes.into_iter();
    let (file, totals) = back_up(Arc::clone(&storage), async |storage, _| {
        for (number, what) in left.by_ref().take(2) {
            change(storage, number, what, after_each.len()).await;
            after_each.push(state(storage).await);
        }
    })
    .await;
    let totals = totals.expect("backs up");
    let directory = tempfile::tempdir().expect("a temporary directory");
    assert_eq!(restore(&file, directory.path()).expect("restores"), totals);
    let restored = SledStorage::open(
        directory.path(),
        SledOptions { cache_bytes: CACHE_BYTES, ..SledOptions::default() },
    )
    .expect("opens");
    let found = state(&restored).await;
    // Every change is one commit with one revision, so the last revision says which moment it is.
    let moment = usize::try_from(totals.last).expect("few commits") - usize::from(entries);
    assert!(after_each[moment] == found, "the backup does not hold the state after revision {}", totals.last);
    // Revisions go on where the source was, deletes included.
    let mut batch = Batch::new();
    batch.put(Key::new("later", ""), "");
    let next = restored.commit(batch).await.expect("lands").revision;
    assert_eq!(next.number(), totals.last + 1);
    for entry in found.values() {
        assert!(entry.revision().is_none_or(|revision| revision < next));
    }
}

#[test]
fn a_backup_holds_the_state_of_one_moment_whatever_is_committed_meanwhile() {
    let runtime = Runtime::new().expect("a runtime starts");
    let config = ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(entries in 0_u16..900, changes in vec((0_u16..900, any::<u8>()), 0..60), sled in any::<bool>())| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let storage: Arc<dyn Storage> = match sled {
            true => Arc::new(SledStorage::open(directory.path(), SledOptions::default()).expect("opens")),
            false => Arc::new(MemoryStorage::new()),
        };
        runtime.block_on(holds_one_moment(storage, entries, changes));
    });
}

#[tokio::test]
async fn a_delete_that_the_scan_already_passed_is_in_the_backup() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    for number in 0..600 {
        change(&*storage, number, 7, 0).await;
    }
    let first = state(&*storage).await.into_keys().next().expect("has entries");
    let (file, totals) = back_up(Arc::clone(&storage), async |storage, piece| {
        // Magic, header and its check are three pieces; with the fourth the first page has been read.
        if piece == 4 {
            let mut batch = Batch::new();
            batch.delete(first.clone());
            storage.commit(batch).await.expect("lands");
        }
    })
    .await;
    let totals = totals.expect("backs up");
    assert_eq!((totals.scanned, totals.journal, totals.last), (600, 1, 601));
    let directory = tempfile::tempdir().expect("a temporary directory");
    restore(&file, directory.path()).expect("restores");
    let restored = SledStorage::open(directory.path(), SledOptions::default()).expect("opens");
    assert_eq!(state(&restored).await, state(&*storage).await);
}

#[tokio::test]
async fn every_flipped_byte_and_every_missing_end_is_found() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    for number in 0..20 {
        change(&*storage, number, 7, 0).await;
    }
    let (file, totals) = back_up(storage, async |_, _| {}).await;
    assert_eq!(read_all(&file).expect("is whole"), totals.expect("backs up"));
    for index in 0..file.len() {
        let mut damaged = file.clone();
        damaged[index] ^= 0x10;
        assert!(read_all(&damaged).is_err(), "byte {index} was flipped unseen");
        let cut = read_all(&file[..index]).expect_err("is cut");
        match index {
            ..8 => assert!(matches!(cut, ReadError::Foreign), "{cut}"),
            _ => assert!(matches!(cut, ReadError::Truncated { offset } if offset == index as u64), "{cut}"),
        }
    }
    // Found at the end of its own frame, not only at the end of the file: nothing damaged is applied.
    let mut damaged = file.clone();
    damaged[30] ^= 1;
    let error = read_all(&damaged).expect_err("is damaged");
    assert!(matches!(error, ReadError::Damaged { offset } if offset < 80), "{error}");
    let longer = [&file[..], b"x"].concat();
    assert!(matches!(read_all(&longer), Err(ReadError::Damaged { .. })));
    assert!(matches!(read_all(b"not a backup at all"), Err(ReadError::Foreign)));
}

/// A file of another version, with checksums that are right.
async fn of_version(file_format: u32, storage_format: u32) -> Result<Totals, ReadError> {
    let storage = MemoryStorage::new();
    let header = Header { file_format, storage_format, ..header() };
    let (to, mut from) = channel::<Result<Bytes, BackupError>>(64);
    write(&storage, &header, &to).await.expect("fits the channel");
    drop(to);
    let mut file = Vec::new();
    while let Some(piece) = from.recv().await {
        file.extend_from_slice(&piece.expect("no error"));
    }
    read_all(&file)
}

#[tokio::test]
async fn a_backup_of_another_version_is_refused_with_both_versions() {
    of_version(FILE_FORMAT, FORMAT).await.expect("this one's own is taken");
    for (file_format, storage_format) in [(FILE_FORMAT + 1, FORMAT), (FILE_FORMAT, FORMAT + 1)] {
        let error = of_version(file_format, storage_format).await.expect_err("is newer");
        assert!(
            matches!(&error, ReadError::TooNew { host_version, .. } if host_version == "1.2.3"),
            "{error}"
        );
    }
    let error = of_version(FILE_FORMAT, FORMAT - 1).await.expect_err("is older");
    assert!(
        matches!(&error, ReadError::TooOld { found, known: FORMAT, .. } if *found == FORMAT - 1),
        "{error}"
    );
}

#[tokio::test]
async fn a_storage_with_entries_is_not_restored_into() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let storage = SledStorage::open(directory.path(), SledOptions::default()).expect("opens");
    change(&storage, 1, 3, 0).await;
    drop(storage);
    let refused = SledRestore::create(directory.path(), CACHE_BYTES);
    assert!(matches!(refused, Err(OpenError::NotEmpty { .. })));
}
