//! A locale, and which of several is closest to it.

use icu_locale::{LanguageIdentifier, LocaleExpander};

/// A BCP 47 language tag: language, script, region and variants. Extensions are read and left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locale {
    /// As written, in canonical case.
    written: LanguageIdentifier,
    /// With the likely script and region added: zh-CN is zh-Hans-CN.
    likely: LanguageIdentifier,
}

/// How close one locale is to another of the same language; the last is the closest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Language,
    Script,
    Region,
    Exact,
}

impl Locale {
    /// Reads a tag; none when it is not BCP 47.
    #[must_use]
    pub fn new(tag: &str) -> Option<Self> {
        let written = icu_locale::Locale::try_from_str(tag).ok()?.id;
        let mut likely = written.clone();
        LocaleExpander::new_common().maximize(&mut likely);
        Some(Self { written, likely })
    }

    /// The locale of nobody in particular: no template is close to it.
    #[must_use]
    pub fn unknown() -> Self {
        Self { written: LanguageIdentifier::UNKNOWN, likely: LanguageIdentifier::UNKNOWN }
    }

    /// Whether a tag is BCP 47.
    #[must_use]
    pub fn is_well_formed(tag: &str) -> bool {
        icu_locale::Locale::try_from_str(tag).is_ok()
    }

    /// The language's subtag: `zh`.
    #[must_use]
    pub fn language(&self) -> &str {
        self.written.language.as_str()
    }

    /// The script's subtag, likely if not written: `Hans` for zh-CN.
    #[must_use]
    pub fn script(&self) -> Option<&str> {
        self.likely.script.as_ref().map(|script| script.as_str())
    }

    pub(super) fn id(&self) -> &LanguageIdentifier {
        &self.written
    }

    /// The closest of the candidates: the same tag, else the same language in the same script and region, else
    /// in the same script, else the same language. The earlier wins a tie; another language is never close.
    pub(super) fn closest<'a, T>(
        &self,
        candidates: &'a [T],
        locale: impl Fn(&T) -> &Locale,
    ) -> Option<&'a T> {
        let mut best: Option<(Closeness, &T)> = None;
        for candidate in candidates {
            let Some(closeness) = self.closeness(locale(candidate)) else { continue };
            if best.is_none_or(|(best, _)| closeness > best) {
                best = Some((closeness, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    fn closeness(&self, other: &Locale) -> Option<Closeness> {
        if self.likely.language.is_unknown() || self.likely.language != other.likely.language {
            return None;
        }
        Some(if self.written == other.written {
            Closeness::Exact
        } else if self.likely.script != other.likely.script {
            Closeness::Language
        } else if self.likely.region != other.likely.region {
            Closeness::Script
        } else {
            Closeness::Region
        })
    }
}

#[cfg(test)]
mod tests;
