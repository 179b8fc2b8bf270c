//! What a product is about: the weighted terms that similarity compares.

use std::collections::BTreeMap;

use rebound_domain::product::Product;

/// Where a term stands. The same word in two fields is two terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Field {
    Title,
    Tag,
    Brand,
    Category,
    /// What `style_of` looks up; no part of similarity.
    Style,
}

impl Field {
    /// How much one occurrence counts. A brand or a category is said once, where a title would repeat itself,
    /// so each counts as two of the title's words.
    fn weight(self) -> f32 {
        match self {
            Self::Title | Self::Tag => 1.0,
            Self::Brand | Self::Category => 2.0,
            Self::Style => 0.0,
        }
    }
}

/// Tokens of a title, and tags, that count. Longer ones are lists of keywords, and scoring reads them all.
const TITLE_TOKENS_MAX: usize = 128;
const TAGS_MAX: usize = 64;

/// A product's terms with their weight before idf (field weight times occurrences), sorted by field and text,
/// so that sums over them do not depend on the order in which products arrived.
pub(crate) fn terms(product: &Product) -> Vec<(Field, String, f32)> {
    let mut weights: BTreeMap<(Field, String), f32> = BTreeMap::new();
    let mut add = |field: Field, text: String| *weights.entry((field, text)).or_default() += field.weight();
    tokens(&product.title).take(TITLE_TOKENS_MAX).for_each(|token| add(Field::Title, token));
    let mut tags: Vec<&String> = product.tags.iter().take(TAGS_MAX).collect();
    tags.sort();
    tags.dedup();
    tags.into_iter().for_each(|tag| add(Field::Tag, tag.clone()));
    product.brand.iter().for_each(|brand| add(Field::Brand, brand.clone()));
    product.category.iter().for_each(|category| add(Field::Category, category.clone()));
    weights.into_iter().map(|((field, text), weight)| (field, text, weight)).collect()
}

/// Words in lower case, and for scripts written without spaces the pairs of neighbouring characters (a lone
/// character stands for itself), as Lucene's CJKAnalyzer does. Full-width forms of ASCII are read as ASCII.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = String> {
    let mut rest = text.chars().map(half_width).peekable();
    let mut previous: Option<char> = None;
    std::iter::from_fn(move || {
        loop {
            let character = *rest.peek()?;
            if is_cjk(character) {
                rest.next();
                let next = rest.peek().copied().filter(|&next| is_cjk(next));
                let inside = previous.is_some();
                previous = next.map(|_| character);
                match next {
                    Some(next) => return Some(String::from_iter([character, next])),
                    None if !inside => return Some(character.to_string()),
                    None => {}
                }
            } else if character.is_alphanumeric() {
                let mut word = String::new();
                while let Some(letter) = rest.next_if(|&c| c.is_alphanumeric() && !is_cjk(c)) {
                    word.extend(letter.to_lowercase());
                }
                return Some(word);
            } else {
                rest.next();
            }
        }
    })
}

fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

/// Han, Hiragana, Katakana and Hangul, the scripts Lucene's CJKBigramFilter pairs.
fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{11ff}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{3131}'..='\u{318e}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(tokens(text).collect::<Vec<_>>(), want, "{text:?}");
    }

    #[test]
    fn words_are_lower_case_runs_of_letters_and_digits() {
        check("", &[]);
        check(" -- !", &[]);
        check("60 PAGE Photo-A", &["60", "page", "photo", "a"]);
        check("Crème ÉCLAIR", &["crème", "éclair"]);
        check("ＡＢＣ１", &["abc1"]);
    }

    #[test]
    fn cjk_runs_become_pairs_of_neighbours() {
        check("唇", &["唇"]);
        check("口红", &["口红"]);
        check("哑光口红", &["哑光", "光口", "口红"]);
        check("口红 唇", &["口红", "唇"]);
        check("MAC口红3g", &["mac", "口红", "3g"]);
        check("口红a唇", &["口红", "a", "唇"]);
        check("リップ립스틱", &["リッ", "ップ", "プ립", "립스", "스틱"]);
    }
}
