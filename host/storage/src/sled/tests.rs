//! What only sled's backend promises: when it answers, how it fails, what it refuses to open.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Waker};

use tempfile::TempDir;

use super::*;
use crate::{Add, Revision};

/// Holds each sync of the committer until told how it ends.
struct Gate {
    entered: Receiver<()>,
    ends: Sender<io::Result<()>>,
}

impl Gate {
    fn wait_until_syncing(&self) {
        // Long: a committer that never syncs is to fail the test, not to hang it.
        self.entered.recv_timeout(std::time::Duration::from_secs(30)).expect("the committer syncs");
    }

    fn let_sync(&self, end: io::Result<()>) {
        self.ends.send(end).expect("the committer waits");
    }

    /// Lets every sync from now on succeed; what comes back tells of each.
    fn open(self) -> Receiver<()> {
        self.entered
    }
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn open(directory: &TempDir) -> SledStorage {
    SledStorage::open(directory.path(), SledOptions::default()).expect("opens")
}

fn open_gated(directory: &TempDir, options: SledOptions) -> (SledStorage, Gate) {
    let (enter, entered) = channel();
    let (ends, end) = channel::<io::Result<()>>();
    let sync = move || {
        enter.send(()).expect("the test outlives the storage");
        // A gate that is gone is open.
        end.recv().unwrap_or(Ok(()))
    };
    let storage =
        SledStorage::open_with(directory.path(), options, disk(directory.path()), |_| Box::new(sync))
            .expect("opens");
    (storage, Gate { entered, ends })
}

fn key(name: impl Into<Bytes>) -> Key {
    Key::new("o", name)
}

fn put(name: &'static str) -> Batch {
    let mut batch = Batch::new();
    batch.put(key(name), name);
    batch
}

fn create(name: &'static str) -> Batch {
    let mut batch = put(name);
    batch.expect_absent(key(name));
    batch
}

/// What a future has to say right now.
fn poll<T>(future: &mut BoxFuture<'_, T>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_before_the_sync() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    let mut batch = create("a");
    batch.add(key("n"), Add::by(1));
    let mut commit = storage.commit(batch);
    assert!(poll(&mut commit).is_none());
    gate.wait_until_syncing();
    assert!(poll(&mut commit).is_none());

    for name in ["a", "n"] {
        let read = storage.get(vec![key(name)]).await.expect("reads");
        assert!(read.value[0].is_some(), "{name} is readable before it is durable");
        assert!(poll(&mut storage.durable(read.sequence)).is_none(), "a reply built on {name} waits");
    }
    let scan = storage.scan("o".into(), KeyRange::all(), 9, Direction::Forward).await.expect("scans");
    let mut durable = storage.durable(scan.sequence);
    assert!(poll(&mut durable).is_none());
    let other = storage.get(vec![key("z")]).await.expect("reads");
    storage.durable(other.sequence).await.expect("an absence that no delete made waits for nobody");

    gate.let_sync(Ok(()));
    commit.await.expect("lands");
    durable.await.expect("is durable");
}

#[tokio::test]
async fn an_absence_that_a_delete_made_waits_for_the_sync() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    gate.let_sync(Ok(()));
    storage.commit(put("a")).await.expect("lands");
    gate.wait_until_syncing();

    let mut batch = Batch::new();
    batch.delete(key("a"));
    let mut commit = storage.commit(batch);
    assert!(poll(&mut commit).is_none());
    gate.wait_until_syncing();
    let get = storage.get(vec![key("a")]).await.expect("reads");
    let scan = storage.scan("o".into(), KeyRange::all(), 9, Direction::Backward).await.expect("scans");
    assert_eq!((get.value, scan.value), (vec![None], vec![]));
    for sequence in [get.sequence, scan.sequence] {
        assert!(poll(&mut storage.durable(sequence)).is_none());
    }
    gate.let_sync(Ok(()));
    commit.await.expect("lands");
}

#[tokio::test]
async fn a_refusal_waits_for_the_batch_it_rests_on() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    let mut first = storage.commit(put("first"));
    assert!(poll(&mut first).is_none());
    gate.wait_until_syncing();
    let mut winner = storage.commit(create("a"));
    let mut loser = storage.commit(create("a"));
    assert!(poll(&mut winner).is_none() && poll(&mut loser).is_none());
    gate.let_sync(Ok(()));
    gate.wait_until_syncing();
    assert!(poll(&mut loser).is_none(), "the winner could still be lost");
    gate.let_sync(Ok(()));
    first.await.expect("lands");
    winner.await.expect("lands");
    assert!(matches!(loser.await, Err(CommitError::Conflict { key: k }) if k == key("a")));
}

#[tokio::test]
async fn batches_that_wait_together_share_one_sync() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    let mut commits: Vec<_> = ["a", "b", "c", "d"].map(|name| storage.commit(create(name))).into();
    assert!(poll(&mut commits[0]).is_none());
    gate.wait_until_syncing();
    assert!(commits.iter_mut().all(|commit| poll(commit).is_none()));
    gate.let_sync(Ok(()));
    gate.wait_until_syncing();
    gate.let_sync(Ok(()));
    let mut revisions = Vec::new();
    for commit in commits {
        revisions.push(commit.await.expect("lands").revision);
    }
    assert_eq!(revisions, [1, 2, 3, 4].map(Revision::new));
    let syncs = gate.open();
    drop(storage);
    assert_eq!(syncs.iter().count(), 0, "no sync but the two");
}

#[tokio::test]
async fn a_group_is_bounded_in_bytes() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    let large = |name: u8| {
        let mut batch = Batch::new();
        for part in 0..10 {
            batch.put(key(vec![name, part]), vec![0; 60_000]);
        }
        batch
    };
    let mut first = storage.commit(put("first"));
    assert!(poll(&mut first).is_none());
    gate.wait_until_syncing();
    let mut commits: Vec<_> = (0..4).map(|name| storage.commit(large(name))).collect();
    assert!(commits.iter_mut().all(|commit| poll(commit).is_none()));
    gate.let_sync(Ok(()));
    for index in 0..4 {
        gate.wait_until_syncing();
        assert!(commits[index..].iter_mut().all(|commit| poll(commit).is_none()), "{index}");
        gate.let_sync(Ok(()));
        commits[index].as_mut().await.expect("lands");
    }
}

#[tokio::test]
async fn a_full_queue_refuses_and_recovers() {
    let directory = directory();
    let options = SledOptions { queued_bytes_max: 3_000, ..SledOptions::default() };
    let (storage, gate) = open_gated(&directory, options);
    let batch = |name: &'static str| {
        let mut batch = Batch::new();
        batch.put(key(name), vec![0; 1_000]);
        batch
    };
    let size_bytes = batch("a").size_bytes();
    let mut in_hand = storage.commit(batch("a"));
    assert!(poll(&mut in_hand).is_none());
    gate.wait_until_syncing();
    let (mut second, mut third) = (storage.commit(batch("b")), storage.commit(batch("c")));
    assert!(poll(&mut second).is_none() && poll(&mut third).is_none());
    let refused = poll(&mut storage.commit(batch("d"))).expect("a refusal comes at once");
    assert!(
        matches!(refused, Err(CommitError::Overloaded { queued_bytes, queued_bytes_max: 3_000 })
            if queued_bytes == 2 * size_bytes),
        "{refused:?}"
    );
    gate.let_sync(Ok(()));
    gate.let_sync(Ok(()));
    gate.let_sync(Ok(()));
    third.await.expect("lands");
    storage.commit(batch("d")).await.expect("there is room again");
}

#[tokio::test]
async fn a_commit_whose_future_is_dropped_lands_all_the_same() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    let mut dropped_in_hand = storage.commit(put("a"));
    assert!(poll(&mut dropped_in_hand).is_none());
    gate.wait_until_syncing();
    let mut dropped_queued = storage.commit(put("b"));
    assert!(poll(&mut dropped_queued).is_none());
    drop((dropped_in_hand, dropped_queued));
    drop(storage.commit(put("never polled")));
    let syncs = gate.open();
    drop(storage);
    assert_eq!(syncs.iter().count(), 1, "the two that were polled took a sync each");
    let found = open(&directory).get(["a", "b", "never polled"].map(key).to_vec()).await;
    assert_eq!(
        found.expect("reads").value.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, true, false]
    );
}

#[tokio::test]
async fn closing_lands_what_is_queued() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    let (mut first, mut second) = (storage.commit(put("a")), storage.commit(put("b")));
    assert!(poll(&mut first).is_none());
    gate.wait_until_syncing();
    assert!(poll(&mut second).is_none());
    let mut close = storage.close();
    assert!(poll(&mut close).is_none());
    let refused = storage.commit(put("c")).await;
    assert!(matches!(refused, Err(CommitError::Unavailable(Unavailable::Closed))), "{refused:?}");
    let mut failure = storage.failure();
    gate.let_sync(Ok(()));
    gate.let_sync(Ok(()));
    close.await.expect("closes");
    first.await.expect("lands");
    second.await.expect("lands");
    assert!(poll(&mut failure).is_none(), "closing is no failure");
}

#[tokio::test]
async fn a_failed_sync_fails_every_waiter_and_refuses_from_then_on() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    gate.let_sync(Ok(()));
    storage.commit(put("before")).await.expect("lands");
    gate.wait_until_syncing();
    fails(storage, &gate, Err(io::Error::other("the disk is gone")), "the data file could not be synced")
        .await;
    // What became of the group is for a fresh opening to tell; what was durable before is there.
    let found = open(&directory).get(vec![key("before")]).await.expect("reads").value;
    assert!(found[0].is_some());
}

#[tokio::test]
async fn a_panic_of_the_committer_fails_every_waiter_and_refuses_from_then_on() {
    let directory = directory();
    let (enter, entered) = channel();
    let (ends, end) = channel::<io::Result<()>>();
    let sync = move || {
        enter.send(()).expect("the test outlives the storage");
        end.recv().expect("the test lets go").expect("the test fails it");
        Ok(())
    };
    let storage =
        SledStorage::open_with(directory.path(), SledOptions::default(), disk(directory.path()), |_| {
            Box::new(sync)
        });
    let gate = Gate { entered, ends };
    fails(storage.expect("opens"), &gate, Err(io::Error::other("a panic")), "the committer panicked").await;
}

async fn fails(storage: SledStorage, gate: &Gate, end: io::Result<()>, reason: &str) {
    let says_why = |why: &Unavailable| matches!(why, Unavailable::Failed { reason: r } if r.contains(reason));
    let mut in_hand = storage.commit(put("in hand"));
    assert!(poll(&mut in_hand).is_none());
    gate.wait_until_syncing();
    let mut queued = storage.commit(put("queued"));
    assert!(poll(&mut queued).is_none());
    let seen = storage.get(vec![key("in hand")]).await.expect("reads");
    let mut durable = storage.durable(seen.sequence);
    assert!(poll(&mut durable).is_none());
    let mut failure = storage.failure();
    assert!(poll(&mut failure).is_none());

    gate.let_sync(end);
    assert!(says_why(&failure.await));
    assert!(matches!(in_hand.await, Err(CommitError::Unknown(why)) if says_why(&why)));
    assert!(matches!(queued.await, Err(CommitError::Unavailable(why)) if says_why(&why)));
    assert!(matches!(durable.await, Err(StorageError::Unavailable(why)) if says_why(&why)));
    let later = storage.commit(put("later")).await;
    assert!(matches!(later, Err(CommitError::Unavailable(why)) if says_why(&why)));
    assert!(matches!(storage.health(), Health::Refusing(why) if says_why(&why)));
    assert!(matches!(storage.close().await, Err(StorageError::Unavailable(why)) if says_why(&why)));
    let absent = storage.get(vec![key("queued")]).await.expect("reads go on");
    assert_eq!(absent.value, [None]);
    storage.durable(Sequence::DURABLE).await.expect("what was durable stays so");
}

#[test]
fn a_directory_is_open_once_and_free_again_when_dropped() {
    let directory = directory();
    for _ in 0..10 {
        let storage = open(&directory);
        let second = SledStorage::open(directory.path(), SledOptions::default()).map(drop);
        assert!(
            matches!(&second, Err(OpenError::AlreadyOpen { path }) if path == directory.path()),
            "{second:?}"
        );
        drop(storage);
    }
}

#[test]
fn a_newer_format_and_a_foreign_database_are_refused_and_left_alone() {
    let refused = |entries: &[(&[u8], &[u8])]| {
        let directory = directory();
        let config = || ::sled::Config::new().path(directory.path()).segment_size(open::SEGMENT_BYTES);
        let tree = config().open().expect("opens");
        for (key, value) in entries {
            tree.insert(key, *value).expect("writes");
        }
        drop(tree);
        let error =
            SledStorage::open(directory.path(), SledOptions::default()).map(drop).expect_err("refused");
        assert_eq!(config().open().expect("opens").len(), entries.len(), "nothing was written");
        error
    };
    let newer = refused(&[(codec::FORMAT_KEY, &2_u32.to_be_bytes())]);
    assert!(matches!(newer, OpenError::FormatTooNew { found: 2, known: 1, .. }), "{newer}");
    for entries in [
        &[(&b"theirs"[..], &b"1"[..])][..],
        &[(codec::FORMAT_KEY, b"1")],
        &[(codec::FORMAT_KEY, &0_u32.to_be_bytes())],
        &[(codec::FORMAT_KEY, &1_u32.to_be_bytes()), (codec::LAST_KEY, b"1")],
    ] {
        let foreign = refused(entries);
        assert!(matches!(foreign, OpenError::NotOurs { .. }), "{foreign}");
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = directory();
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("writes");
    let error = SledStorage::open(&file, SledOptions::default()).map(drop).expect_err("refused");
    assert!(matches!(&error, OpenError::Directory { path, .. } if *path == file), "{error}");
}

/// With sled's own segment size, values a quarter of ours already went to files that sled never syncs.
#[tokio::test]
async fn no_page_leaves_the_file_that_is_synced() {
    let directory = directory();
    let storage = open(&directory);
    for round in 0..6_u8 {
        for chunk in 0..12_u8 {
            let mut batch = Batch::new();
            for index in 0..15_u8 {
                batch.put(key(vec![chunk, index]), vec![round; crate::VALUE_BYTES_MAX]);
            }
            storage.commit(batch).await.expect("lands");
        }
    }
    drop(storage);
    let overflow = std::fs::read_dir(directory.path().join("blobs")).expect("sled makes it").count();
    assert_eq!(overflow, 0);
}

#[tokio::test]
async fn foreign_bytes_under_a_key_are_reported_and_nothing_else_fails() {
    let directory = directory();
    let storage = open(&directory);
    storage.reader.tree.insert(codec::encode_key(&key("bad")), b"??").expect("writes");
    let read = storage.get(vec![key("bad")]).await;
    assert!(matches!(read, Err(StorageError::Corrupt { .. })), "{read:?}");
    let refused = storage.commit(create("bad")).await;
    assert!(matches!(refused, Err(CommitError::Unreadable(StorageError::Corrupt { .. }))), "{refused:?}");
    storage.commit(put("good")).await.expect("lands");
    assert_eq!(storage.health(), Health::Serving);
}

/// A disk that the test fills, empties and makes read-only.
fn open_on(directory: &TempDir, space: Arc<std::sync::Mutex<room::Space>>) -> SledStorage {
    let probe = Box::new(move || Ok(*space.lock().expect("no test panics with it")));
    let options = SledOptions { reserve_bytes: 1000, ..SledOptions::default() };
    let sync = |file: File| -> Sync { Box::new(move || file.sync_data()) };
    SledStorage::open_with(directory.path(), options, probe, sync).expect("opens")
}

#[tokio::test]
async fn a_disk_without_room_refuses_commits_until_there_is_some() {
    let directory = directory();
    let space = Arc::new(std::sync::Mutex::new(room::Space { free_bytes: 1000, is_read_only: false }));
    let disk = |free_bytes, is_read_only| {
        *space.lock().expect("no test panics with it") = room::Space { free_bytes, is_read_only };
    };
    let storage = open_on(&directory, Arc::clone(&space));
    let first = storage.commit(create("a")).await.expect("exactly the reserve is free");
    let full = Unavailable::Full { free_bytes: 999, reserve_bytes: 1000 };
    for (free_bytes, is_read_only, why) in [(999, false, full), (5000, true, Unavailable::ReadOnly)] {
        disk(free_bytes, is_read_only);
        let refused = storage.commit(create("b")).await;
        assert!(matches!(&refused, Err(CommitError::Unavailable(found)) if *found == why), "{refused:?}");
        assert_eq!(storage.health(), Health::Refusing(why));
        // Reads go on, and nothing of what was refused is there.
        let read = storage.get(vec![key("a"), key("b")]).await.expect("reads").value;
        assert_eq!(read[0].as_ref().and_then(Entry::revision), Some(first.revision));
        assert_eq!(read[1], None);
        // Readiness returns by itself, before any commit.
        disk(1000, false);
        assert_eq!(storage.health(), Health::Serving);
    }
    let second = storage.commit(create("b")).await.expect("there is room again");
    assert_eq!(second.revision.number(), first.revision.number() + 1, "a refused batch uses no revision");
    storage.close().await.expect("was never failed");
}

#[tokio::test]
async fn a_backup_has_the_whole_commit_that_its_scan_saw_before_it_was_durable() {
    let directory = directory();
    let (storage, gate) = open_gated(&directory, SledOptions::default());
    let storage = Arc::new(storage);
    let mut commit = storage.commit(create("a"));
    assert!(poll(&mut commit).is_none());
    gate.wait_until_syncing();
    let (to, mut from) = tokio::sync::mpsc::channel::<Result<Bytes, ()>>(1);
    let copied = Arc::clone(&storage);
    let header = crate::backup::Header {
        file_format: crate::backup::FILE_FORMAT,
        storage_format: crate::FORMAT,
        created_at_ms: 0,
        key_mark: [0; 8],
        host_version: String::new(),
    };
    let backup = tokio::spawn(async move { crate::backup::write(&*copied, &header, &to).await });
    // Magic, header, check, and the frame of the scan, which saw what is not durable yet.
    for _ in 0..4 {
        from.recv().await.expect("a piece").expect("no error");
    }
    gate.let_sync(Ok(()));
    while from.recv().await.is_some() {}
    let totals = backup.await.expect("does not panic").expect("backs up");
    assert_eq!((totals.scanned, totals.journal, totals.last), (1, 1, 1));
}

#[test]
fn a_restore_stops_before_a_disk_is_full_and_writes_nothing_of_what_it_refuses() {
    let directory = directory();
    let space = Arc::new(std::sync::Mutex::new(room::RESERVE_BYTES));
    let probe = {
        let space = Arc::clone(&space);
        Box::new(move || {
            let free_bytes = *space.lock().expect("no test panics with it");
            Ok(room::Space { free_bytes, is_read_only: false })
        })
    };
    let mut filled = SledRestore::create_with(directory.path(), 1024 * 1024, probe).expect("is empty");
    let change = |name: &'static str| {
        let entry = Entry::Value { revision: Revision::new(1), bytes: Bytes::from_static(b"x") };
        vec![(key(name), Some(entry))]
    };
    filled.apply(&change("a")).expect("exactly the reserve is free");
    *space.lock().expect("no test panics with it") -= 1;
    let refused = filled.apply(&change("b"));
    let free = room::RESERVE_BYTES - 1;
    assert!(matches!(refused, Err(OpenError::Full { free_bytes, .. }) if free_bytes == free), "{refused:?}");
    *space.lock().expect("no test panics with it") += 1;
    filled.finish(Revision::new(1)).expect("syncs");
    let storage = SledStorage::open(directory.path(), SledOptions::default()).expect("opens");
    let read = storage.reader.get(&[key("a"), key("b")]).expect("reads").value;
    assert_eq!((read[0].is_some(), read[1].is_some()), (true, false));
}
