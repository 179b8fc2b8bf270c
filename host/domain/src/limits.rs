//! Every limit the host sets, in one place. All are configurable; the defaults say why they are what they are.

use serde::{Deserialize, Serialize};

use crate::time::Duration;

/// Room that a stored plan keeps for what is neither a return's own lines nor a strategy's answer: the calls that were
/// made, and where experiments chose. Bytes.
pub const PLAN_TRACE_BYTES: u32 = 16 * 1024;

/// What one event, one call and one component may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Fuel per call. A full recommendation uses about 40,000, Python 1,700,000, QuickJS 3,700,000.
    pub fuel: u64,
    /// Fuel per call of a large component.
    pub fuel_large: u64,
    /// Wall clock per call; a decision has a budget of 100 ms.
    pub deadline: Duration,
    /// Linear memories and tables of one instance together, bytes.
    pub memory_bytes: u64,
    /// The same for a large component; Python needs 12 MiB.
    pub memory_bytes_large: u64,
    /// Size of a component, bytes. A bigger one is in the large class.
    pub component_bytes: u64,
    /// Size of a large component, bytes.
    pub component_bytes_large: u64,
    /// Memory of the process that compiles one component, bytes.
    pub compile_memory_bytes: u64,
    /// CPU time of the process that compiles one component.
    pub compile_time: Duration,
    /// Size of a compiled component, bytes; Python's takes about 80 MiB.
    pub artefact_bytes: u64,
    /// Compiled code that is kept loaded of versions which no route and no running experiment names, bytes: replays,
    /// and what was routed a while ago. Loading again takes a millisecond for each MiB, so a few hundred versions are
    /// plenty. What is routed is always loaded, whatever this says.
    pub loaded_bytes: u64,
    /// Size of one call's answer, bytes.
    pub output_bytes: u64,
    /// Offers in one answer; a page shows fewer.
    pub offers: u32,
    /// Proposals in one answer.
    pub proposals: u32,
    /// Sentences in one piece of copy.
    pub copy_keys: u32,
    /// Members of any other list in an answer: care actions, follow-ups, cards, achievements, steps, prizes,
    /// traits, and what a coupon may be used on; and categories and tags of one search.
    pub list_items: u32,
    /// A word of a strategy's own (a segment, a kind, a trait, a template's key), bytes.
    pub word_bytes: u32,
    /// How far ahead an answer may reach: a care action, a follow-up, a coupon's start and its validity. Well
    /// inside 2^53 ms, and no promise outlives the systems that must keep it.
    pub horizon: Duration,
    /// A plugin's state for one customer, bytes; it is read on every event.
    pub state_bytes: u32,
    /// Log lines per call.
    pub log_lines: u32,
    /// Size of one log line, bytes; the rest is cut.
    pub log_line_bytes: u32,
    /// Request body, bytes. Bulk imports stream without limit, a line of theirs has this one.
    pub request_bytes: u64,
    /// Purchases in a context, the latest.
    pub purchases: u32,
    /// Candidates of one search, and ids of one `get`. A search excludes at most as many products, and as many
    /// more as a return has lines.
    pub candidates: u32,
    /// Lines of one order.
    pub lines: u32,
    /// Lines of one return.
    pub return_lines: u32,
    /// A stored plan, bytes; beyond it the stage's output is invalid.
    pub plan_bytes: u32,
    /// Templates in one manifest.
    pub templates: u32,
    /// Text of one template, bytes.
    pub template_bytes: u32,
    /// How far back a version's calls count against it. Long enough for quiet shops, short enough that a bad minute is
    /// over soon.
    pub quarantine_window: Duration,
    /// Failures in the window from which a version may be quarantined: fewer may be one odd customer.
    pub quarantine_failures: u32,
    /// Failures through calls in the window, basis points, from which it is: below, its answers are worth more than its
    /// failures cost.
    pub quarantine_rate_bp: u32,
    /// How long a quarantined version is left out at first; each failed probe doubles it.
    pub quarantine_backoff: Duration,
    /// The longest that it is left out before it is tried again.
    pub quarantine_backoff_max: Duration,
    /// Probes in a row that end a quarantine: one may pass by luck.
    pub quarantine_probes: u32,
    /// Share of decisions that are recorded though nothing failed, basis points. Those where something failed are
    /// recorded whatever it says.
    pub record_share_bp: u32,
    /// Recordings kept, the latest; 0 records nothing.
    pub recordings: u32,
    /// How long a recording is kept: what a customer sent is not kept longer than a fault takes to be looked into.
    pub recording_age: Duration,
    /// Size of one recording, bytes. A larger one is kept without what it needs to be run again, and says so. All of it
    /// lands in one batch.
    pub recording_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            fuel: 20_000_000,
            fuel_large: 100_000_000,
            deadline: Duration(50),
            memory_bytes: 16 * MIB,
            memory_bytes_large: 64 * MIB,
            component_bytes: 8 * MIB,
            component_bytes_large: 24 * MIB,
            compile_memory_bytes: 1024 * MIB,
            compile_time: Duration(60_000),
            artefact_bytes: 256 * MIB,
            loaded_bytes: 256 * MIB,
            output_bytes: 64 * 1024,
            offers: 32,
            proposals: 8,
            copy_keys: 16,
            list_items: 32,
            word_bytes: 64,
            horizon: Duration::days(366),
            state_bytes: 4 * 1024,
            log_lines: 32,
            log_line_bytes: 1024,
            request_bytes: 256 * 1024,
            purchases: 50,
            candidates: 200,
            lines: 2_000,
            return_lines: 200,
            plan_bytes: 48 * 1024,
            templates: 512,
            template_bytes: 1024,
            quarantine_window: Duration(60_000),
            quarantine_failures: 10,
            quarantine_rate_bp: 2_000,
            quarantine_backoff: Duration(30_000),
            quarantine_backoff_max: Duration::hours(1),
            quarantine_probes: 3,
            record_share_bp: 100,
            recordings: 2_000,
            recording_age: Duration::days(14),
            recording_bytes: 256 * 1024,
        }
    }
}
