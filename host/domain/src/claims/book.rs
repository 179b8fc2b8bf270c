//! What the operator answers for: constants that may be stated, and texts of partners that were read and approved.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Constant, Locale, Templates, Why};
use crate::ids::{ConstantKey, Digest, PluginName, PluginRef};
use crate::policy::Policy;
use crate::time::Instant;

/// Every constant, and every approval.
#[derive(Debug, Clone, Default)]
pub struct Book {
    constants: BTreeMap<ConstantKey, Constant>,
    /// The texts that were approved, by the plugin that says them.
    approved: BTreeMap<PluginName, BTreeSet<Digest>>,
}

/// That an operator has read every text of a version and lets customers read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The version whose texts were read. Another version of the plugin with the same texts needs no approval.
    pub plugin: PluginRef,
    /// The texts.
    pub texts: Digest,
    /// Who read them.
    pub owner: String,
    /// Why they may be said.
    pub reason: String,
    /// When.
    pub approved_at: Instant,
}

/// Whether a version's texts may be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has no texts, or all are the operator's own, in languages that the host can check.
    NotNeeded,
    /// An operator has read them.
    Approved,
    /// Nobody has.
    Pending,
}

impl Standing {
    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Standing::NotNeeded => "not-needed",
            Standing::Approved => "approved",
            Standing::Pending => "pending",
        }
    }
}

impl Book {
    /// Declares a constant, or changes it.
    pub fn declare(&mut self, constant: Constant) {
        self.constants.insert(constant.key.clone(), constant);
    }

    /// Approves texts of a plugin.
    pub fn approve(&mut self, plugin: &PluginName, texts: Digest) {
        self.approved.entry(plugin.clone()).or_default().insert(texts);
    }

    /// Every constant, by key.
    pub fn constants(&self) -> impl Iterator<Item = &Constant> {
        self.constants.values()
    }

    /// One constant.
    #[must_use]
    pub fn constant(&self, key: &ConstantKey) -> Option<&Constant> {
        self.constants.get(key)
    }

    /// A constant's words for a customer at a moment.
    pub(super) fn say(&self, key: &ConstantKey, now: Instant, wanted: &Locale) -> Result<&str, Why> {
        self.constants.get(key).ok_or(Why::ConstantUnknown)?.say(now, wanted)
    }

    /// Whether a version's texts may be said under a policy.
    #[must_use]
    pub fn standing(&self, policy: &Policy, plugin: &PluginRef, templates: &Templates) -> Standing {
        let is_own = policy.owns(plugin);
        if templates.is_silent() || is_own && templates.is_listed() {
            return Standing::NotNeeded;
        }
        let approved = self.approved.get(&plugin.name);
        match approved.is_some_and(|texts| texts.contains(&templates.texts())) {
            true => Standing::Approved,
            false => Standing::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{manifest, policy};

    fn templates(texts: &[(&str, &str, &str)]) -> Templates {
        Templates::new(&manifest("acme/first@1.0.0", texts)).unwrap()
    }

    #[track_caller]
    fn check(book: &Book, plugin: &str, templates: &Templates, want: Standing) {
        assert_eq!(book.standing(&policy(), &plugin.parse().unwrap(), templates), want, "{plugin}");
    }

    #[test]
    fn a_partner_s_texts_need_an_approval_and_keep_it_while_they_stay_the_same() {
        let (read, changed) = (templates(&[("a", "en", "Hi.")]), templates(&[("a", "en", "Hi!")]));
        let mut book = Book::default();
        check(&book, "acme/first@1.0.0", &read, Standing::Pending);
        check(&book, "rebound/first@1.0.0", &read, Standing::NotNeeded);
        book.approve(&"acme/first".parse().unwrap(), read.texts());
        check(&book, "acme/first@1.0.0", &read, Standing::Approved);
        check(&book, "acme/first@2.0.0", &read, Standing::Approved);
        check(&book, "acme/first@2.0.0", &changed, Standing::Pending);
        check(&book, "acme/other@1.0.0", &read, Standing::Pending);
        check(&book, "reboundish/first@1.0.0", &read, Standing::Pending);
    }

    #[test]
    fn a_language_without_word_lists_needs_an_approval_whoever_wrote_it() {
        let mut book = Book::default();
        for locale in ["fr", "zh-TW", "ja"] {
            let texts = templates(&[("a", "en", "Hi."), ("a", locale, "Salut.")]);
            check(&book, "rebound/first@1.0.0", &texts, Standing::Pending);
            book.approve(&"rebound/first".parse().unwrap(), texts.texts());
            check(&book, "rebound/first@1.0.0", &texts, Standing::Approved);
        }
    }

    #[test]
    fn a_version_without_texts_has_nothing_to_approve() {
        let mut silent = manifest("acme/first@1.0.0", &[]);
        silent.personas.clear();
        check(&Book::default(), "acme/first@1.0.0", &Templates::new(&silent).unwrap(), Standing::NotNeeded);
        let introduced = templates(&[]);
        check(&Book::default(), "acme/first@1.0.0", &introduced, Standing::Pending);
    }

    #[test]
    fn the_digest_of_texts_tells_every_difference_and_no_order() {
        let digest = |texts: &[(&str, &str, &str)]| templates(texts).texts();
        let both = digest(&[("a", "en", "Hi."), ("b", "en", "Ho.")]);
        assert_eq!(digest(&[("b", "en", "Ho."), ("a", "en", "Hi.")]), both);
        for other in [
            digest(&[("a", "en", "Hi."), ("b", "en", "Ho.\u{a0}")]),
            digest(&[("a", "en", "Hi."), ("b", "en-GB", "Ho.")]),
            digest(&[("a", "en", "Ho."), ("b", "en", "Hi.")]),
            digest(&[("ab", "en", "Hi."), ("b", "en", "Ho.")]),
        ] {
            assert_ne!(other, both);
        }
    }
}
