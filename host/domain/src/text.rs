//! What any text from outside may hold, and how it is quoted in an error.

/// Characters of a quotation; the rest is cut, since the text may be hostile and errors are stored.
const QUOTED_CHARS_MAX: usize = 64;

/// A text as an error names it: control characters escaped, cut after [`QUOTED_CHARS_MAX`] characters.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("`");
    let mut chars = text.chars();
    quoted.extend(chars.by_ref().take(QUOTED_CHARS_MAX).flat_map(char::escape_debug));
    if chars.next().is_some() {
        quoted.push('…');
    }
    quoted.push('`');
    quoted
}

/// The first character that could break a line or turn its direction: control characters, line and paragraph
/// separators, and Unicode's bidirectional controls (UAX 9, "Trojan Source").
pub(crate) fn unprintable(text: &str) -> Option<char> {
    text.chars().find(|&c| is_unprintable(c))
}

/// Whether a character is one of those.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// Whether a text is a kebab-case word: lower-case ASCII letters and digits in parts joined by single hyphens.
pub(crate) fn is_kebab_case(text: &str) -> bool {
    text.split('-').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_is_short_and_shows_what_hides() {
        assert_eq!(quoted("a\u{0}b\n"), "`a\\0b\\n`");
        assert_eq!(quoted(&"退".repeat(65)), format!("`{}…`", "退".repeat(64)));
        assert_eq!(quoted(&"退".repeat(64)), format!("`{}`", "退".repeat(64)));
    }

    #[test]
    fn characters_that_break_or_turn_a_line_are_found() {
        for bad in
            ['\n', '\r', '\t', '\u{7f}', '\u{85}', '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}']
                .into_iter()
                .chain(['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{feff}'])
        {
            assert_eq!(unprintable(&format!("a{bad}b")), Some(bad), "{bad:?}");
        }
        // A zero-width joiner holds an emoji together, and is needed in Persian.
        assert_eq!(unprintable("退货 – £1 👩\u{200d}🦰 می\u{200c}خواهم"), None);
    }

    #[test]
    fn kebab_case_is_lower_case_words_joined_by_single_hyphens() {
        for good in ["a", "size-too-small", "30d", "a-1"] {
            assert!(is_kebab_case(good), "{good}");
        }
        for bad in ["", "-", "a-", "-a", "a--b", "A", "a_b", "a b", "é", "尺码", "a.b"] {
            assert!(!is_kebab_case(bad), "{bad}");
        }
    }
}
