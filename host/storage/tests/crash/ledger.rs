//! What a writer writes, so that a look at the entries alone tells whether batches landed whole.
//!
//! Commit `n` of a task puts its head (the number `n`) and record `n`, deletes record `n - WINDOW`, and adds 1 to
//! the task's counter and to the one that all tasks share.

use rebound_storage::{Add, Batch, Bytes, Key, Revision};

pub(crate) const TASKS: u32 = 32;

/// How many records a task keeps.
pub(crate) const WINDOW: u64 = 40;

/// A decision's plan is some 10 KiB; now and then one is as large as values get.
const RECORD_BYTES_MAX: usize = 10 * 1024;

pub(crate) fn head(task: u32) -> Key {
    Key::new(owner(task), "head")
}

pub(crate) fn counter(task: u32) -> Key {
    Key::new(owner(task), "commits")
}

pub(crate) fn record(task: u32, number: u64) -> Key {
    Key::new(owner(task), [b"record/", &number.to_be_bytes()[..]].concat())
}

pub(crate) fn shared_counter() -> Key {
    Key::new("shared", "commits")
}

/// The bytes of a record, told by its place.
pub(crate) fn content(task: u32, number: u64) -> Bytes {
    let fill = number.wrapping_mul(31).wrapping_add(u64::from(task));
    let size = match number % 50 {
        49 => rebound_storage::VALUE_BYTES_MAX,
        _ => usize::try_from(fill.wrapping_mul(0x9E37_79B9)).unwrap_or(0) % RECORD_BYTES_MAX,
    };
    fill.to_be_bytes().iter().copied().cycle().take(size).collect()
}

/// Commit `number` of `task`, after the one that left `head_revision`.
pub(crate) fn batch(task: u32, number: u64, head_revision: Option<Revision>) -> Batch {
    let mut batch = Batch::new();
    match head_revision {
        Some(revision) => batch.expect_revision(head(task), revision),
        None => batch.expect_absent(head(task)),
    };
    batch
        .put(head(task), number.to_be_bytes().to_vec())
        .put(record(task, number), content(task, number))
        .add(counter(task), Add::by(1))
        .add(shared_counter(), Add::by(1));
    if let Some(old) = number.checked_sub(WINDOW) {
        batch.delete(record(task, old));
    }
    batch
}

/// Owners as they are in earnest: digests, spread over the tree.
fn owner(task: u32) -> Vec<u8> {
    u64::from(task + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes().to_vec()
}
