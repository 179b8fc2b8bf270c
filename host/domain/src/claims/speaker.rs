//! Says declared sentences with the host's facts in them.

use std::rc::Rc;

use super::template::CONSTANT_PREFIX;
use super::{Book, Fact, Format, Ledger, Locale, Part, Templates, Unsaid, Value, Why, reason};
use crate::answer::Sentence;
use crate::ids::ConstantKey;
use crate::plan::{FactValue, Line, Piece};

/// Says sentences for one decision, in its customer's locale.
pub struct Speaker<'a> {
    locale: Locale,
    format: Rc<Format>,
    ledger: Ledger<'a>,
    book: &'a Book,
}

impl<'a> Speaker<'a> {
    /// A speaker of the customer's locale. In a locale that cannot be read nothing is said.
    #[must_use]
    pub fn new(ledger: Ledger<'a>, book: &'a Book) -> Self {
        let locale = Locale::new(&ledger.situation.locale).unwrap_or_else(Locale::unknown);
        let format = Format::kept(&locale, ledger.situation.currency);
        Self { locale, format, ledger, book }
    }

    /// The customer's locale.
    #[must_use]
    pub fn locale(&self) -> &Locale {
        &self.locale
    }

    /// Renders a sentence whole, with every fact it names.
    ///
    /// # Errors
    /// [`Unsaid`] for the first fact that cannot be said, or when the sentence is not in the customer's language.
    pub fn say(&self, templates: &Templates, sentence: &Sentence) -> Result<Line, Unsaid> {
        let template = templates
            .closest(&sentence.template, &self.locale)
            .ok_or(Unsaid { fact: None, why: Why::NoTranslation })?;
        self.ledger.may_speak(template.facts(), sentence.about)?;
        template
            .parts
            .iter()
            .map(|part| match part {
                Part::Literal(literal) => Ok(Piece::Literal { literal: literal.clone() }),
                Part::Fact(fact) => self.fact(*fact, sentence, &template.locale),
                Part::Constant(key) => self.constant(key),
            })
            .collect()
    }

    /// The first constant of a sentence that cannot be said, by its name between the braces, and why.
    #[must_use]
    pub fn unsaid_constant(&self, templates: &Templates, sentence: &Sentence) -> Option<(String, Why)> {
        let template = templates.closest(&sentence.template, &self.locale)?;
        template.parts.iter().find_map(|part| {
            let Part::Constant(key) = part else { return None };
            let why = self.book.say(key, self.ledger.situation.now, &self.locale).err()?;
            Some((format!("{CONSTANT_PREFIX}{key}"), why))
        })
    }

    fn constant(&self, key: &ConstantKey) -> Result<Piece, Unsaid> {
        let text = self
            .book
            .say(key, self.ledger.situation.now, &self.locale)
            .map_err(|why| Unsaid { fact: None, why })?;
        Ok(Piece::Fact {
            fact: format!("{CONSTANT_PREFIX}{key}"),
            value: FactValue::Text(text.to_owned()),
            text: text.to_owned(),
        })
    }

    /// Numbers follow the customer's customs; words must be of the template's own language.
    fn fact(&self, fact: Fact, sentence: &Sentence, language: &Locale) -> Result<Piece, Unsaid> {
        let value = self.ledger.value(fact, sentence.about)?;
        let text = match &value {
            Value::Text(text) => text.clone(),
            Value::Reason(reason) => reason::words(reason, language.language(), language.script())
                .ok_or(Unsaid { fact: Some(fact), why: Why::NoTranslation })?
                .to_owned(),
            Value::Count(count) => self.format.count(*count),
            Value::Money(amount) => self.format.money(*amount),
            Value::Percent(percent) => self.format.percent(*percent),
            Value::Share(share) => self.format.share(*share),
            Value::Odds(odds) => self.format.odds(*odds),
            Value::Moment(at) => self.format.moment(*at, self.ledger.zone),
            Value::Code(code) => code.to_string(),
        };
        Ok(Piece::Fact { fact: fact.word().to_owned(), value: value.bare(), text })
    }
}
