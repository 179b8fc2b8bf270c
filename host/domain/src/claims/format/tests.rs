use proptest::prelude::*;

use super::*;

fn format(locale: &str, currency: &str) -> Format {
    Format::new(&Locale::new(locale).unwrap(), Currency::new(currency).unwrap())
}

#[track_caller]
fn money(locale: &str, currency: &str, amount: i64, want: &str) {
    assert_eq!(format(locale, currency).money(Money(amount)), want, "{amount} {currency} in {locale}");
}

#[test]
fn amounts_follow_the_locale_s_customs() {
    money("en-US", "USD", 123_450, "$1,234.50");
    money("en-GB", "GBP", 999, "£9.99");
    money("en", "CNY", 39_900, "CN¥399.00");
    money("zh-CN", "CNY", 39_900, "¥399.00");
    money("zh-Hans", "USD", 39_900, "US$399.00");
    money("de-DE", "EUR", 123_456_789, "1.234.567,89\u{a0}€");
    money("fr-FR", "EUR", 123_450, "1\u{202f}234,50\u{a0}€");
    money("en-IN", "INR", 1_234_567_850, "₹1,23,45,678.50");
    money("en-US", "USD", -550, "-$5.50");
    money("en-US", "USD", 0, "$0.00");
    money("en-US", "USD", 5, "$0.05");
}

#[test]
fn amounts_have_as_many_digits_as_their_currency() {
    money("ja-JP", "JPY", 1_234, "￥1,234");
    money("en", "JPY", 1_234, "¥1,234");
    money("en", "KRW", 1_234_000, "₩1,234,000");
    money("en", "KWD", 1_234_567, "KWD\u{a0}1,234.567");
    money("en", "CLF", 1_234_567, "CLF\u{a0}123.4567");
}

#[test]
fn no_minor_unit_is_rounded_away_where_custom_leaves_them_out() {
    money("hu-HU", "HUF", 1_299_000, "12\u{a0}990\u{a0}Ft");
    money("hu-HU", "HUF", 1_299_050, "HUF\u{a0}12\u{a0}990,50");
    money("en", "IQD", 1_234_000, "IQD\u{a0}1,234");
    money("en", "IQD", 1_234_567, "IQD\u{a0}1,234.567");
    money("sr-RS", "RSD", 1_250, "12,50\u{a0}RSD");
}

#[test]
fn a_currency_nobody_knows_is_written_by_its_code() {
    money("en", "ZZZ", 12_345, "ZZZ\u{a0}123.45");
}

#[test]
fn counts_and_percentages_follow_the_locale_s_customs() {
    for (locale, count, percent) in [
        ("en", "1,234,567", "37%"),
        ("zh-CN", "1,234,567", "37%"),
        ("de", "1.234.567", "37\u{a0}%"),
        ("tr", "1.234.567", "%37"),
        ("ar-EG", "١٬٢٣٤٬٥٦٧", "٣٧\u{200e}%\u{200e}"),
    ] {
        let format = format(locale, "USD");
        assert_eq!((format.count(1_234_567).as_str(), format.percent(37).as_str()), (count, percent));
    }
}

#[test]
fn a_kept_format_is_the_locale_s_and_the_currency_s_own() {
    let kept = |locale: &str, currency: &str| {
        Format::kept(&Locale::new(locale).unwrap(), Currency::new(currency).unwrap())
    };
    for _ in 0..2 {
        assert_eq!(kept("zh-CN", "CNY").money(Money(39_900)), "¥399.00");
        assert_eq!(kept("en", "CNY").money(Money(39_900)), "CN¥399.00");
        assert_eq!(kept("en", "USD").money(Money(39_900)), "$399.00");
    }
    assert!(Rc::ptr_eq(&kept("en", "USD"), &kept("en", "USD")));
}

#[test]
fn made_up_locales_do_not_pile_up() {
    for first in 'a'..='z' {
        for second in 'a'..='j' {
            let locale = Locale::new(&String::from_iter([first, second])).unwrap();
            let _format = Format::kept(&locale, Currency::new("USD").unwrap());
            assert!(KEPT.with_borrow(HashMap::len) <= KEPT_MAX);
        }
    }
}

proptest! {
    /// Whatever a merchant's locale and currency, something is written, and no minor unit is lost.
    #[test]
    fn different_amounts_read_differently_everywhere(
        locale in "[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?",
        currency in "[A-Z]{3}",
        amount in -10_000_000_i64..10_000_000,
    ) {
        let Some(locale) = Locale::new(&locale) else { return Ok(()) };
        let format = Format::new(&locale, Currency::new(&currency).unwrap());
        prop_assert_ne!(format.money(Money(amount)), format.money(Money(amount + 1)));
        prop_assert!(!format.count(7).is_empty() && !format.percent(7).is_empty());
    }
}
