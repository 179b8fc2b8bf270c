//! What was claimed against the rules: refused when it was to be published, or shown to customers while the policy
//! reports instead of enforcing.
//!
//! One entry for each plugin version, template, rule and excerpt, with how often; not one for each plan, so the memory
//! it takes does not grow with traffic. What was shown is counted again from the stored plans at each start; what was
//! refused was told to its publisher in full, and is kept as long as the process runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rebound_domain::claims::Violation;
use rebound_domain::ids::PluginRef;
use rebound_domain::plan::Plan;
use rebound_domain::time::Instant;

use crate::Engine;

/// Entries of each kind; beyond them the one that was seen longest ago is forgotten. About 300 bytes each.
const ENTRIES_MAX: usize = 1024;
/// Entries of one attempt to publish: a component full of lies does not push everything else out.
const REFUSED_MAX: usize = 64;

/// How a violation was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// At an attempt to publish, which was refused.
    Refused,
    /// By customers: a plan says the line.
    Shown,
}

impl Seen {
    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Seen::Refused => "refused",
            Seen::Shown => "shown",
        }
    }
}

/// A violation, how often and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenViolation {
    /// How.
    pub seen: Seen,
    /// Whose.
    pub plugin: PluginRef,
    /// Which template, or persona.
    pub template: String,
    /// Its locale.
    pub locale: String,
    /// Which rule, as its stable word.
    pub rule: String,
    /// The words at fault.
    pub excerpt: String,
    /// Attempts to publish, or lines of plans.
    pub count: u64,
    /// When first, by the clock of the plan or of the attempt.
    pub first_seen: Instant,
    /// When last.
    pub last_seen: Instant,
    /// Where it stands among all, newest first.
    pub cursor: ViolationCursor,
}

/// A place in the list of violations, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ViolationCursor {
    /// When it was last seen.
    pub last_seen: Instant,
    /// Which of those last seen at that moment.
    pub number: u64,
}

/// Every violation that is remembered.
#[derive(Default)]
pub(crate) struct Violations(Mutex<State>);

#[derive(Default)]
struct State {
    /// By what it is. A cursor's number is given once and stays.
    entries: BTreeMap<Key, Entry>,
    next_number: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    seen: Seen,
    plugin: PluginRef,
    template: String,
    locale: String,
    rule: String,
    excerpt: String,
}

struct Entry {
    count: u64,
    first_seen: Instant,
    cursor: ViolationCursor,
}

impl Violations {
    /// Counts an attempt to publish.
    pub(crate) fn refused(&self, plugin: &PluginRef, violations: &[Violation], at: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for violation in violations.iter().take(REFUSED_MAX) {
            let key = Key {
                seen: Seen::Refused,
                plugin: plugin.clone(),
                template: violation.template.clone(),
                locale: violation.locale.clone(),
                rule: violation.rule.word().to_owned(),
                excerpt: violation.excerpt.clone(),
            };
            state.count(key, 1, at);
        }
    }

    /// Counts the lines of a plan that landed.
    pub(crate) fn shown(&self, plan: &Plan) {
        if plan.trace.violations.is_empty() {
            return;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for shown in &plan.trace.violations {
            let key = Key {
                seen: Seen::Shown,
                plugin: shown.plugin.clone(),
                template: shown.template.clone(),
                locale: shown.locale.clone(),
                rule: shown.rule.clone(),
                excerpt: shown.excerpt.clone(),
            };
            state.count(key, shown.lines.into(), plan.decided_at);
        }
    }

    fn page(
        &self,
        wanted: impl Fn(&PluginRef) -> bool,
        after: Option<ViolationCursor>,
        limit: usize,
    ) -> Vec<SeenViolation> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<(&Key, &Entry)> = state
            .entries
            .iter()
            .filter(|(key, entry)| wanted(&key.plugin) && after.is_none_or(|after| entry.cursor < after))
            .collect();
        found.sort_unstable_by_key(|(_, entry)| std::cmp::Reverse(entry.cursor));
        found.truncate(limit);
        found.into_iter().map(|(key, entry)| entry.seen(key)).collect()
    }
}

impl State {
    fn count(&mut self, key: Key, count: u64, at: Instant) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.count = entry.count.saturating_add(count);
            entry.first_seen = entry.first_seen.min(at);
            entry.cursor.last_seen = entry.cursor.last_seen.max(at);
            return;
        }
        let mut of_kind = self.entries.iter().filter(|(known, _)| known.seen == key.seen);
        if of_kind.clone().count() >= ENTRIES_MAX
            && let Some(oldest) = of_kind.by_ref().min_by_key(|(_, entry)| entry.cursor)
        {
            let oldest = oldest.0.clone();
            self.entries.remove(&oldest);
        }
        let cursor = ViolationCursor { last_seen: at, number: self.next_number };
        self.next_number += 1;
        self.entries.insert(key, Entry { count, first_seen: at, cursor });
    }
}

impl Entry {
    fn seen(&self, key: &Key) -> SeenViolation {
        SeenViolation {
            seen: key.seen,
            plugin: key.plugin.clone(),
            template: key.template.clone(),
            locale: key.locale.clone(),
            rule: key.rule.clone(),
            excerpt: key.excerpt.clone(),
            count: self.count,
            first_seen: self.first_seen,
            last_seen: self.cursor.last_seen,
            cursor: self.cursor,
        }
    }
}

impl Engine {
    /// Violations of the wanted plugins, the latest first, at most `limit` of them after a place in the list. One that
    /// is seen again while pages are read moves to the front: it may be missed by later pages, never told twice.
    #[must_use]
    pub fn violations(
        &self,
        wanted: impl Fn(&PluginRef) -> bool,
        after: Option<ViolationCursor>,
        limit: usize,
    ) -> Vec<SeenViolation> {
        self.shared.violations.page(wanted, after, limit)
    }
}

#[cfg(test)]
mod tests {
    use rebound_domain::claims::Rule;

    use super::*;

    fn violation(template: &str) -> Violation {
        Violation {
            template: template.to_owned(),
            locale: "en".to_owned(),
            rule: Rule::Figure,
            excerpt: "3".to_owned(),
            remedy: String::new(),
        }
    }

    fn plugin() -> PluginRef {
        "acme/first@1.0.0".parse().unwrap()
    }

    #[test]
    fn the_same_violation_is_one_entry_that_counts() {
        let violations = Violations::default();
        for (template, at) in [("a", 20), ("b", 30), ("a", 40), ("a", 10)] {
            violations.refused(&plugin(), &[violation(template)], Instant(at));
        }
        let page = violations.page(|_| true, None, 10);
        let told: Vec<_> =
            page.iter().map(|it| (it.template.as_str(), it.count, it.first_seen.0, it.last_seen.0)).collect();
        assert_eq!(told, [("a", 3, 10, 40), ("b", 1, 30, 30)]);
    }

    #[test]
    fn pages_cover_everything_once_newest_first() {
        let violations = Violations::default();
        for number in 0..10 {
            // Pairs of them at the same moment.
            violations.refused(&plugin(), &[violation(&format!("t{number}"))], Instant(number / 2));
        }
        let mut told = Vec::new();
        let mut after = None;
        for _ in 0..5 {
            let page = violations.page(|_| true, after, 3);
            let Some(last) = page.last() else { break };
            after = Some(last.cursor);
            told.extend(page.into_iter().map(|it| it.template));
        }
        let want: Vec<String> = (0..10).rev().map(|number| format!("t{number}")).collect();
        assert_eq!(told, want);
        assert!(violations.page(|it| it.name.as_str() == "acme/second", None, 10).is_empty());
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let violations = Violations::default();
        for number in 0..=ENTRIES_MAX {
            violations.refused(&plugin(), &[violation(&format!("t{number}"))], Instant(number as u64));
        }
        let page = violations.page(|_| true, None, usize::MAX);
        assert_eq!(page.len(), ENTRIES_MAX);
        assert_eq!(page.last().unwrap().template, "t1", "t0 was seen longest ago");
        let many: Vec<Violation> = (0..500).map(|number| violation(&format!("m{number}"))).collect();
        violations.refused(&plugin(), &many, Instant(u64::MAX));
        let of_attempt = violations.page(|_| true, None, usize::MAX);
        assert_eq!(of_attempt.iter().filter(|it| it.template.starts_with('m')).count(), REFUSED_MAX);
    }
}
