//! Calls and failures of the last while, in a ring of buckets: fixed memory whatever the traffic.

use crate::time::{Duration, Instant};

/// The window moves in sixths of itself: what counts is at most a sixth too young.
const BUCKETS: usize = 6;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bucket {
    /// Which span of time it counts, in spans since 1970.
    span: u64,
    calls: u32,
    failures: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Window([Bucket; BUCKETS]);

impl Window {
    pub(super) fn count(&mut self, window: Duration, now: Instant, failed: bool) {
        let span = span(window, now);
        let bucket = &mut self.0[usize::try_from(span % BUCKETS as u64).expect("a remainder of six")];
        if bucket.span != span {
            *bucket = Bucket { span, calls: 0, failures: 0 };
        }
        bucket.calls = bucket.calls.saturating_add(1);
        bucket.failures = bucket.failures.saturating_add(u32::from(failed));
    }

    /// Calls and failures.
    pub(super) fn sums(&self, window: Duration, now: Instant) -> (u32, u32) {
        let now = span(window, now);
        let counted = self.0.iter().filter(|it| it.span <= now && now - it.span < BUCKETS as u64);
        counted.fold((0, 0), |(calls, failures), it| {
            (calls.saturating_add(it.calls), failures.saturating_add(it.failures))
        })
    }
}

fn span(window: Duration, now: Instant) -> u64 {
    now.0 / (window.0 / BUCKETS as u64).max(1)
}
