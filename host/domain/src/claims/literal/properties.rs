//! What holds of any template that passes, and of any text at all.

use proptest::prelude::*;

use super::*;
use crate::answer::{Offer, Subject};
use crate::catalog::Switched;
use crate::claims::{Book, Ledger, Speaker, Template, Templates};
use crate::manifest;
use crate::money::Money;
use crate::plan::{FactValue, Piece};
use crate::testing::{COAT, DRESS, manifest as declared, offer, returning, say, shop};

/// Pieces that templates are made of: honest words, lying ones, and what hides a lie.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "softer",
        "this one",
        "your refund",
        "left",
        "sold out",
        "everyone",
        "until",
        "half",
        "II",
        "free",
        "was ",
        "一起",
        "十分",
        "件",
        "三",
        "仅剩",
        "换购",
        "最后",
        "优惠",
        "更合身",
        "，",
        "。",
        " ",
        "-",
        "!",
        "7",
        "％",
        "<",
        "{price}",
        "{stock_left}",
        "{switched_share}",
        "{item}",
        "{reason}",
        "{brand}",
        "{orders_count}",
        "{refund_amount}",
        "\u{200b}",
        "о",
    ];
    prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => "[a-z ]{1,6}", 1 => "[一-龥]{1,3}"]
}

fn violations(locale: &str, text: &str) -> Vec<Violation> {
    let declared =
        manifest::Template { key: "k".to_owned(), locale: locale.to_owned(), text: text.to_owned() };
    Template::parse(&declared).map(|template| template.violations).unwrap_or_default()
}

/// Groups of three by hand, with two decimals and the sign that each locale writes for yuan.
fn yuan(chinese: bool, fen: i64) -> String {
    let (whole, rest) = (fen / 100, fen % 100);
    let digits: Vec<char> = whole.to_string().chars().collect();
    let mut text = String::new();
    for (at, digit) in digits.iter().enumerate() {
        let left = digits.len() - at;
        if at > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(*digit);
    }
    format!("{}{text}.{rest:02}", if chinese { "¥" } else { "CN¥" })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    /// Whatever a plan says of a template that passes: each literal of the line passes again, with the facts that stand
    /// in it, and each fact is what the ledger holds, written by hand here.
    #[test]
    fn a_line_of_a_passing_template_says_nothing_but_what_the_ledger_holds(
        words in prop::collection::vec(word(), 1..8),
        chinese in any::<bool>(),
        price in 0_i64..100_000_000,
        stock in 1_u32..=10,
        switched in 1_u32..200,
        more in 30_u32..200,
        orders in 1_u32..900,
    ) {
        let locale = if chinese { "zh-CN" } else { "en" };
        let text = words.concat();
        prop_assume!(!text.trim().is_empty());
        let Ok(templates) = Templates::new(&declared("a/b@1.0.0", &[("line", locale, &text)])) else {
            return Ok(());
        };
        prop_assume!(templates.violations().is_empty());

        let mut shop = shop();
        let mut coat = (*shop.products[&COAT]).clone();
        coat.price = Money(price);
        shop.products.insert(COAT, coat.into());
        shop.stock.insert(COAT, stock);
        let returns = switched + more;
        shop.switched.insert((DRESS, COAT), Switched { switched, returns });
        let mut situation = returning(&shop, locale, &[DRESS]);
        situation.customer.orders = orders;
        let offers: [Offer; 1] = [offer(COAT)];
        let ledger = Ledger {
            situation: &situation,
            catalog: &shop,
            low_stock: 10,
            offers: &offers,
            proposals: &[],
            minted: &[],
            unused_benefits: Money::ZERO,
            zone: &crate::time::Utc,
        };
        let book = Book::default();
        let speaker = Speaker::new(ledger, &book);
        for about in [Subject::Offered(0), Subject::Plan, Subject::Returned(0)] {
            let Ok(line) = speaker.say(&templates, &say("line", about)) else { continue };
            // Written down again with its facts named, the line is the template, and passes again.
            let again: String = line.iter().map(|piece| match piece {
                Piece::Literal { literal } => literal.replace('{', "{{").replace('}', "}}"),
                Piece::Fact { fact, .. } => format!("{{{fact}}}"),
            }).collect();
            prop_assert_eq!(&again, &text);
            prop_assert_eq!(violations(locale, &again), vec![]);
            for piece in &line {
                let Piece::Fact { fact, value, text } = piece else { continue };
                let is_offered = about == Subject::Offered(0);
                let want = match fact.as_str() {
                    "price" => yuan(chinese, if is_offered { price } else { 39_900 }),
                    "refund_amount" => yuan(chinese, 39_900),
                    "stock_left" => stock.to_string(),
                    "orders_count" => orders.to_string(),
                    "switched_share" => format!("{}%", switched * 100 / returns),
                    "item" => if is_offered { "Wool coat" } else { "Linen dress" }.to_owned(),
                    "brand" => "Meadow".to_owned(),
                    "reason" => if chinese { "尺码偏小" } else { "too small" }.to_owned(),
                    other => panic!("{other}"),
                };
                prop_assert_eq!(text, &want);
                if let ("switched_share", FactValue::Integer(share)) = (fact.as_str(), value) {
                    prop_assert_eq!(*share, i64::from(switched * 100 / returns) * 100);
                }
            }
        }
    }

    /// What nobody sees changes nothing: a lie stays one, whatever is hidden inside it.
    #[test]
    fn a_hidden_character_saves_no_lie(
        lie in prop::sample::select(vec!["sold out", "everyone", "half", "hurry", "仅剩", "一半", "最后", "免费"]),
        hidden in prop::sample::select(vec!['\u{200b}', '\u{2060}', '\u{ad}', '\u{200d}', '\u{fe0f}', '\u{34f}']),
        at in 1_usize..3,
    ) {
        let rules = |text: &str| -> Vec<Rule> { violations("zh-CN", text).iter().map(|it| it.rule).collect() };
        let mut chars: Vec<char> = lie.chars().collect();
        chars.insert(at.min(chars.len() - 1), hidden);
        let broken = rules(&chars.into_iter().collect::<String>());
        prop_assert!(broken.contains(&Rule::HiddenCharacter), "{:?}", broken);
        for rule in rules(lie) {
            prop_assert!(broken.contains(&rule), "{:?}", broken);
        }
    }

    /// The width of a character is no way around a rule.
    #[test]
    fn full_width_letters_and_digits_are_plain_ones(text in "[ -~]{1,20}") {
        prop_assume!(!text.contains(['{', '}']) && !text.trim().is_empty());
        // Case and width both fold, so Roman numerals, which are read as written, stand aside.
        let rules = |text: &str| -> Vec<(Rule, String)> {
            let found = violations("en", text).into_iter().map(|it| (it.rule, it.excerpt));
            found.filter(|(rule, _)| !matches!(rule, Rule::RomanNumeral | Rule::Figure | Rule::PercentSign | Rule::Html | Rule::Currency)).collect()
        };
        let wide: String = text.chars().map(|c| match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
            c => c,
        }).collect();
        let is_bounded = violations("en", &text).len() < FINDINGS_MAX && violations("en", &wide).len() < FINDINGS_MAX;
        prop_assume!(is_bounded);
        prop_assert_eq!(rules(&text), rules(&wide));
    }

    #[test]
    fn no_text_makes_the_check_panic(text in any::<String>(), locale in prop::sample::select(vec!["en", "zh-CN", "fr"])) {
        let found = violations(locale, &text.replace(['{', '}'], " "));
        prop_assert!(found.len() <= FINDINGS_MAX);
    }
}
