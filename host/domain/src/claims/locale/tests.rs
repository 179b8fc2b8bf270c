use super::*;

#[track_caller]
fn closest(wanted: &str, candidates: &[&str], want: Option<&str>) {
    let candidates: Vec<_> = candidates.iter().map(|tag| (Locale::new(tag).unwrap(), *tag)).collect();
    let wanted_locale = Locale::new(wanted).unwrap();
    let closest = wanted_locale.closest(&candidates, |(locale, _)| locale).map(|(_, tag)| *tag);
    assert_eq!(closest, want, "{wanted} among {candidates:?}");
}

#[test]
fn the_same_tag_is_closest_then_region_then_script_then_language() {
    closest("zh-CN", &["zh", "zh-Hans", "zh-CN"], Some("zh-CN"));
    closest("zh-CN", &["en", "zh-Hans"], Some("zh-Hans"));
    closest("zh-CN", &["zh-Hant", "zh"], Some("zh"));
    closest("zh-Hans-CN", &["zh-SG", "zh-CN"], Some("zh-CN"));
    closest("zh-SG", &["zh-TW", "zh-CN"], Some("zh-CN"));
    closest("zh-HK", &["zh-CN", "zh-TW"], Some("zh-TW"));
    closest("zh-TW", &["en", "zh-CN"], Some("zh-CN"));
    closest("en-GB", &["en-US", "en-GB", "en"], Some("en-GB"));
    closest("en", &["zh", "en-US"], Some("en-US"));
    closest("en-AU", &["zh", "en"], Some("en"));
    closest("ZH-cn", &["zh-CN"], Some("zh-CN"));
    closest("sr-Latn", &["sr", "sr-Latn-RS"], Some("sr-Latn-RS"));
}

#[test]
fn another_language_is_never_close() {
    closest("fr", &["en", "zh-CN"], None);
    closest("nb", &["da"], None);
    closest("zh-CN", &[], None);
}

#[test]
fn the_earlier_wins_a_tie() {
    closest("en-AU", &["en-GB", "en-US"], Some("en-GB"));
    closest("en-AU", &["en-US", "en-GB"], Some("en-US"));
}

#[test]
fn nothing_is_close_to_the_unknown_locale() {
    let candidates = [Locale::new("en").unwrap(), Locale::unknown()];
    assert_eq!(Locale::unknown().closest(&candidates, |locale| locale), None);
}

#[test]
fn tags_are_read_as_bcp_47() {
    for good in ["en", "zh-CN", "zh-Hans-CN", "sr-Latn", "en-u-nu-arab", "de-1996"] {
        assert!(Locale::is_well_formed(good), "{good}");
        assert!(Locale::new(good).is_some(), "{good}");
    }
    for bad in ["", "e", "english!", "zh-", "中文", "en--US", "zh_CN"] {
        assert!(!Locale::is_well_formed(bad), "{bad}");
        assert!(Locale::new(bad).is_none(), "{bad}");
    }
    let locale = Locale::new("zh-TW").unwrap();
    assert_eq!((locale.language(), locale.script()), ("zh", Some("Hant")));
}
