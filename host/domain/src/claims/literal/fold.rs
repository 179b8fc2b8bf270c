//! A text as its rules read it: what looks the same becomes the same.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// NFKC in lower case, without what nobody sees: full-width, circled and squared letters and digits are plain ones.
pub(super) fn folded(text: &str) -> String {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let seen: String = text.chars().filter(|c| !ignorable.contains(*c)).flat_map(plain).collect();
    ComposingNormalizerBorrowed::new_nfkc().normalize(&seen).to_lowercase()
}

/// The same without marks on letters: what `ťẃø` reads as.
pub(super) fn bare(folded: &str) -> String {
    let category = CodePointMapData::<GeneralCategory>::new();
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(folded);
    let is_mark =
        |c: char| matches!(category.get(c), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    decomposed.chars().filter(|c| !is_mark(*c)).map(stripped).collect()
}

/// Letters with a stroke, which do not decompose.
fn stripped(c: char) -> char {
    match c {
        'ı' => 'i',
        'ø' => 'o',
        'đ' => 'd',
        'ħ' => 'h',
        'ł' => 'l',
        'ŧ' => 't',
        'ƶ' => 'z',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
        c => c,
    }
}

/// Pictures of letters that NFKC leaves alone: negative circled and squared ones, and the halves of flags.
fn plain(c: char) -> impl Iterator<Item = char> {
    let letter = |first: char| {
        let offset = u32::from(c) - u32::from(first);
        char::from_u32(u32::from('a') + offset).unwrap_or(c)
    };
    let (one, word) = match c {
        '\u{1f150}'..='\u{1f169}' => (Some(letter('\u{1f150}')), ""),
        '\u{1f170}'..='\u{1f189}' => (Some(letter('\u{1f170}')), ""),
        '\u{1f1e6}'..='\u{1f1ff}' => (Some(letter('\u{1f1e6}')), ""),
        '\u{1f193}' => (None, " free "),
        c => (Some(c), ""),
    };
    one.into_iter().chain(word.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_becomes_the_same() {
        for (text, want) in [
            ("ＳＯＬＤ ｏｕｔ", "sold out"),
            ("s\u{ad}o\u{200b}ld", "sold"),
            ("Ⓢⓞⓛⓓ", "sold"),
            ("🆂🅞🅻🅓", "sold"),
            ("⼀半", "一半"),
            ("t̶w̶o̶", "two"),
            ("ťẃø", "two"),
            ("🆓", " free "),
        ] {
            assert_eq!(bare(&folded(text)), want, "{text}");
        }
    }
}
