//! What an answer is checked against, and the checks that every stage shares.

use std::collections::HashSet;
use std::sync::Arc;

use super::{At, InvalidOutput};
use crate::answer::{Sentence, StateChange, Subject};
use crate::catalog::Catalog;
use crate::ids::ProductId;
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::money::{INTEGER_MAX, Money};
use crate::product::Product;
use crate::situation::Situation;
use crate::text::{is_kebab_case, quoted};
use crate::time::Duration;

/// What one answer is checked against.
pub(super) struct Scene<'a> {
    pub(super) situation: &'a Situation,
    pub(super) catalog: &'a dyn Catalog,
    pub(super) limits: &'a Limits,
    /// How many offers a sentence may be about.
    pub(super) offers: usize,
    /// How many proposals a sentence may be about.
    pub(super) proposals: usize,
    templates: HashSet<&'a str>,
}

type Checked = Result<(), InvalidOutput>;

impl<'a> Scene<'a> {
    pub(super) fn new(
        situation: &'a Situation,
        catalog: &'a dyn Catalog,
        manifest: &'a Manifest,
        limits: &'a Limits,
    ) -> Self {
        let templates = manifest.templates.iter().map(|template| template.key.as_str()).collect();
        Self { situation, catalog, limits, offers: 0, proposals: 0, templates }
    }

    pub(super) fn count(&self, at: At<'_>, count: usize, count_max: u32) -> Checked {
        if count > count_max as usize {
            return at.fails(format!("holds {count} entries; send at most {count_max}"));
        }
        Ok(())
    }

    pub(super) fn word(&self, at: At<'_>, word: &str) -> Checked {
        if word.len() > self.limits.word_bytes as usize || !is_kebab_case(word) {
            return at.fails(format!(
                "is {}; give lower-case words joined by hyphens, at most {} bytes",
                quoted(word),
                self.limits.word_bytes
            ));
        }
        Ok(())
    }

    pub(super) fn words(&self, at: At<'_>, words: &[String]) -> Checked {
        self.count(at, words.len(), self.limits.list_items)?;
        words.iter().enumerate().try_for_each(|(index, word)| self.word(at.item(index), word))
    }

    pub(super) fn one_of(&self, at: At<'_>, word: &str, kind: &str, allowed: &[String]) -> Checked {
        if allowed.iter().any(|allowed| allowed == word) {
            return Ok(());
        }
        let allowed = match allowed {
            [] => "there are none".to_owned(),
            allowed => format!("they are {}", allowed.join(", ")),
        };
        at.fails(format!("is {}, none of this event's {kind}; {allowed}", quoted(word)))
    }

    pub(super) fn line(&self, at: At<'_>, line: Option<u32>) -> Checked {
        line.map_or(Ok(()), |line| self.index(at, "return line", line, self.situation.event.lines.len()))
    }

    pub(super) fn subject(&self, at: At<'_>, subject: Subject) -> Checked {
        match subject {
            Subject::Plan => Ok(()),
            Subject::Returned(line) => self.line(at, Some(line)),
            Subject::Offered(offer) => self.index(at, "offer", offer, self.offers),
            Subject::Proposed(proposal) => self.index(at, "proposal", proposal, self.proposals),
        }
    }

    fn index(&self, at: At<'_>, kind: &str, index: u32, count: usize) -> Checked {
        if index as usize >= count {
            return at.fails(format!("is {kind} {index}; there are {count}, counted from 0"));
        }
        Ok(())
    }

    pub(super) fn sentence(&self, at: At<'_>, sentence: &Sentence) -> Checked {
        if !self.templates.contains(sentence.template.as_str()) {
            return at.field("template").fails(format!(
                "is {}, which the manifest does not declare; declare it in at least one locale",
                quoted(&sentence.template)
            ));
        }
        self.subject(at.field("about"), sentence.about)
    }

    pub(super) fn copy(&self, at: At<'_>, copy: &[Sentence]) -> Checked {
        self.count(at, copy.len(), self.limits.copy_keys)?;
        copy.iter().enumerate().try_for_each(|(index, sentence)| self.sentence(at.item(index), sentence))
    }

    pub(super) fn ahead(&self, at: At<'_>, duration: Duration) -> Checked {
        self.at_most(at, duration, self.limits.horizon)
    }

    pub(super) fn at_most(&self, at: At<'_>, duration: Duration, duration_max: Duration) -> Checked {
        if duration > duration_max {
            return at.fails(format!("is {} ms; give at most {} ms", duration.0, duration_max.0));
        }
        Ok(())
    }

    pub(super) fn money(&self, at: At<'_>, amount: Money, amount_min: Money) -> Checked {
        if !(amount_min.0..=INTEGER_MAX).contains(&amount.0) {
            return at.fails(format!("is {}; give {} to {INTEGER_MAX} minor units", amount.0, amount_min.0));
        }
        Ok(())
    }

    pub(super) fn product(&self, at: At<'_>, id: ProductId) -> Result<Arc<Product>, InvalidOutput> {
        match self.catalog.get(id) {
            Some(product) => Ok(product),
            None => at.fails(format!("is {id}, which the catalogue does not hold; use ids it gave")),
        }
    }

    pub(super) fn state(&self, state: &StateChange) -> Checked {
        let size_max = self.limits.state_bytes;
        match state {
            StateChange::Put(state) if state.len() > size_max as usize => At::answer("state")
                .fails(format!("has {} bytes, over the limit of {size_max}; keep less", state.len())),
            StateChange::Keep | StateChange::Clear | StateChange::Put(_) => Ok(()),
        }
    }
}
