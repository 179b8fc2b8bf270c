//! Characters that no literal may hold, whatever the language.

use icu_properties::props::{
    DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::super::Rule;
use crate::text::is_unprintable;

/// More than any language writes on one letter; Vietnamese needs two, pointed Hebrew three.
const MARKS_MAX: usize = 3;

/// Marks of Arabic, Hebrew and the Indian scripts join with these; a joiner between two of their letters is spelling.
const JOINING: [Script; 12] = [
    Script::Arabic,
    Script::Syriac,
    Script::Nko,
    Script::Mongolian,
    Script::Devanagari,
    Script::Bengali,
    Script::Gujarati,
    Script::Gurmukhi,
    Script::Kannada,
    Script::Malayalam,
    Script::Tamil,
    Script::Telugu,
];

/// Pictures of numbers, which Unicode counts among the symbols: keycap ten, hundred points, medals, clock faces.
fn is_picture_of_number(c: char) -> bool {
    matches!(c, '\u{1f51f}' | '\u{1f4af}' | '\u{1f947}'..='\u{1f949}' | '\u{1f550}'..='\u{1f567}' | '\u{1f51e}')
}

/// Every finding in a literal: raw, as it is declared, and folded, as it is read.
pub(super) fn findings(raw: &str, folded: &str, mut found: impl FnMut(Rule, String)) {
    let category = CodePointMapData::<GeneralCategory>::new();
    if let Some(c) = hidden(raw) {
        found(Rule::HiddenCharacter, format!("U+{:04X}", u32::from(c)));
    }
    if let Some(marked) = overloaded(raw) {
        found(Rule::CombiningMarks, marked);
    }
    for text in [raw, folded] {
        for c in text.chars() {
            match category.get(c) {
                GeneralCategory::DecimalNumber
                | GeneralCategory::LetterNumber
                | GeneralCategory::OtherNumber => {
                    found(Rule::Figure, c.to_string());
                }
                GeneralCategory::CurrencySymbol => found(Rule::Currency, c.to_string()),
                _ if is_picture_of_number(c) => found(Rule::Figure, c.to_string()),
                _ if "%‰‱٪؉؊".contains(c) => found(Rule::PercentSign, c.to_string()),
                _ if "<>".contains(c) => found(Rule::Html, c.to_string()),
                _ => {}
            }
        }
    }
    if let Some(entity) = entity(folded) {
        found(Rule::Html, entity);
    }
}

/// `&lt;`, `&#60;`: what a page that forgets to escape would turn into something else.
fn entity(text: &str) -> Option<String> {
    text.match_indices('&').find_map(|(at, _)| {
        let (name, _) = text[at + 1..].split_once(';')?;
        let letters = name.strip_prefix('#').unwrap_or(name);
        let is_name =
            !letters.is_empty() && letters.len() <= 32 && letters.chars().all(char::is_alphanumeric);
        is_name.then(|| format!("&{name};"))
    })
}

/// The first character that nobody sees, that turns the line, or that has no meaning of its own. A joiner inside an
/// emoji, a variation selector after one, and a joiner between letters of a script that joins are spelling.
fn hidden(text: &str) -> Option<char> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let category = CodePointMapData::<GeneralCategory>::new();
    let chars: Vec<char> = text.chars().collect();
    chars.iter().enumerate().find_map(|(at, &c)| {
        let (before, after) = (&chars[..at], &chars[at + 1..]);
        let is_spelling = match c {
            '\u{200d}' => in_emoji(before, after) || in_letters(before, after),
            '\u{200c}' => in_letters(before, after),
            '\u{fe0f}' => before.last().is_some_and(|c| is_emoji(*c)),
            _ => false,
        };
        let is_meaningless = matches!(
            category.get(c),
            GeneralCategory::PrivateUse | GeneralCategory::Unassigned | GeneralCategory::Format
        );
        // The blank of Braille is a symbol that looks like a space; the last two stand for facts while checking.
        let is_blank = matches!(c, '\u{2800}' | '\u{fffc}' | '\u{fffa}' | '\u{fffd}');
        let is_hidden = ignorable.contains(c) || is_meaningless || is_blank || is_unprintable(c);
        (is_hidden && !is_spelling).then_some(c)
    })
}

fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

fn in_emoji(before: &[char], after: &[char]) -> bool {
    let modifier = CodePointSetData::new::<EmojiModifier>();
    let shown = before.iter().rev().find(|c| **c != '\u{fe0f}' && !modifier.contains(**c));
    shown.is_some_and(|c| is_emoji(*c)) && after.first().is_some_and(|c| is_emoji(*c))
}

fn in_letters(before: &[char], after: &[char]) -> bool {
    let script = CodePointMapData::<Script>::new();
    let joins = |c: Option<&char>| c.is_some_and(|c| JOINING.contains(&script.get(*c)));
    joins(before.last()) && joins(after.first())
}

/// A letter with more marks than any language writes, with its marks.
fn overloaded(text: &str) -> Option<String> {
    let category = CodePointMapData::<GeneralCategory>::new();
    let mut marks = 0;
    for c in text.chars() {
        let is_mark =
            matches!(category.get(c), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        // An enclosing mark makes a sign of a letter: a circle, a keycap, a ban. A variation selector is a mark too,
        // and is judged as a hidden character.
        if category.get(c) == GeneralCategory::EnclosingMark {
            return Some(format!("U+{:04X}", u32::from(c)));
        }
        marks = if is_mark { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            return Some(format!("U+{:04X}", u32::from(c)));
        }
    }
    None
}

/// The first letter that has no place in a language written in Latin letters or Han characters: a Cyrillic о in a
/// Latin word is another letter to every list of words, and the same to every reader.
pub(super) fn foreign(folded: &str) -> Option<char> {
    let script = CodePointMapData::<Script>::new();
    folded.chars().filter(|c| c.is_alphabetic()).find(|&c| match script.get(c) {
        // Phonetic letters and small capitals pass for plain ones, and do not decompose into them.
        Script::Latin => !matches!(c, '\u{0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'),
        Script::Han | Script::Common | Script::Inherited => false,
        _ => true,
    })
}
