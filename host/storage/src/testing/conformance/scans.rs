use std::collections::BTreeSet;
use std::ops::Bound;

use super::{Fixture, OWNER, key, put, read};
use crate::{
    Batch, Bytes, Direction, Entry, GET_KEYS_MAX, Invalid, Key, KeyRange, SCAN_LIMIT_MAX, Storage,
    StorageError,
};

/// Bounds of every kind, backwards and forwards, cut by the limit at the end the scan comes to last.
pub async fn a_scan_finds_the_range_in_either_direction(fixture: &dyn Fixture) {
    let storage = fixture.open();
    for name in ["", "a", "a\0", "aa", "ab", "b", "c"] {
        put(&*storage, key(name), name).await;
    }
    let bounds = |start, end| KeyRange { start, end };
    let cases = [
        (KeyRange::all(), 10, vec!["", "a", "a\0", "aa", "ab", "b", "c"]),
        (KeyRange::all(), 2, vec!["", "a"]),
        (KeyRange::prefix("a"), 10, vec!["a", "a\0", "aa", "ab"]),
        (KeyRange::prefix("a").after("a"), 2, vec!["a\0", "aa"]),
        (KeyRange::prefix("a").before("ab"), 10, vec!["a", "a\0", "aa"]),
        (KeyRange::between("a", "b"), 10, vec!["a", "a\0", "aa", "ab"]),
        (KeyRange::between("b", "a"), 10, vec![]),
        (KeyRange::between("b", "b"), 10, vec![]),
        (bounds(Bound::Excluded("a".into()), Bound::Included("b".into())), 10, vec!["a\0", "aa", "ab", "b"]),
        (bounds(Bound::Included("b".into()), Bound::Included("b".into())), 10, vec!["b"]),
        (bounds(Bound::Excluded("b".into()), Bound::Excluded("b".into())), 10, vec![]),
        (bounds(Bound::Excluded("c".into()), Bound::Unbounded), 10, vec![]),
        (KeyRange::prefix("nothing"), 10, vec![]),
    ];
    for (range, limit, want) in cases {
        let found = names(&*storage, range.clone(), limit, Direction::Forward).await;
        assert_eq!(found, want, "{range:?}");
        if limit > want.len() {
            let found = names(&*storage, range.clone(), SCAN_LIMIT_MAX, Direction::Backward).await;
            assert!(found.iter().rev().eq(&want), "{range:?} backwards found {found:?}");
        }
    }
    assert_eq!(names(&*storage, KeyRange::all(), 2, Direction::Backward).await, ["c", "b"]);
    let found =
        storage.scan(OWNER.into(), KeyRange::between("b", "c"), 1, Direction::Forward).await.expect("scans");
    assert_eq!(found.value[0].1, read(&*storage, key("b")).await.expect("was put"), "scans and gets agree");
}

/// Page after page, in both directions, however many leaves the keys are spread over.
pub async fn a_scan_pages_through_everything_once(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let all: Vec<String> = (0..1_000).map(|number| format!("{number:04}")).collect();
    put_all(&*storage, all.iter().map(|name| key(name.clone()))).await;
    for (direction, page) in [(Direction::Forward, 64), (Direction::Backward, 100)] {
        let mut found: Vec<String> = Vec::new();
        let mut range = KeyRange::all();
        loop {
            let names = names(&*storage, range.clone(), page, direction).await;
            found.extend(names.iter().cloned());
            range = match (names.last(), direction) {
                (Some(last), Direction::Forward) if names.len() == page => range.after(last.clone()),
                (Some(last), Direction::Backward) if names.len() == page => range.before(last.clone()),
                _ => break,
            };
        }
        if direction == Direction::Backward {
            found.reverse();
        }
        assert_eq!(found, all, "{direction:?}");
    }
}

/// Owner and key do not run together: ("a", "bc") is not ("ab", "c").
pub async fn an_owner_is_not_another_ones_prefix(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let keys = [("a", "bc"), ("ab", "c"), ("abc", ""), ("a\0", "bc"), ("b", "")];
    for (owner, name) in keys {
        put(&*storage, Key::new(owner, name), [owner, "/", name].concat()).await;
    }
    for (owner, name) in keys {
        for direction in [Direction::Forward, Direction::Backward] {
            let found =
                storage.scan(owner.into(), KeyRange::all(), 10, direction).await.expect("scans").value;
            assert_eq!(found.len(), 1, "{owner}");
            assert_eq!(found[0].0, name);
            assert_eq!(found[0].1.bytes().expect("a value"), &[owner, "/", name].concat());
        }
    }
}

/// sled panics on its way backwards over keys with four bytes of 0xFF in a row, which keys sorted latest first
/// by an inverted time have; its encoding must keep them from it.
pub async fn a_scan_of_long_runs_of_great_bytes_comes_to_its_end(fixture: &dyn Fixture) {
    let storage = fixture.open();
    let mut all = BTreeSet::new();
    for middle in 0..4_u8 {
        all.insert(vec![1, middle]);
        all.extend((0..=u8::MAX).map(|last| [&[1, middle][..], &[u8::MAX; 4], &[last]].concat()));
    }
    let all: Vec<Bytes> = all.into_iter().map(Bytes::from).collect();
    put_all(&*storage, all.iter().map(|name| key(name.clone()))).await;
    // The order in which entries come decides where leaves split; keys put again and deleted move the splits.
    for round in 0..4_usize {
        for chunk in all.chunks(256) {
            let mut batch = Batch::new();
            for (index, name) in chunk.iter().enumerate() {
                match index % 5 == round {
                    true => batch.delete(key(name.clone())),
                    false => batch.put(key(name.clone()), ""),
                };
            }
            storage.commit(batch).await.expect("lands");
        }
        let scan = |direction| storage.scan(OWNER.into(), KeyRange::all(), SCAN_LIMIT_MAX, direction);
        let forward = scan(Direction::Forward).await.expect("scans").value;
        let backward = scan(Direction::Backward).await.expect("scans").value;
        assert!(forward.len() > all.len() / 2);
        assert!(backward.into_iter().rev().eq(forward));
    }
}

/// Every entry of every owner once, owners together, their keys sorted, and the same again.
pub async fn a_walk_over_all_owners_finds_everything_once(fixture: &dyn Fixture) {
    let storage = fixture.open();
    assert_eq!(walk(&*storage, 7).await, [], "an empty storage has nothing of its own to show");
    let owners = ["a", "b", "aa", "\u{1}", "customer-with-a-long-name"];
    let keys: BTreeSet<Key> =
        owners.iter().flat_map(|owner| (0..40).map(|n| Key::new(*owner, format!("{n:02}")))).collect();
    put_all(&*storage, keys.iter().cloned()).await;
    for page in [1, 7, 200, SCAN_LIMIT_MAX] {
        let found = walk(&*storage, page).await;
        assert_eq!(found.len(), keys.len());
        assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), keys);
        let runs = found.chunk_by(|one, next| one.owner == next.owner && one.key < next.key);
        assert_eq!(runs.count(), owners.len(), "each owner's keys come together and sorted");
        assert_eq!(found, walk(&*storage, page).await);
    }
}

/// Limits of reads hold, one past them is refused, and so is waiting for what was never handed out.
pub async fn a_read_out_of_bounds_is_refused(fixture: &dyn Fixture) {
    #[track_caller]
    fn refused<T: std::fmt::Debug>(answer: Result<T, StorageError>, want: &Invalid) {
        assert!(matches!(&answer, Err(StorageError::Invalid(rule)) if rule == want), "{answer:?}");
    }
    let storage = fixture.open();
    for limit in [0, SCAN_LIMIT_MAX + 1] {
        let want = Invalid::ScanLimit { limit };
        refused(storage.scan(OWNER.into(), KeyRange::all(), limit, Direction::Forward).await, &want);
        refused(storage.scan_all(None, limit).await, &want);
    }
    assert_eq!(storage.get(vec![key("a"); GET_KEYS_MAX]).await.expect("reads").value.len(), GET_KEYS_MAX);
    let count = GET_KEYS_MAX + 1;
    refused(storage.get(vec![key("a"); count]).await, &Invalid::TooManyKeys { count });
    refused(storage.get(vec![Key::new("", "a")]).await, &Invalid::OwnerEmpty);
    refused(storage.scan(Bytes::new(), KeyRange::all(), 1, Direction::Forward).await, &Invalid::OwnerEmpty);
    refused(storage.scan_all(Some(Key::new("", "a")), 1).await, &Invalid::OwnerEmpty);
    let long = KeyRange::prefix(vec![0; 1025]);
    refused(
        storage.scan(OWNER.into(), long, 1, Direction::Forward).await,
        &Invalid::KeyTooLong { size: 1025 },
    );
    let committed = put(&*storage, key("a"), "1").await.sequence;
    storage.durable(committed).await.expect("is durable");
    let sequence = committed.number() + 1;
    refused(storage.durable(crate::Sequence::new(sequence)).await, &Invalid::SequenceUnknown { sequence });
}

async fn names(storage: &dyn Storage, range: KeyRange, limit: usize, direction: Direction) -> Vec<String> {
    let found = storage.scan(OWNER.into(), range, limit, direction).await.expect("scans").value;
    found.into_iter().map(|(name, _)| String::from_utf8(name.into()).expect("names are text")).collect()
}

async fn put_all(storage: &dyn Storage, keys: impl Iterator<Item = Key>) {
    let keys: Vec<Key> = keys.collect();
    for chunk in keys.chunks(500) {
        let mut batch = Batch::new();
        for key in chunk {
            batch.put(key.clone(), "");
        }
        storage.commit(batch).await.expect("lands");
    }
}

async fn walk(storage: &dyn Storage, page: usize) -> Vec<Key> {
    let mut found: Vec<Key> = Vec::new();
    loop {
        let entries: Vec<(Key, Entry)> =
            storage.scan_all(found.last().cloned(), page).await.expect("scans").value;
        let count = entries.len();
        found.extend(entries.into_iter().map(|(key, _)| key));
        if count < page {
            return found;
        }
    }
}
