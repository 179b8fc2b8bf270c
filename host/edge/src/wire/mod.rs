//! The shapes that cross the wire, apart from the domain's so that either can change alone.
//!
//! snake_case keys, kebab-case words. Money, counts, shares and durations are whole numbers; buckets, propensities,
//! scores and confidences are fractions. A field that is not known is refused by name: a typo in a config must not
//! pass silently. What is optional may be null. Ids are checked where they are read, so an error names its path.

pub(crate) mod audit;
pub(crate) mod catalog;
pub(crate) mod claims;
pub(crate) mod coupon;
pub(crate) mod customer;
pub(crate) mod events;
pub(crate) mod experiment;
pub(crate) mod hold;
pub(crate) mod import;
pub(crate) mod namespace;
pub(crate) mod order;
pub(crate) mod past_return;
pub(crate) mod plan;
pub(crate) mod plugin;
pub(crate) mod policy;
pub(crate) mod quarantine;
mod read;
pub(crate) mod recording;
pub(crate) mod return_event;
pub(crate) mod route;
pub(crate) mod scalar;
pub(crate) mod schema;
pub(crate) mod token;
pub(crate) mod trace;
