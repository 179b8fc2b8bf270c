//! Where each record lives: the map of the storage.
//!
//! | owner | key | value |
//! |---|---|---|
//! | `c` + HMAC(customer id) | `key` | the customer's own key, wrapped by the host's and by a slot of [`crate::slots`] |
//! | | `profile`, `order/…`, `plan/…`, `state/…` | sealed with the customer's key |
//! | | `coupon/…`, `hold/…` | sealed with the customer's key |
//! | | `past_return/…` | a return from before this host, sealed with the customer's key |
//! | | `recording/…` | a recorded decision in chunks, sealed with the customer's key |
//! | | `exposure/…` | plain: names no person |
//! | `e` + HMAC(source, event id) | `event` | which body it had and which return it became, sealed with the customer's key |
//! | `r` + HMAC(return id) | `return` | whose plan it is |
//! | `i` + HMAC(order id) | `order` | whose order it is: an order id names one order |
//! | `o` + HMAC(order id) | `order` | an order of nobody known, sealed with a key of the host's |
//! | `k` + HMAC(coupon code) | `coupon` | whose coupon it is |
//! | `budget` | budget id | a counter: what coupons have charged it |
//! | `due/…` | time, then what | what ends then: holds and coupons; names no person |
//! | `outbox/…` | time, then what | an event to be told, sealed with its customer's key, else with a key of the host's |
//! | `c` + zeros | `coupon/…`, `exposure/…` | what outlives an erased customer: coupons sealed with a key of the host's |
//! | `erasure` | owner, slot | which customers were erased, and when |
//! | `catalog` | `sku/…`, `next` | products and the next product id |
//! | `control` | `policy`, `route/…`, `experiment/…`, `budget/…`, `plugin/…`, `constant/…`, `approval/…` | what operators set |
//! | `quarantine` | stage, plugin | which versions are left out, and why |
//! | `recording` | id | where a recording is, and what came of its calls; names no person |
//! | `audit` | `entry/…`, `head` | who changed what, each entry with the hash of the one before |
//! | `token` | `token/…`, `use/…` | tokens without their secrets, and when each was last used |
//! | `component` + SHA-256 | chunk number | a component's bytes |

use bytes::Bytes;
use rebound_domain::access::TokenId;
use rebound_domain::coupon::Code;
use rebound_domain::ids::{
    BudgetId, ConstantKey, Digest, EventId, ExperimentKey, OrderId, PluginName, PluginRef, ReturnId, Sku,
    Source,
};
use rebound_domain::manifest::Stage;
use rebound_domain::time::Instant;
use rebound_storage::Key;

use crate::identity::{HostKey, Owner};
use crate::recorder::RecordingId;

/// Owner of everything operators set.
pub(crate) const CONTROL: Bytes = Bytes::from_static(b"control");
/// Owner of the products.
pub(crate) const CATALOG: Bytes = Bytes::from_static(b"catalog");
/// Owner of the list of erasures.
pub(crate) const ERASURE: Bytes = Bytes::from_static(b"erasure");
/// Owner of the quarantines.
pub(crate) const QUARANTINE: Bytes = Bytes::from_static(b"quarantine");
/// Owner of the audit log.
pub(crate) const AUDIT: Bytes = Bytes::from_static(b"audit");
/// Owner of the tokens.
pub(crate) const TOKEN: Bytes = Bytes::from_static(b"token");
/// Owner of the list of recordings.
pub(crate) const RECORDING: Bytes = Bytes::from_static(b"recording");

const CUSTOMER_TAG: u8 = b'c';
const GUEST_ORDER_TAG: u8 = b'o';

fn tagged(tag: u8, owner: &Owner) -> Bytes {
    [&[tag], owner.as_slice()].concat().into()
}

/// The records of one customer.
#[derive(Debug, Clone)]
pub(crate) struct CustomerKeys {
    owner: Bytes,
}

impl CustomerKeys {
    pub(crate) fn new(owner: &Owner) -> Self {
        Self { owner: tagged(CUSTOMER_TAG, owner) }
    }

    fn key(&self, key: impl Into<Bytes>) -> Key {
        Key::new(self.owner.clone(), key)
    }

    pub(crate) fn data_key(&self) -> Key {
        self.key("key")
    }

    pub(crate) fn profile(&self) -> Key {
        self.key("profile")
    }

    pub(crate) fn order(&self, host: &HostKey, id: &OrderId) -> Key {
        self.key([ORDER_PREFIX, &host.short("order", &[id.as_str().as_bytes()])].concat())
    }

    pub(crate) fn plan(&self, host: &HostKey, id: &ReturnId) -> Key {
        self.key([PLAN_PREFIX, &host.short("return", &[id.as_str().as_bytes()])].concat())
    }

    /// A return that was imported, not decided.
    pub(crate) fn past_return(&self, host: &HostKey, id: &ReturnId) -> Key {
        self.key([PAST_RETURN_PREFIX, &host.short("return", &[id.as_str().as_bytes()])].concat())
    }

    /// State belongs to customer, stage, plugin and state version: versions that share it, share it in all arms.
    pub(crate) fn state(&self, stage: Stage, plugin: &PluginName, state_version: u32) -> Key {
        self.key(format!("state/{stage}/{plugin}/{state_version}"))
    }

    pub(crate) fn coupon(&self, host: &HostKey, code: Code) -> Key {
        self.key([COUPON_PREFIX, &host.short("coupon", &[code.to_string().as_bytes()])].concat())
    }

    pub(crate) fn hold(&self, recommendation_id: &str) -> Key {
        self.key([HOLD_PREFIX, recommendation_id.as_bytes()].concat())
    }

    /// A key of this customer's that was made before.
    pub(crate) fn raw(&self, key: Vec<u8>) -> Key {
        self.key(key)
    }

    pub(crate) fn owner(&self) -> Bytes {
        self.owner.clone()
    }

    /// A recording's chunk.
    pub(crate) fn recording(&self, id: &RecordingId, index: u32) -> Key {
        self.key(format!("recording/{id}/{index}"))
    }

    /// One exposure per unit and phase.
    pub(crate) fn exposure(&self, experiment: &ExperimentKey, phase: u32) -> Key {
        self.key([EXPOSURE_PREFIX, format!("{experiment}/{phase}").as_bytes()].concat())
    }
}

pub(crate) const ORDER_PREFIX: &[u8] = b"order/";
pub(crate) const PLAN_PREFIX: &[u8] = b"plan/";
pub(crate) const PAST_RETURN_PREFIX: &[u8] = b"past_return/";
pub(crate) const COUPON_PREFIX: &[u8] = b"coupon/";
pub(crate) const EXPOSURE_PREFIX: &[u8] = b"exposure/";
pub(crate) const HOLD_PREFIX: &[u8] = b"hold/";

/// Owners that what is due, and what is to be told, is spread over.
pub(crate) const DUE_BUCKETS: u8 = 16;

pub(crate) fn due_owner(bucket: u8) -> Bytes {
    format!("due/{bucket:x}").into()
}

/// Whether an owner is one of those that what is due is spread over.
pub(crate) fn is_due(owner: &[u8]) -> bool {
    owner.starts_with(b"due/")
}

/// What ends at a time; `place` tells entries of one millisecond apart, and chooses the bucket.
pub(crate) fn due(at: Instant, place: &[u8]) -> Key {
    let (bucket, key) = timed(at, Digest::of(place).as_bytes());
    Key::new(due_owner(bucket), key)
}

/// The first key after everything that is due by `now`.
pub(crate) fn due_bound(now: Instant) -> Vec<u8> {
    now.0.saturating_add(1).to_be_bytes().to_vec()
}

/// An event to be told; `identity` tells events of one millisecond apart.
pub(crate) fn outbox(at: Instant, identity: &[u8; 32]) -> Key {
    let (bucket, key) = timed(at, identity);
    Key::new(outbox_owner(bucket), key)
}

pub(crate) fn outbox_owner(bucket: u8) -> Bytes {
    format!("outbox/{bucket:x}").into()
}

fn timed(at: Instant, identity: &[u8; 32]) -> (u8, Vec<u8>) {
    let key = [at.0.to_be_bytes().as_slice(), &identity[1..17]].concat();
    (identity[0] % DUE_BUCKETS, key)
}

pub(crate) fn coupon_index(host: &HostKey, code: Code) -> Key {
    Key::new(tagged(b'k', &host.short("coupon", &[code.to_string().as_bytes()])), "coupon")
}

/// The same, by the coupon's place among its customer's records: both stand for the code.
pub(crate) fn coupon_index_of(place: &[u8]) -> Key {
    let id = place.strip_prefix(COUPON_PREFIX).unwrap_or(place);
    Key::new([b"k", id].concat(), "coupon")
}

/// What a budget's coupons have charged it.
pub(crate) fn budget_charged(id: &BudgetId) -> Key {
    Key::new(BUDGET, id.as_str().to_owned())
}

/// Which budget a counter belongs to.
pub(crate) fn budget_of(key: &Key) -> Option<BudgetId> {
    let id = std::str::from_utf8(&key.key).ok().filter(|_| key.owner == BUDGET)?;
    BudgetId::new(id).ok()
}

const BUDGET: Bytes = Bytes::from_static(b"budget");

/// The customer an owner stands for, when it stands for one.
pub(crate) fn customer_of(owner: &[u8]) -> Option<Owner> {
    match owner {
        [CUSTOMER_TAG, rest @ ..] => rest.try_into().ok(),
        _ => None,
    }
}

/// The tag of an owner that stands for one thing, and the HMAC behind it.
pub(crate) fn tag_of(owner: &[u8]) -> Option<(u8, &[u8])> {
    match owner {
        [tag, id @ ..] if id.len() == size_of::<Owner>() => Some((*tag, id)),
        _ => None,
    }
}

/// Whether an owner stands for an order of nobody known.
pub(crate) fn is_guest_order(owner: &[u8]) -> bool {
    matches!(owner, [GUEST_ORDER_TAG, rest @ ..] if rest.len() == size_of::<Owner>())
}

pub(crate) fn event(host: &HostKey, source: &Source, id: &EventId) -> Key {
    let owner = host.short("event", &[source.as_str().as_bytes(), id.as_str().as_bytes()]);
    Key::new(tagged(b'e', &owner), "event")
}

pub(crate) fn return_index(host: &HostKey, id: &ReturnId) -> Key {
    Key::new(tagged(b'r', &host.short("return", &[id.as_str().as_bytes()])), "return")
}

pub(crate) fn order_index(host: &HostKey, id: &OrderId) -> Key {
    Key::new(tagged(b'i', &host.short("order", &[id.as_str().as_bytes()])), "order")
}

pub(crate) fn guest_order(host: &HostKey, id: &OrderId) -> Key {
    Key::new(tagged(GUEST_ORDER_TAG, &host.short("order", &[id.as_str().as_bytes()])), "order")
}

/// An order of nobody known, by its id's HMAC.
pub(crate) fn guest_order_at(id: &[u8]) -> Key {
    Key::new([&[GUEST_ORDER_TAG], id].concat(), "order")
}

/// A sale of nobody any more; `place` is random.
pub(crate) fn unlinked_order(place: &Owner) -> Key {
    Key::new(tagged(GUEST_ORDER_TAG, place), "order")
}

/// That a customer was erased, and which slot their key was wrapped by.
pub(crate) fn erasure(owner: &Owner, slot: u64) -> Key {
    Key::new(ERASURE, [owner.as_slice(), &slot.to_be_bytes()].concat())
}

/// Whom an entry in the list of erasures names, and the slot that their key was wrapped by.
pub(crate) fn erased(key: &[u8]) -> Option<(Owner, u64)> {
    let (owner, slot) = key.split_first_chunk::<{ size_of::<Owner>() }>()?;
    Some((*owner, u64::from_be_bytes(slot.try_into().ok()?)))
}

pub(crate) fn product(sku: &Sku) -> Key {
    Key::new(CATALOG, format!("sku/{sku}"))
}

pub(crate) fn next_product() -> Key {
    Key::new(CATALOG, "next")
}

pub(crate) fn policy() -> Key {
    Key::new(CONTROL, "policy")
}

pub(crate) fn route(stage: Stage) -> Key {
    Key::new(CONTROL, format!("route/{stage}"))
}

pub(crate) fn experiment(key: &ExperimentKey) -> Key {
    Key::new(CONTROL, format!("experiment/{key}"))
}

pub(crate) fn budget(id: &BudgetId) -> Key {
    Key::new(CONTROL, format!("budget/{id}"))
}

pub(crate) fn constant(key: &ConstantKey) -> Key {
    Key::new(CONTROL, format!("constant/{key}"))
}

pub(crate) fn approval(plugin: &PluginName, texts: &Digest) -> Key {
    Key::new(CONTROL, format!("approval/{plugin}/{texts}"))
}

pub(crate) fn plugin(plugin: &PluginRef) -> Key {
    Key::new(CONTROL, format!("plugin/{plugin}"))
}

pub(crate) fn quarantine(stage: Stage, plugin: &PluginRef) -> Key {
    Key::new(QUARANTINE, format!("{stage}/{plugin}"))
}

pub(crate) const AUDIT_ENTRY_PREFIX: &str = "entry/";

/// An entry of the audit log; their keys sort by number.
pub(crate) fn audit_entry(sequence: u64) -> Key {
    Key::new(AUDIT, audit_place(sequence))
}

pub(crate) fn audit_place(sequence: u64) -> Vec<u8> {
    [AUDIT_ENTRY_PREFIX.as_bytes(), &sequence.to_be_bytes()].concat()
}

/// The latest entry's number and hash.
pub(crate) fn audit_head() -> Key {
    Key::new(AUDIT, "head")
}

pub(crate) fn token(id: TokenId) -> Key {
    Key::new(TOKEN, format!("token/{id}"))
}

/// When a token was last used.
pub(crate) fn token_use(id: TokenId) -> Key {
    Key::new(TOKEN, format!("use/{id}"))
}

pub(crate) fn recording(id: &RecordingId) -> Key {
    Key::new(RECORDING, id.to_string())
}

pub(crate) fn component_chunk(digest: &Digest, index: u32) -> Key {
    let owner = [b"component".as_slice(), digest.as_bytes()].concat();
    Key::new(owner, index.to_be_bytes().to_vec())
}
