//! The storage for tests: a map in memory, durable as long as someone holds it.

use std::collections::BTreeMap;
use std::future::ready;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::group::{Group, Outcome, State};
use crate::key::check_owner;
use crate::storage::{check_get, check_limit};
use crate::tap::Taps;
use crate::{
    Batch, BoxFuture, CommitError, Committed, Direction, Entry, Health, Invalid, Key, KeyRange, Read,
    Reading, Revision, Sequence, Storage, StorageError, Tap, Unavailable,
};

/// An ordered map in memory behind one lock.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    data: Arc<Mutex<Data>>,
    closed: Mutex<bool>,
}

#[derive(Debug, Default)]
struct Data {
    entries: BTreeMap<Key, Entry>,
    last: u64,
    taps: Taps,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// A storage that holds these: what another one held, or what became of it.
    pub fn holding(entries: impl IntoIterator<Item = (Key, Entry)>) -> Self {
        let entries: BTreeMap<Key, Entry> = entries.into_iter().collect();
        let last = entries.values().filter_map(Entry::revision).map(Revision::number).max().unwrap_or(0);
        let data = Data { entries, last, ..Data::default() };
        Self { data: Arc::new(Mutex::new(data)), closed: Mutex::new(false) }
    }

    /// Another handle on the same entries, open whether or not this one was closed: what a restart finds.
    pub fn reopen(&self) -> Self {
        Self { data: Arc::clone(&self.data), closed: Mutex::new(false) }
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_keys(&self, keys: &[Key]) -> Reading<Vec<Option<Entry>>> {
        check_get(keys)?;
        let data = self.data();
        Ok(durable(keys.iter().map(|key| data.entries.get(key).cloned()).collect()))
    }

    fn read_range(
        &self,
        owner: &Bytes,
        range: &KeyRange,
        limit: usize,
        direction: Direction,
    ) -> Reading<Vec<(Bytes, Entry)>> {
        check_owner(owner)?;
        range.check()?;
        check_limit(limit)?;
        if range.is_empty() {
            return Ok(durable(Vec::new()));
        }
        let within_owner = |key: Bytes| Key::new(owner.clone(), key);
        let start = match range.start.clone() {
            Bound::Unbounded => Bound::Included(within_owner(Bytes::new())),
            bound => bound.map(within_owner),
        };
        let end = match range.end.clone() {
            // The first key of the first owner that could follow.
            Bound::Unbounded => Bound::Excluded(Key::new([owner, &b"\0"[..]].concat(), Bytes::new())),
            bound => bound.map(within_owner),
        };
        let data = self.data();
        let entries = data.entries.range((start, end)).map(|(key, entry)| (key.key.clone(), entry.clone()));
        let entries = match direction {
            Direction::Forward => entries.take(limit).collect(),
            Direction::Backward => entries.rev().take(limit).collect(),
        };
        Ok(durable(entries))
    }

    fn read_all(&self, after: Option<Key>, limit: usize) -> Reading<Vec<(Key, Entry)>> {
        check_limit(limit)?;
        after.as_ref().map_or(Ok(()), Key::check)?;
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let data = self.data();
        let entries = data.entries.range((start, Bound::Unbounded)).take(limit);
        Ok(durable(entries.map(|(key, entry)| (key.clone(), entry.clone())).collect()))
    }

    fn write(&self, batch: &Batch) -> Result<Committed, CommitError> {
        batch.validate()?;
        if self.is_closed() {
            return Err(Unavailable::Closed.into());
        }
        let mut data = self.data();
        let mut group = Group::after(Revision::new(data.last));
        let revision = group.admit(batch, |key| Ok(state(data.entries.get(key))))?;
        for (key, outcome) in group.outcomes() {
            match outcome {
                Outcome::Absent => data.entries.remove(key),
                Outcome::Value { revision, bytes } => data
                    .entries
                    .insert(key.clone(), Entry::Value { revision: *revision, bytes: bytes.clone() }),
                Outcome::Counter { number, .. } => data.entries.insert(key.clone(), Entry::Counter(*number)),
            };
        }
        data.last = revision.number();
        data.taps.hand_on(&group);
        Ok(Committed { revision, sequence: Sequence::new(revision.number()) })
    }

    fn wait(&self, sequence: Sequence) -> Result<(), StorageError> {
        match sequence.number() {
            unknown if unknown > self.data().last => {
                Err(Invalid::SequenceUnknown { sequence: unknown }.into())
            }
            _ => Ok(()),
        }
    }
}

impl Storage for MemoryStorage {
    fn get(&self, keys: Vec<Key>) -> BoxFuture<'_, Reading<Vec<Option<Entry>>>> {
        Box::pin(async move { self.read_keys(&keys) })
    }

    fn scan(
        &self,
        owner: Bytes,
        range: KeyRange,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Reading<Vec<(Bytes, Entry)>>> {
        Box::pin(async move { self.read_range(&owner, &range, limit, direction) })
    }

    fn scan_all(&self, after: Option<Key>, limit: usize) -> BoxFuture<'_, Reading<Vec<(Key, Entry)>>> {
        Box::pin(async move { self.read_all(after, limit) })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move { self.write(&batch) })
    }

    fn durable(&self, sequence: Sequence) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(ready(self.wait(sequence)))
    }

    fn tap(&self, bytes_max: usize) -> Option<Tap> {
        let data = self.data();
        Some(data.taps.tap(bytes_max, || data.last))
    }

    fn health(&self) -> Health {
        match self.is_closed() {
            true => Health::Refusing(Unavailable::Closed),
            false => Health::Serving,
        }
    }

    fn failure(&self) -> BoxFuture<'_, Unavailable> {
        Box::pin(std::future::pending())
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StorageError>> {
        Box::pin(async move {
            *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
            Ok(())
        })
    }
}

fn state(entry: Option<&Entry>) -> State {
    match entry {
        None => State::Absent,
        Some(Entry::Value { revision, .. }) => State::Value(*revision),
        Some(Entry::Counter(number)) => State::Counter(*number),
    }
}

fn durable<T>(value: T) -> Read<T> {
    Read { value, sequence: Sequence::DURABLE }
}
