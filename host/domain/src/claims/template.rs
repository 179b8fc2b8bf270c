//! One declared template, parsed.

use super::{Fact, Locale, Violation, literal};
use crate::ids::ConstantKey;
use crate::manifest;
use crate::text::{quoted, unprintable};

/// What a constant's name begins with, between the braces and in a plan.
pub(super) const CONSTANT_PREFIX: &str = "const.";

/// A template as its manifest declares it, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The language it is written in.
    pub locale: Locale,
    /// Its literals and facts, in order. No literal is empty, and no two stand side by side.
    pub parts: Vec<Part>,
    /// What its literals say that they must not (see [`literal::check`]).
    pub violations: Vec<Violation>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Said as it is.
    Literal(String),
    /// Filled by the host.
    Fact(Fact),
    /// Filled with what the operator declared.
    Constant(ConstantKey),
}

/// A template that cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template {} ({}) {problem}", quoted(.key), quoted(.locale))]
pub struct TemplateError {
    /// Its place in the manifest.
    pub index: usize,
    /// Its key.
    pub key: String,
    /// Its locale.
    pub locale: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a template, as the rest of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Its locale is not BCP 47.
    #[error("names no locale of BCP 47; write it as zh-CN or en")]
    Locale,
    /// It has no text.
    #[error("is empty; write a sentence")]
    Empty,
    /// A brace that opens and never closes.
    #[error(
        "opens a brace that it never closes; close the fact's name with `}}`, or write `{{{{` for a brace"
    )]
    Unclosed,
    /// A brace that closes nothing.
    #[error("closes a brace that it never opened; write `}}}}` for a brace")]
    Unopened,
    /// A name that is no fact of the host's.
    #[error("names the fact {}, which the host does not keep; use one of {}", quoted(.0), words())]
    UnknownFact(String),
    /// A name that can be no constant's.
    #[error("names the constant {}; write it as `{{const.seven-day-return}}`", quoted(.0))]
    ConstantKey(String),
    /// A character that breaks or turns a line.
    #[error("holds U+{:04X}, which breaks or turns a line; leave it out", u32::from(*.0))]
    Character(char),
    /// The same key in the same locale again.
    #[error("is declared twice; keep one text for each key and locale")]
    Twice,
}

fn words() -> String {
    Fact::ALL.map(Fact::word).join(", ")
}

impl Template {
    /// Parses a declared template: `{name}` is a fact, `{const.key}` a constant, `{{` and `}}` are braces.
    ///
    /// # Errors
    /// The [`Problem`] that keeps it from being published.
    pub fn parse(declared: &manifest::Template) -> Result<Self, Problem> {
        let locale = Locale::new(&declared.locale).ok_or(Problem::Locale)?;
        if let Some(character) = unprintable(&declared.text) {
            return Err(Problem::Character(character));
        }
        if declared.text.trim().is_empty() {
            return Err(Problem::Empty);
        }
        let parts = parts(&declared.text)?;
        let violations = literal::check(&declared.key, &declared.locale, &locale, &parts);
        Ok(Self { locale, parts, violations })
    }

    /// The facts it names.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        self.parts.iter().filter_map(|part| match part {
            Part::Fact(fact) => Some(*fact),
            Part::Literal(_) | Part::Constant(_) => None,
        })
    }
}

fn parts(text: &str) -> Result<Vec<Part>, Problem> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            literal.push_str(brace);
            rest = after;
        } else if brace == "{" {
            let (name, after) = rest.split_once('}').ok_or(Problem::Unclosed)?;
            let named = named(name)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(named);
            rest = after;
        } else {
            return Err(Problem::Unopened);
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// What stands between two braces.
fn named(name: &str) -> Result<Part, Problem> {
    match name.strip_prefix(CONSTANT_PREFIX) {
        Some(key) => {
            let key = ConstantKey::new(key).map_err(|_| Problem::ConstantKey(name.to_owned()))?;
            Ok(Part::Constant(key))
        }
        None => {
            let fact = Fact::from_word(name).ok_or_else(|| Problem::UnknownFact(name.to_owned()))?;
            Ok(Part::Fact(fact))
        }
    }
}

#[cfg(test)]
mod tests;
