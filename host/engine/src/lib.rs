//! The use cases of Rebound: decide a return, take in orders and products, publish a plugin, route, run an
//! experiment.
//!
//! The engine is the only place where the pure rules, the sandbox and the storage meet. It knows no HTTP: start
//! reading at [`Engine::decide`], the way of one event through the house.

mod audit;
mod backup;
mod claims;
mod clerk;
mod compute;
mod control;
mod customer;
mod decide;
mod doctor;
mod emitted;
mod engine;
mod erasures;
mod error;
mod figures;
mod identity;
mod import;
mod keys;
mod namespaces;
mod outbox;
mod person;
mod plugins;
mod profile;
mod promise;
mod rack;
mod recorder;
mod records;
mod restore;
mod routing;
mod shelf;
mod slots;
mod timings;
mod tokens;
mod tuning;
mod wards;
mod zone;

pub use audit::{AuditHead, AuditLink, AuditPage, BrokenLink, Chain, audit_hash, verify_stored_audit};
pub use backup::slot_needed;
pub use claims::{ApprovalState, Seen, SeenViolation, ViolationCursor};
pub use decide::{Decided, Mode, Origin};
pub use doctor::{Diagnosis, Examined, Finding, FindingKind, examine};
pub use emitted::{Emitted, emitted};
pub use engine::{Clock, Engine, EngineOptions, StartError};
pub use erasures::erasures_listed;
pub use error::{ControlError, Damaged, DecideError, Fault, LineError, PublishError, chain};
pub use identity::{HostKey, random};
pub use import::{Imported, LineResults};
pub use namespaces::{LogCounts, NamespaceStatus, SpreadSummary, VersionFigures};
pub use outbox::OutboxEvent;
pub use person::Erased;
pub use plugins::{Novelty, Publication};
pub use promise::{Hold, HoldQuery};
pub use rebound_catalog::Stats;
pub use recorder::{
    Difference, Personal, RecordingError, RecordingId, RecordingSummary, Replay, ReplayError, Replayed,
};
pub use records::BodyDigest;
pub use slots::KeySlots;
pub use tokens::{Refused, TokenError, TokenState};
pub use wards::{QuarantineStatus, Said};
