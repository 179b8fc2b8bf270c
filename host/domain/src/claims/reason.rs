//! The closed list of return reasons, in words that complete "it was ..." (这件商品...).

/// A reason in a language and script; none for `unknown` and `other`, which tell nothing, and for languages the
/// host has no words in.
pub(super) fn words(reason: &str, language: &str, script: Option<&str>) -> Option<&'static str> {
    let (_, english, chinese) = WORDS.into_iter().find(|(word, _, _)| *word == reason)?;
    match (language, script) {
        ("en", _) => Some(english),
        ("zh", Some("Hans")) => Some(chinese),
        _ => None,
    }
}

/// Whether a reason says anything.
pub(super) fn is_telling(reason: &str) -> bool {
    WORDS.iter().any(|(word, _, _)| *word == reason)
}

const WORDS: [(&str, &str, &str); 15] = [
    ("color", "not the color you expected", "颜色与预期不符"),
    ("size-too-small", "too small", "尺码偏小"),
    ("size-too-large", "too large", "尺码偏大"),
    ("style", "not your style", "款式不合适"),
    ("not-as-described", "not as described", "与描述不符"),
    ("defective", "defective", "有质量问题"),
    ("wrong-item", "the wrong item", "发错了货"),
    ("missing-parts", "missing parts", "缺少配件"),
    ("damaged", "damaged", "收到时已损坏"),
    ("late", "late", "送达太晚"),
    ("not-received", "not received", "没有收到"),
    ("counterfeit", "not what you trust to be genuine", "真伪存疑"),
    ("ordered-for-comparison", "ordered for comparison", "购买用于比较"),
    ("price-dropped", "cheaper soon after", "降价了"),
    ("unwanted", "no longer wanted", "不再需要"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::REASONS;

    #[test]
    fn every_reason_of_the_closed_list_has_words_but_those_that_tell_nothing() {
        for reason in REASONS {
            let silent = ["unknown", "other"].contains(&reason);
            assert_eq!(is_telling(reason), !silent, "{reason}");
            assert_eq!(words(reason, "en", Some("Latn")).is_none(), silent, "{reason}");
            assert_eq!(words(reason, "zh", Some("Hans")).is_none(), silent, "{reason}");
        }
    }

    #[test]
    fn words_in_another_script_or_language_are_not_made_up() {
        assert_eq!(words("late", "zh", Some("Hant")), None);
        assert_eq!(words("late", "fr", Some("Latn")), None);
        assert_eq!(words("haunted", "en", Some("Latn")), None);
    }
}
