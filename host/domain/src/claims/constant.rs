//! What the merchant may state as a fact because the operator answers for it: "7-day returns".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Locale, Why, literal};
use crate::ids::ConstantKey;
use crate::text::quoted;
use crate::time::Instant;

/// A text of a constant, bytes: a phrase, no page.
const TEXT_BYTES_MAX: usize = 256;
/// Languages of one constant.
const TEXTS_MAX: usize = 64;
/// Who answers for it, bytes.
const OWNER_BYTES_MAX: usize = 256;

/// A declared fact. It holds for `[starts, ends)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constant {
    /// What templates name it by.
    pub key: ConstantKey,
    /// The words, by BCP 47 locale.
    pub texts: BTreeMap<String, String>,
    /// Who answers for its truth.
    pub owner: String,
    /// From when on it holds; always did, when left out.
    pub starts: Option<Instant>,
    /// Until when it holds. Everything that is promised is looked at again some day.
    pub ends: Instant,
}

/// Why a constant does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstantError {
    /// No words.
    #[error("are empty; give the words in at least one locale")]
    NoTexts,
    /// More languages than a constant may have.
    #[error("hold {0} locales; give at most {TEXTS_MAX}")]
    TooManyTexts(usize),
    /// A locale that is none.
    #[error("is {}, which is no locale of BCP 47; write it as zh-CN or en", quoted(.0))]
    Locale(String),
    /// Two spellings of one locale.
    #[error("is {}, a locale that is there already in another spelling; keep one", quoted(.0))]
    Twice(String),
    /// Words that say nothing, or too much.
    #[error("has {size} bytes; give 1 to {TEXT_BYTES_MAX}")]
    TextSize {
        /// Of which locale.
        locale: String,
        /// How many.
        size: usize,
    },
    /// Words that could be more than words on a page.
    #[error("holds `{excerpt}`; write plain text")]
    TextCharacter {
        /// Of which locale.
        locale: String,
        /// What.
        excerpt: String,
    },
    /// Nobody answers for it.
    #[error("has {0} bytes besides spaces; name who answers for it in 1 to {OWNER_BYTES_MAX}")]
    Owner(usize),
    /// It never holds.
    #[error("is not after `starts`; a constant holds from its start until before its end")]
    Ends,
}

impl ConstantError {
    /// The path to what does not stand: `texts.en`.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::NoTexts | Self::TooManyTexts(_) => "texts".to_owned(),
            Self::Locale(locale)
            | Self::Twice(locale)
            | Self::TextSize { locale, .. }
            | Self::TextCharacter { locale, .. } => format!("texts.{locale}"),
            Self::Owner(_) => "owner".to_owned(),
            Self::Ends => "ends".to_owned(),
        }
    }
}

impl Constant {
    /// Whether it stands.
    ///
    /// # Errors
    /// [`ConstantError`] naming what does not.
    pub fn check(&self) -> Result<(), ConstantError> {
        match self.texts.len() {
            0 => return Err(ConstantError::NoTexts),
            count if count > TEXTS_MAX => return Err(ConstantError::TooManyTexts(count)),
            _ => {}
        }
        let mut locales: Vec<Locale> = Vec::new();
        for (written, text) in &self.texts {
            let locale = Locale::new(written).ok_or_else(|| ConstantError::Locale(written.clone()))?;
            if locales.contains(&locale) {
                return Err(ConstantError::Twice(written.clone()));
            }
            locales.push(locale);
            if text.trim().is_empty() || text.len() > TEXT_BYTES_MAX {
                return Err(ConstantError::TextSize { locale: written.clone(), size: text.trim().len() });
            }
            if let Some(excerpt) = literal::unplain(text) {
                return Err(ConstantError::TextCharacter { locale: written.clone(), excerpt });
            }
        }
        let owner = self.owner.trim().len();
        if owner == 0 || self.owner.len() > OWNER_BYTES_MAX {
            return Err(ConstantError::Owner(owner));
        }
        if self.starts.is_some_and(|starts| starts >= self.ends) {
            return Err(ConstantError::Ends);
        }
        Ok(())
    }

    /// Its words for a customer at a moment.
    ///
    /// # Errors
    /// Why it cannot be said.
    pub fn say(&self, now: Instant, wanted: &Locale) -> Result<&str, Why> {
        if self.starts.is_some_and(|starts| now < starts) {
            return Err(Why::ConstantNotStarted);
        }
        if now >= self.ends {
            return Err(Why::ConstantEnded);
        }
        let texts: Vec<(Locale, &str)> = self
            .texts
            .iter()
            .filter_map(|(written, text)| Some((Locale::new(written)?, text.as_str())))
            .collect();
        let closest = wanted.closest(&texts, |(locale, _)| locale);
        closest.map(|(_, text)| *text).ok_or(Why::ConstantNotTranslated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant() -> Constant {
        let texts = [("zh-CN", "7天无理由退货"), ("en", "7-day returns")];
        Constant {
            key: ConstantKey::new("seven-day-return").unwrap(),
            texts: texts.map(|(locale, text)| (locale.to_owned(), text.to_owned())).into(),
            owner: "Legal".to_owned(),
            starts: Some(Instant(100)),
            ends: Instant(200),
        }
    }

    #[track_caller]
    fn refuses(change: impl FnOnce(&mut Constant), field: &str) {
        let mut constant = constant();
        assert_eq!(constant.check(), Ok(()));
        change(&mut constant);
        let error = constant.check().expect_err(field);
        assert_eq!(error.field(), field, "{error}");
    }

    #[test]
    fn a_constant_has_words_an_owner_and_an_end() {
        let text = |locale: &'static str, text: &str| {
            let text = text.to_owned();
            move |it: &mut Constant| drop(it.texts.insert(locale.to_owned(), text))
        };
        refuses(|it| it.texts.clear(), "texts");
        refuses(|it| it.texts = (0..65).map(|n| (format!("en-x-a{n}"), "a".to_owned())).collect(), "texts");
        refuses(text("klingon!", "a"), "texts.klingon!");
        refuses(text("zh-cn", "七天"), "texts.zh-cn");
        refuses(text("en", " "), "texts.en");
        refuses(text("en", &"a".repeat(257)), "texts.en");
        refuses(text("en", "<b>7-day returns</b>"), "texts.en");
        refuses(text("en", "7-day\u{202e} returns"), "texts.en");
        refuses(|it| it.owner = " ".to_owned(), "owner");
        refuses(|it| it.owner = "a".repeat(257), "owner");
        refuses(|it| it.ends = Instant(100), "ends");
    }

    #[test]
    fn a_constant_is_said_from_its_start_until_before_its_end() {
        let en = Locale::new("en").unwrap();
        for (now, want) in [
            (99, Err(Why::ConstantNotStarted)),
            (100, Ok("7-day returns")),
            (199, Ok("7-day returns")),
            (200, Err(Why::ConstantEnded)),
        ] {
            assert_eq!(constant().say(Instant(now), &en), want, "at {now}");
        }
        let always = Constant { starts: None, ..constant() };
        assert_eq!(always.say(Instant(0), &en), Ok("7-day returns"));
    }

    #[test]
    fn a_constant_is_said_in_the_customer_s_language_or_not_at_all() {
        for (locale, want) in [
            ("en-GB", Ok("7-day returns")),
            ("zh-Hans-SG", Ok("7天无理由退货")),
            ("fr", Err(Why::ConstantNotTranslated)),
        ] {
            assert_eq!(constant().say(Instant(150), &Locale::new(locale).unwrap()), want, "{locale}");
        }
    }
}
