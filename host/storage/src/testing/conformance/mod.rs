//! What every backend must show, written against [`Storage`] alone.
//!
//! A backend's test says `rebound_storage::conformance!(fresh)` in a module of its own, where `fresh` makes an
//! empty [`Fixture`]; every claim becomes a test.

#![allow(clippy::missing_panics_doc, reason = "a claim that does not hold panics")]

mod batches;
mod concurrency;
mod lifetime;
mod model;
mod scans;

use std::sync::Arc;

pub use batches::*;
pub use concurrency::*;
pub use lifetime::*;
pub use model::*;
pub use scans::*;

use crate::{Batch, Bytes, Committed, Entry, Key, Revision, Storage};

/// A place that keeps what a storage was told while that storage is closed.
pub trait Fixture: Send + Sync + 'static {
    /// Opens it. The storage opened before has been dropped.
    fn open(&self) -> Arc<dyn Storage>;
}

/// Makes each claim a test; `$fresh` is called for an empty [`Fixture`].
#[macro_export]
macro_rules! conformance {
    ($fresh:expr) => {
        $crate::conformance!(@each $fresh,
            what_was_put_is_read_back,
            keys_are_read_in_the_order_asked,
            a_conflict_names_the_key_and_changes_nothing,
            a_deleted_value_is_no_longer_expected,
            a_broken_rule_is_refused_before_anything_is_looked_at,
            an_entry_keeps_its_kind,
            a_counter_stops_at_its_bounds,
            a_batch_with_an_add_conflicts_when_sent_again,
            a_scan_finds_the_range_in_either_direction,
            a_scan_pages_through_everything_once,
            an_owner_is_not_another_ones_prefix,
            a_scan_of_long_runs_of_great_bytes_comes_to_its_end,
            a_walk_over_all_owners_finds_everything_once,
            a_read_out_of_bounds_is_refused,
            a_bounded_counter_takes_exactly_its_limit,
            no_update_is_lost,
            concurrent_batches_land_as_if_one_after_another,
            what_was_committed_is_there_after_reopening,
            a_revision_is_never_used_again,
            a_closed_storage_refuses_writes_and_reads_on,
            what_was_read_becomes_durable,
            random_batches_do_what_the_model_does,
        );
    };
    (@each $fresh:expr, $($claim:ident),+ $(,)?) => {
        $(
            #[test]
            fn $claim() {
                let fixture = $fresh();
                $crate::testing::conformance::run($crate::testing::conformance::$claim(&fixture));
            }
        )+
    };
}

/// Runs a claim on a runtime of its own.
pub fn run(claim: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime starts").block_on(claim);
}

const OWNER: &[u8] = b"owner";

fn key(name: impl Into<Bytes>) -> Key {
    Key::new(OWNER, name)
}

async fn read(storage: &dyn Storage, key: Key) -> Option<Entry> {
    let mut read = storage.get(vec![key]).await.expect("reads");
    read.value.pop().expect("one entry for one key")
}

async fn put(storage: &dyn Storage, key: Key, bytes: impl Into<Bytes>) -> Committed {
    let mut batch = Batch::new();
    batch.put(key, bytes);
    storage.commit(batch).await.expect("an unguarded put lands")
}

fn value(revision: Revision, bytes: impl Into<Bytes>) -> Option<Entry> {
    Some(Entry::Value { revision, bytes: bytes.into() })
}
