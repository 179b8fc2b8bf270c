//! Something to collect. Progress is the host's: an achievement only says which of its ledgers counts.

use rebound_sdk::prelude::*;

use crate::Config;
use crate::wording::{EXCHANGER, MATCHMAKER, REGULAR, STORYTELLER};

/// Those with a target, in the order in which they stand on the page.
pub(crate) fn all(config: &Config) -> Vec<Achievement> {
    let each = [
        ("exchanger", EXCHANGER, "exchanges", config.exchanges),
        ("storyteller", STORYTELLER, "shares", config.shares),
        ("matchmaker", MATCHMAKER, "referrals", config.referrals),
        ("regular", REGULAR, "orders", config.orders),
    ];
    let wanted = each.into_iter().filter(|(_, _, _, target)| *target > 0);
    let achievement = |(key, title, counts, target): (&str, Template, &str, u32)| Achievement {
        key: key.to_string(),
        title: title.about(Subject::Plan),
        counts: counts.to_string(),
        target,
        reward: None,
    };
    wanted.map(achievement).collect()
}
