//! Writes sentences down, and the reason for each one that cannot be said.

use super::Published;
use crate::answer::Sentence;
use crate::claims::{Book, Ledger, Speaker, Standing, Unsaid, Violation, Why};
use crate::manifest::Stage;
use crate::plan::{Dropped, Line, PlanPersona, ShownViolation};
use crate::policy::{ClaimsMode, Policy};

pub(super) struct Scribe<'a> {
    speaker: Speaker<'a>,
    policy: &'a Policy,
    book: &'a Book,
    pub(super) dropped: Vec<Dropped>,
    /// What was said though its template breaks a rule, each once; none where the rules are enforced.
    pub(super) violations: Vec<ShownViolation>,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(ledger: Ledger<'a>, policy: &'a Policy, book: &'a Book) -> Self {
        let speaker = Speaker::new(ledger, book);
        Self { speaker, policy, book, dropped: Vec::new(), violations: Vec::new() }
    }

    /// A sentence as the customer reads it, or none and the reason recorded.
    pub(super) fn line(&mut self, stage: Stage, by: &Published, sentence: &Sentence) -> Option<Line> {
        if let Some((fact, why)) = self.hindrance(by, sentence) {
            self.record(stage, by, sentence, fact, why);
            return None;
        }
        match self.speaker.say(&by.templates, sentence) {
            Ok(line) => {
                let template = by.templates.closest(&sentence.template, self.speaker.locale());
                self.shown(stage, by, template.map_or(&[], |template| &template.violations));
                Some(line)
            }
            Err(unsaid) => {
                self.drop(stage, by, sentence, unsaid);
                None
            }
        }
    }

    pub(super) fn copy(&mut self, stage: Stage, by: &Published, copy: &[Sentence]) -> Vec<Line> {
        copy.iter().filter_map(|sentence| self.line(stage, by, sentence)).collect()
    }

    /// Records why a sentence is not said, whatever its facts.
    pub(super) fn unsaid(&mut self, stage: Stage, by: &Published, sentence: &Sentence, why: Why) {
        self.drop(stage, by, sentence, Unsaid { fact: None, why });
    }

    pub(super) fn left_out(&mut self, stage: Stage, by: &Published, sentence: &Sentence) {
        self.unsaid(stage, by, sentence, Why::SubjectLeftOut);
    }

    pub(super) fn persona(&mut self, by: &Published, key: &str) -> Option<PlanPersona> {
        let persona = by.templates.persona(key, self.speaker.locale())?;
        let violations = by.templates.persona_violations(key, self.speaker.locale());
        // Whether its version may speak at all was asked when the step's title was said.
        if self.policy.claims == ClaimsMode::Enforce && !violations.is_empty() {
            return None;
        }
        self.shown(Stage::Progress, by, violations);
        Some(PlanPersona { name: persona.name.clone(), role: persona.role.clone(), assistant: true })
    }

    /// What the house has against a sentence before any ledger is asked: words that break a rule, texts that nobody
    /// approved, a constant that does not hold.
    fn hindrance(&self, by: &Published, sentence: &Sentence) -> Option<(Option<String>, Why)> {
        let template = by.templates.closest(&sentence.template, self.speaker.locale())?;
        if !self.may_speak(by) {
            return Some((None, Why::TemplatesUnapproved));
        }
        if self.policy.claims == ClaimsMode::Enforce && !template.violations.is_empty() {
            return Some((None, Why::ClaimsViolated));
        }
        let (name, why) = self.speaker.unsaid_constant(&by.templates, sentence)?;
        Some((Some(name), why))
    }

    fn may_speak(&self, by: &Published) -> bool {
        self.book.standing(self.policy, by.plugin(), &by.templates) != Standing::Pending
    }

    fn shown(&mut self, stage: Stage, by: &Published, violations: &[Violation]) {
        for Violation { template, locale, rule, excerpt, .. } in violations {
            let is_same = |it: &&mut ShownViolation| {
                it.stage == stage
                    && it.plugin == *by.plugin()
                    && (&it.template, &it.locale, &it.excerpt) == (template, locale, excerpt)
                    && it.rule == rule.word()
            };
            match self.violations.iter_mut().find(is_same) {
                Some(known) => known.lines += 1,
                None => self.violations.push(ShownViolation {
                    stage,
                    plugin: by.plugin().clone(),
                    template: template.clone(),
                    locale: locale.clone(),
                    rule: rule.word().to_owned(),
                    excerpt: excerpt.clone(),
                    lines: 1,
                }),
            }
        }
    }

    fn drop(&mut self, stage: Stage, by: &Published, sentence: &Sentence, unsaid: Unsaid) {
        let fact = unsaid.fact.map(|fact| fact.word().to_owned());
        self.record(stage, by, sentence, fact, unsaid.why);
    }

    fn record(&mut self, stage: Stage, by: &Published, sentence: &Sentence, fact: Option<String>, why: Why) {
        self.dropped.push(Dropped {
            stage,
            plugin: by.plugin().clone(),
            template: sentence.template.clone(),
            about: sentence.about,
            fact,
            reason: why.word().to_owned(),
        });
    }
}
