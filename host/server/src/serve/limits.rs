//! Limits from the configuration: every value that cannot work is named, with the range that works.

use rebound_domain::limits::{Limits, PLAN_TRACE_BYTES};
use rebound_domain::time::Duration;
use rebound_storage::{BATCH_BYTES_MAX, BATCH_OPERATIONS_MAX, GET_KEYS_MAX, VALUE_BYTES_MAX};

use crate::config::{Fault, Resolved};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
/// All that a 32-bit memory can have.
const WASM_MEMORY_BYTES: u64 = 4 * 1024 * MIB - 64 * KIB;

const VALUE_BYTES: u64 = VALUE_BYTES_MAX as u64;
/// What sealing and a record's own fields add to a value before it is stored.
const RECORD_BYTES: u64 = KIB;

/// A plan without lines and answers, as the engine keeps room for it.
const PLAN_BYTES: u64 = PLAN_TRACE_BYTES as u64;
/// One line of a refund in a stored plan, with a sku and an order's id of usual sizes. Longer ones cost a big return
/// its plan, not the service its storage.
const REFUND_LINE_BYTES: u64 = 128;
/// One product's number beside the plan, with its comma.
const PRODUCT_ID_BYTES: u64 = 11;

/// Calls that may remember something: every entry of every route, and its fallback (eight of three stages, one of
/// two).
const STATES_MAX: u64 = 2 * (3 * 8 + 2);
/// What a decision reads and writes beside its orders: event and return (read, expected, written), profile and
/// customer key, the plan, an exposure per stage, the states.
const FIXED_OPERATIONS: u64 = 2 * 4 + 1 + 5 + STATES_MAX;

/// Lines of a return. Each may come from an order of its own, which is read with one key and lands with two
/// operations; all of them stand in the plan.
const RETURN_LINES_MAX: u64 = min(
    min(GET_KEYS_MAX as u64 - FIXED_OPERATIONS, (BATCH_OPERATIONS_MAX as u64 - FIXED_OPERATIONS) / 2),
    (VALUE_BYTES - RECORD_BYTES - PLAN_BYTES) / (REFUND_LINE_BYTES + PRODUCT_ID_BYTES),
);

/// All states of a decision land in one batch; the other half of it is the plan's and the orders'.
const STATE_BYTES_MAX: u64 = BATCH_BYTES_MAX as u64 / 2 / STATES_MAX;

/// A purchase in a profile, written out.
const PURCHASE_BYTES: u64 = 110;
/// Purchases are kept in the customer's profile, one value; the other half of it is the customer's other history.
const PURCHASES_MAX: u64 = VALUE_BYTES / 2 / PURCHASE_BYTES;

/// Members of a list: more would not fit into a plan whatever they say.
const MEMBERS_MAX: u64 = 512;

const fn min(a: u64, b: u64) -> u64 {
    if a < b { a } else { b }
}

/// The limits that a configuration names, checked; what does not stand goes to `faults`.
pub(crate) fn read(resolved: &Resolved, faults: &mut Vec<Fault>) -> Option<Limits> {
    let defaults = serde_json::to_value(Limits::default()).expect("limits are numbers");
    let mut fields = defaults.as_object().cloned().unwrap_or_default();
    let before = faults.len();
    let mut refuse = |key: &str, value: u64, min: u64, max: u64| {
        let name = format!("limits.{key}");
        let problem = format!("{name} = {value} does not stand: use {min} to {max}");
        faults.push(Fault { source: resolved.source(&name), problem });
    };
    for (key, field) in &mut fields {
        let value = resolved.number(&format!("limits.{key}"));
        let default = std::mem::replace(field, value.into());
        // Alone, so that each number too large for its type is told.
        let alone = serde_json::Map::from_iter([(key.clone(), field.clone())]);
        if serde_json::from_value::<Limits>(alone.into()).is_err() {
            let ranges = ranges(&Limits::default());
            let range = ranges.iter().find(|(name, ..)| name == key);
            let (min, max) = range.map_or((0, u64::from(u32::MAX)), |(_, _, min, max)| (*min, *max));
            refuse(key, value, min, max);
            *field = default;
        }
    }
    let limits: Limits = serde_json::from_value(fields.into()).expect("each field was read alone");
    for (key, value, min, max) in ranges(&limits) {
        if !(min..=max).contains(&value) {
            refuse(key, value, min, max);
        }
    }
    (faults.len() == before).then_some(limits)
}

/// Every key with its value and its range. The ranges are what the storage, the contract and one machine's memory can
/// hold; sums over several keys are held against the value of the last of them.
fn ranges(limits: &Limits) -> Vec<(&'static str, u64, u64, u64)> {
    let return_lines = u64::from(limits.return_lines);
    vec![
        // Loading a component and one host call cost more than a hundred.
        ("fuel", limits.fuel, 1_000, u64::MAX),
        ("fuel_large", limits.fuel_large, 1_000, u64::MAX),
        ("deadline", limits.deadline.0, 1, 60_000),
        ("memory_bytes", limits.memory_bytes, 64 * KIB, WASM_MEMORY_BYTES),
        ("memory_bytes_large", limits.memory_bytes_large, 64 * KIB, WASM_MEMORY_BYTES),
        // Two components are held in memory at once, and each is given to the compiler whole.
        ("component_bytes", limits.component_bytes, KIB, 256 * MIB),
        ("component_bytes_large", limits.component_bytes_large, KIB, 256 * MIB),
        ("compile_memory_bytes", limits.compile_memory_bytes, 64 * MIB, u64::MAX),
        ("compile_time", limits.compile_time.0, 1_000, 3_600_000),
        // Held in memory whole, once for every version that is loaded.
        ("artefact_bytes", limits.artefact_bytes, MIB, 1_024 * MIB),
        // Nothing at all is slow for replays, and otherwise right.
        ("loaded_bytes", limits.loaded_bytes, 0, u64::MAX),
        ("output_bytes", limits.output_bytes, KIB, 16 * MIB),
        // Each member takes some hundred bytes of a plan at least.
        ("offers", limits.offers.into(), 1, MEMBERS_MAX),
        ("proposals", limits.proposals.into(), 1, MEMBERS_MAX),
        ("copy_keys", limits.copy_keys.into(), 1, MEMBERS_MAX),
        ("list_items", limits.list_items.into(), 1, MEMBERS_MAX),
        // A template's locale is such a word too (zh-Hant-TW).
        ("word_bytes", limits.word_bytes.into(), 16, 256),
        // As far as a policy may reach.
        ("horizon", limits.horizon.0, 1, Duration::days(3_660).0),
        ("state_bytes", limits.state_bytes.into(), 0, STATE_BYTES_MAX),
        ("log_lines", limits.log_lines.into(), 0, 1_024),
        ("log_line_bytes", limits.log_line_bytes.into(), 64, 64 * KIB),
        // A body is held whole, on every connection.
        ("request_bytes", limits.request_bytes, KIB, 16 * MIB),
        ("purchases", limits.purchases.into(), 0, PURCHASES_MAX),
        // The contract's own bound: `catalog.search` never gives more.
        ("candidates", limits.candidates.into(), 1, 200),
        ("lines", limits.lines.into(), 1, 2_000),
        ("return_lines", return_lines, 1, RETURN_LINES_MAX),
        (
            "plan_bytes",
            limits.plan_bytes.into(),
            PLAN_BYTES + REFUND_LINE_BYTES * return_lines.min(RETURN_LINES_MAX),
            VALUE_BYTES - RECORD_BYTES - PRODUCT_ID_BYTES * return_lines.min(RETURN_LINES_MAX),
        ),
        // Describing a component may answer with all of its templates.
        ("templates", limits.templates.into(), 1, 4_096),
        ("template_bytes", limits.template_bytes.into(), 16, 4 * KIB),
        // Less than a second is no window for a shop; a day's failures say nothing about now.
        ("quarantine_window", limits.quarantine_window.0, 1_000, Duration::days(1).0),
        ("quarantine_failures", limits.quarantine_failures.into(), 1, 1_000_000),
        ("quarantine_rate_bp", limits.quarantine_rate_bp.into(), 1, 10_000),
        ("quarantine_backoff", limits.quarantine_backoff.0, 100, Duration::days(1).0),
        (
            "quarantine_backoff_max",
            limits.quarantine_backoff_max.0,
            limits.quarantine_backoff.0,
            Duration::days(30).0,
        ),
        ("quarantine_probes", limits.quarantine_probes.into(), 1, 1_000),
        ("record_share_bp", limits.record_share_bp.into(), 0, 10_000),
        // Where each of them is, is kept in memory.
        ("recordings", limits.recordings.into(), 0, 1_000_000),
        // It holds what customers wrote.
        ("recording_age", limits.recording_age.0, 1, Duration::days(30).0),
        // One batch holds it, what it replaces and what sealing adds.
        ("recording_bytes", limits.recording_bytes.into(), 4 * KIB, BATCH_BYTES_MAX as u64 / 2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Flags, Settings};

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        flags: Flags,
    }

    fn parse(text: &str) -> Result<Limits, String> {
        settings(text).map(|settings| settings.limits)
    }

    fn settings(text: &str) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("limits.toml");
        std::fs::write(&path, text).unwrap();
        let arguments = ["test", "--data", "d", "--limits", path.to_str().unwrap()];
        let flags = <Cli as clap::Parser>::try_parse_from(arguments).unwrap().flags;
        let read = Settings::read(&flags, &Environment::default());
        read.map(|(settings, _)| settings).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_stand_and_a_file_changes_what_it_names() {
        assert_eq!(parse("").unwrap(), Limits::default());
        assert_eq!(
            parse("offers = 3\nfuel = 1_000").unwrap(),
            Limits { offers: 3, fuel: 1000, ..Limits::default() }
        );
    }

    #[test]
    fn quotas_stand_in_the_same_file_below_the_limits() {
        let Settings { limits, quotas, .. } =
            settings("offers = 3\n[namespaces.acme]\nversions = 7\n").unwrap();
        let acme = rebound_domain::ids::Namespace::new("acme").unwrap();
        assert_eq!((limits.offers, quotas.of(&acme, false).versions), (3, Some(7)));
        for (text, want) in [
            ("fule = 3\n[namespaces.acme]\nversions = 7", "fule is no key"),
            ("offers = 0\n[namespaces.acme]", "limits.offers = 0 does not stand"),
            ("[namespaces.acme]\nversion = 7", "namespaces.acme: unknown field `version`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    /// Every key has a range, and a value one past either end of it is refused by its name.
    #[test]
    fn every_limit_is_held_to_a_range() {
        let fields = serde_json::to_value(Limits::default()).unwrap();
        for (key, default) in fields.as_object().unwrap() {
            let stands = |value: u64| match parse(&format!("{key} = {value}")) {
                Ok(_) => true,
                Err(error) => {
                    let named = error.contains(&format!("limits.{key} = {value} does not stand: use "));
                    assert!(named, "{key} = {value}: {error}");
                    false
                }
            };
            assert!(stands(default.as_u64().unwrap()), "{key}: its default");
            let zero_works =
                ["loaded_bytes", "state_bytes", "purchases", "log_lines", "record_share_bp", "recordings"]
                    .contains(&key.as_str());
            assert_eq!(stands(0), zero_works, "{key} = 0");
            // Fuel and memory that the machine alone bounds have no end that a test of numbers could know.
            let endless =
                ["fuel", "fuel_large", "compile_memory_bytes", "loaded_bytes"].contains(&key.as_str());
            let huge =
                if default.as_u64().unwrap() > 1 << 31 { i64::MAX as u64 } else { u64::from(u32::MAX) };
            assert_eq!(stands(huge), endless, "{key} = {huge}");
        }
    }

    #[test]
    fn what_a_return_may_hold_fits_into_a_batch_a_read_and_a_plan() {
        let highest = RETURN_LINES_MAX;
        assert!(2 * highest + FIXED_OPERATIONS <= BATCH_OPERATIONS_MAX as u64);
        assert!(highest + FIXED_OPERATIONS <= GET_KEYS_MAX as u64);
        let plan_bytes = PLAN_BYTES + REFUND_LINE_BYTES * highest;
        let limits = parse(&format!("return_lines = {highest}\nplan_bytes = {plan_bytes}"));
        assert_eq!(u64::from(limits.unwrap().return_lines), highest);
        for (text, want) in [
            (format!("return_lines = {}", highest + 1), format!("use 1 to {highest}")),
            (format!("return_lines = {highest}"), "plan_bytes = 49152 does".to_owned()),
            ("plan_bytes = 16384".to_owned(), "plan_bytes = 16384 does".to_owned()),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(&want), "{text}: {error}");
        }
    }

    #[test]
    fn a_bad_key_is_named() {
        for (text, want) in [
            ("fule = 3", "limits.fule is no key"),
            ("offers = \"many\"", "offers"),
            ("offers = -1", "offers"),
            ("deadline = 0", "limits.deadline = 0 does not stand: use "),
            ("plan_bytes = 65536", "limits.plan_bytes = 65536 does not stand: use "),
            ("lines = 100000", "limits.lines = 100000 does not stand: use "),
            ("purchases = 500", "limits.purchases = 500 does not stand: use "),
            ("candidates = 201", "limits.candidates = 201 does not stand: use "),
            ("state_bytes = 61440", "limits.state_bytes = 61440 does not stand: use "),
            ("offers = 0", "limits.offers = 0 does not stand: use "),
            ("word_bytes = 8", "limits.word_bytes = 8 does not stand: use "),
            ("offers", "limits.toml:1:"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
