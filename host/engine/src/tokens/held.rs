//! Tokens in memory: what every request asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rebound_domain::access::{Caller, Meter, TokenId};
use rebound_domain::time::{Duration, Instant};
use rebound_storage::{Direction, Entry, KeyRange, Revision, SCAN_LIMIT_MAX, Storage};
use serde::{Deserialize, Serialize};

use super::{TokenRecord, TokenState};
use crate::Engine;
use crate::engine::StartError;
use crate::error::Damaged;
use crate::keys;
use crate::records::decode;

/// How much a stored last use may lag: a write per request would cost more than the request.
const USE_GRAIN: Duration = Duration::hours(1);

/// A token, and what is counted of it.
pub(crate) struct Held {
    pub(super) record: TokenRecord,
    revision: Revision,
    /// Who its holder is; made once, shared by all its requests.
    pub(super) caller: Arc<Caller>,
    pub(super) counts: Arc<Counts>,
}

/// What survives a change of the record: a rotation does not fill the bucket.
pub(super) struct Counts {
    /// None before the first request.
    meter: Mutex<Option<Meter>>,
    /// Milliseconds since 1970; 0 when it never was.
    used: AtomicU64,
    /// The same, as it is stored.
    noted: AtomicU64,
}

/// When a token was last used, as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct UseRecord {
    id: TokenId,
    at: Instant,
}

/// All tokens.
#[derive(Default)]
pub(crate) struct Tokens(ArcSwap<BTreeMap<TokenId, Arc<Held>>>);

impl Tokens {
    /// Reads the tokens back.
    pub(crate) async fn restore(storage: &dyn Storage) -> Result<Self, StartError> {
        let mut tokens: BTreeMap<TokenId, Arc<Held>> = BTreeMap::new();
        let mut range = KeyRange::all();
        loop {
            let page = storage.scan(keys::TOKEN, range, SCAN_LIMIT_MAX, Direction::Forward).await?.value;
            let Some((last, _)) = page.last() else { break };
            range = KeyRange::all().after(last.clone());
            for (key, entry) in &page {
                let bytes = entry.bytes().ok_or(Damaged::Missing { what: "token" })?;
                if !key.starts_with(b"token/") {
                    // A use sorts behind its token; one that was given up meanwhile is of no interest.
                    let UseRecord { id, at } = decode("use of a token", bytes)?;
                    if let Some(held) = tokens.get(&id) {
                        held.noted(at);
                    }
                    continue;
                }
                let record: TokenRecord = decode("token", bytes)?;
                let revision = Entry::revision(entry).ok_or(Damaged::Missing { what: "token" })?;
                tokens.insert(record.id, Arc::new(Held::new(record, revision, Arc::new(Counts::new()))));
            }
        }
        Ok(Self(ArcSwap::from_pointee(tokens)))
    }

    pub(super) fn get(&self, id: TokenId) -> Option<Arc<Held>> {
        self.0.load().get(&id).cloned()
    }

    pub(super) fn count(&self) -> usize {
        self.0.load().len()
    }

    pub(super) fn records(&self) -> Vec<TokenRecord> {
        self.0.load().values().map(|held| held.record.clone()).collect()
    }

    pub(super) fn record(&self, id: TokenId) -> Option<(TokenRecord, Revision)> {
        self.get(id).map(|held| (held.record.clone(), held.revision))
    }

    pub(super) fn state(&self, id: TokenId) -> Option<TokenState> {
        self.get(id).map(|held| held.state())
    }

    pub(super) fn states(&self) -> Vec<TokenState> {
        let mut states: Vec<_> = self.0.load().values().map(|held| held.state()).collect();
        states.sort_by_key(|state| (state.created_at, state.id));
        states
    }

    /// Takes in a change that has landed; the caller holds `control_writer`.
    pub(super) fn set(&self, record: TokenRecord, revision: Revision) {
        let mut tokens = BTreeMap::clone(&self.0.load());
        let counts = tokens.get(&record.id).map(|held| Arc::clone(&held.counts));
        let held = Held::new(record, revision, counts.unwrap_or_else(|| Arc::new(Counts::new())));
        tokens.insert(held.record.id, Arc::new(held));
        self.0.store(Arc::new(tokens));
    }

    /// Lets go of one that has been deleted; the caller holds `control_writer`.
    pub(super) fn forget(&self, id: TokenId) {
        let mut tokens = BTreeMap::clone(&self.0.load());
        tokens.remove(&id);
        self.0.store(Arc::new(tokens));
    }
}

impl Held {
    fn new(record: TokenRecord, revision: Revision, counts: Arc<Counts>) -> Self {
        let caller = Arc::new(Engine::token_caller(&record));
        Self { record, revision, caller, counts }
    }

    fn noted(&self, at: Instant) {
        self.counts.used.fetch_max(at.0, Ordering::Relaxed);
        self.counts.noted.fetch_max(at.0, Ordering::Relaxed);
    }

    fn state(&self) -> TokenState {
        let TokenRecord { id, terms, created_at, created_by, revoked_at, secret: _, previous } = &self.record;
        let used = self.counts.used.load(Ordering::Relaxed);
        TokenState {
            id: *id,
            terms: terms.clone(),
            created_at: *created_at,
            created_by: created_by.clone(),
            revoked_at: *revoked_at,
            previous_until: previous.as_ref().map(|previous| previous.until),
            last_used_at: (used > 0).then_some(Instant(used)),
        }
    }

    /// Takes one request out of the bucket.
    ///
    /// # Errors
    /// Microseconds until there is one.
    pub(super) fn take(&self, now_micros: u64) -> Result<(), u64> {
        let rate = self.record.terms.rate;
        // Nothing under this lock panics.
        let mut meter = self.counts.meter.lock().unwrap_or_else(PoisonError::into_inner);
        meter.get_or_insert_with(|| Meter::full(rate, now_micros)).take(rate, now_micros)
    }

    /// Counts a use; the record to be stored when the stored one lags.
    pub(super) fn used(&self, now: Instant) -> Option<UseRecord> {
        self.counts.used.fetch_max(now.0, Ordering::Relaxed);
        let noted = self.counts.noted.load(Ordering::Relaxed);
        if now.since(Instant(noted)) < USE_GRAIN {
            return None;
        }
        // Of the requests that come now, one stores it.
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let is_ours = self.counts.noted.compare_exchange(noted, now.0, set, fetch).is_ok();
        is_ours.then_some(UseRecord { id: self.record.id, at: now })
    }
}

impl Counts {
    fn new() -> Self {
        Self { meter: Mutex::new(None), used: AtomicU64::new(0), noted: AtomicU64::new(0) }
    }
}
