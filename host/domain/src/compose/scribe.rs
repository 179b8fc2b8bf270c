//! Writes sentences down, and the reason for each one that cannot be said.

use super::Published;
use crate::answer::Sentence;
use crate::claims::{Ledger, Speaker, Unsaid, Why};
use crate::manifest::Stage;
use crate::plan::{Dropped, Line, PlanPersona};

pub(super) struct Scribe<'a> {
    speaker: Speaker<'a>,
    pub(super) dropped: Vec<Dropped>,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(ledger: Ledger<'a>) -> Self {
        Self { speaker: Speaker::new(ledger), dropped: Vec::new() }
    }

    /// A sentence as the customer reads it, or none and the reason recorded.
    pub(super) fn line(&mut self, stage: Stage, by: &Published, sentence: &Sentence) -> Option<Line> {
        match self.speaker.say(&by.templates, sentence) {
            Ok(line) => Some(line),
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

    pub(super) fn persona(&self, by: &Published, key: &str) -> Option<PlanPersona> {
        let persona = by.templates.persona(key, self.speaker.locale())?;
        Some(PlanPersona { name: persona.name.clone(), role: persona.role.clone(), assistant: true })
    }

    fn drop(&mut self, stage: Stage, by: &Published, sentence: &Sentence, unsaid: Unsaid) {
        self.dropped.push(Dropped {
            stage,
            plugin: by.plugin().clone(),
            template: sentence.template.clone(),
            about: sentence.about,
            fact: unsaid.fact.map(|fact| fact.word().to_owned()),
            reason: unsaid.why.word().to_owned(),
        });
    }
}
