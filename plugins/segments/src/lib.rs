//! The shipped segmentation: who returns, told from the reason where there is one and from the customer's own
//! history where there is none. `docs/strategies.md` states every rule with its numbers.

mod care;
mod preference;
mod signal;
mod wording;

use rebound_sdk::prelude::*;

use preference::Preference;
use signal::Signal;
use wording::{ACKNOWLEDGED, ACKNOWLEDGED_REASON, NEXT, SORRY, TEMPLATES};

/// Whoever sent more than this back does not "keep nearly everything", basis points.
const LOYAL_RETURNED_BP_MAX: u32 = 2_000;

/// Less than this of what was kept is not "much" of it, basis points.
const PREFERENCE_BP_MIN: u32 = 2_500;

rebound_sdk::config! {
    /// Where one kind of customer ends and the next begins. The ranges end where the sentence that a customer reads
    /// as evidence would no longer be true.
    pub struct Config {
        /// Fewest orders of a loyal customer.
        #[schemars(range(min = 2))]
        pub loyal_orders: u32 = 6,
        /// Largest share of the value bought that a loyal customer has sent back, basis points.
        #[schemars(range(max = LOYAL_RETURNED_BP_MAX))]
        pub loyal_returned_bp: u32 = 1_000,
        /// Fewest earlier returns of a serial returner.
        #[schemars(range(min = 2))]
        pub serial_returns: u32 = 5,
        /// Smallest share of lines or of value that a serial returner has sent back, basis points.
        #[schemars(range(min = 1_000, max = 10_000))]
        pub serial_returned_bp: u32 = 2_000,
        /// A return this soon after the order is an impulse, milliseconds.
        #[schemars(range(max = 604_800_000))]
        pub impulse_ms: u64 = 259_200_000,
        /// How much dearer than the customer's usual product counts as a matter of price, percent of it.
        #[schemars(range(min = 150))]
        pub dear_percent: u32 = 200,
        /// Tags of products that are bought for what they are made of.
        #[schemars(length(max = 16))]
        pub quality_tags: Vec<String> =
            ["organic-cotton", "no-fluorescent-agent"].map(String::from).to_vec(),
        /// Fewest products bought and kept with one of these tags before it is a preference.
        #[schemars(range(min = 2))]
        pub preference_kept: u32 = 3,
        /// Least share of the products bought and kept that carry it, basis points.
        #[schemars(range(min = PREFERENCE_BP_MIN, max = 10_000))]
        pub preference_bp: u32 = 3_000,
    }
}

/// The strategy.
pub struct Segments;

impl Strategy for Segments {
    const NAME: &'static str = "rebound/segments";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const TEMPLATES: &'static [Template] = TEMPLATES;
    type Config = Config;
    type State = ();
}

impl Segmentation for Segments {
    fn classify(call: &Call<'_, Self>) -> Result<Classification, Failure> {
        check(&call.config)?;
        let preferences = preference::all(call);
        let signals = signal::all(call.context, &call.config, &preferences);
        let segment = segment(&signals, traits(call, &preferences));
        Ok(Classification {
            acknowledgement: acknowledgement(&call.context.event.lines),
            care: care::all(call, &segment, &signals),
            segment,
            state: StateChange::Keep,
        })
    }
}

/// Again what the schema says, for a host that did not hold the route against it: these bound sentences.
fn check(config: &Config) -> Result<(), Failure> {
    let Config { loyal_returned_bp, preference_bp, .. } = config;
    if *loyal_returned_bp > LOYAL_RETURNED_BP_MAX {
        return Err(Failure::InvalidConfig(format!(
            "loyal_returned_bp is {loyal_returned_bp}; who is told to keep nearly everything sent back \
             {LOYAL_RETURNED_BP_MAX} at most"
        )));
    }
    if *preference_bp < PREFERENCE_BP_MIN {
        return Err(Failure::InvalidConfig(format!(
            "preference_bp is {preference_bp}; what is said of much that was kept holds of {PREFERENCE_BP_MIN} at least"
        )));
    }
    Ok(())
}

/// The strongest signal names the segment; the others that hold stay as traits.
fn segment(signals: &[Signal], mut traits: Vec<String>) -> Segment {
    let mut strongest = &signals[0];
    for signal in &signals[1..] {
        // Strictly: of equal signals the earlier stands.
        if signal.confidence > strongest.confidence {
            strongest = signal;
        }
    }
    let others = signals.iter().filter(|signal| signal.key != strongest.key && signal.key != signal::REGULAR);
    for other in others {
        if !traits.iter().any(|word| word == other.key) {
            traits.push(other.key.to_string());
        }
    }
    let evidence = signals.iter().filter(|signal| signal.key == strongest.key);
    Segment {
        key: strongest.key.to_string(),
        confidence: strongest.confidence,
        evidence: evidence.map(|signal| signal.evidence.about(signal.about)).collect(),
        traits,
    }
}

/// What the customer looks for, as what was kept and what comes back says: `prefers-organic-cotton`. A merchant's tag
/// may be any text, a trait is a word: a tag that is none speaks for quality all the same and names no trait.
fn traits(call: &Call<'_, Segments>, preferences: &[Preference]) -> Vec<String> {
    let lines = &call.context.event.lines;
    let wanted = |tag: &&String| {
        lines.iter().any(|line| line.product.tags.contains(tag))
            || preferences.iter().any(|preference| preference.tag == **tag)
    };
    let words = call.config.quality_tags.iter().filter(|tag| is_word(tag));
    words.filter(wanted).map(|tag| [PREFERS, tag].concat()).collect()
}

const PREFERS: &str = "prefers-";

/// Whether the host takes `prefers-TAG` for a word: lower-case parts joined by hyphens, at most 64 bytes.
fn is_word(tag: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    PREFERS.len() + tag.len() <= 64 && tag.split('-').all(is_part)
}

/// Reasons that something went wrong on the merchant's side, if they are so.
const GRIEVANCES: [&str; 8] = [
    "not-as-described",
    "defective",
    "wrong-item",
    "missing-parts",
    "damaged",
    "late",
    "not-received",
    "counterfeit",
];

/// Names what comes back, and why, for the lines that were paid most; then what happens next.
fn acknowledgement(lines: &[ReturnLine]) -> Vec<Sentence> {
    const NAMED_MAX: usize = 3;
    let mut dearest: Vec<(u32, &ReturnLine)> = (0..).zip(lines).collect();
    dearest.sort_by_key(|(_, line)| std::cmp::Reverse(line.paid));
    let named = dearest.iter().take(NAMED_MAX).map(|(index, line)| {
        let template = match signal::telling(line) {
            Some(reason) if GRIEVANCES.contains(&reason) => SORRY,
            Some(_) => ACKNOWLEDGED_REASON,
            None => ACKNOWLEDGED,
        };
        template.about(Subject::Returned(*index))
    });
    named.chain([NEXT.about(Subject::Plan)]).collect()
}

rebound_sdk::export!(Segments: segmentation);

#[cfg(test)]
mod tests;
