//! Whether a strategy's templates would pass the host's check at publish.
//!
//! A guest's copy of the rules, stricter where being exact would take a dictionary: any CJK numeral
//! outside a listed idiom counts as a number here. The host's own check decides.

use std::collections::BTreeSet;

use crate::{Strategy, Template};

/// Facts that a template may name.
const FACTS: [&str; 17] = [
    "item",
    "brand",
    "reason",
    "price",
    "stock_left",
    "switched_share",
    "price_hold_until",
    "coupon_amount",
    "coupon_min_spend",
    "coupon_expires",
    "odds",
    "unused_benefits",
    "coupon_code",
    "refund_amount",
    "return_until",
    "orders_count",
    "returns_count",
];

const NUMBER_WORDS: [&str; 36] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "twenty", "thirty", "forty", "fifty", "hundred", "thousand", "million", "dozen", "half",
    "third", "quarter", "once", "twice", "thrice", "double", "triple", "first", "second", "both", "pair",
    "couple", "percent", "single",
];

const CJK_NUMERALS: &str = "零〇一二三四五六七八九十百千万亿两双半倍折";

/// Words that hold a numeral and count nothing, or a claim word and claim nothing: what a customer did is no promise.
const IDIOMS: [&str; 14] = [
    "一起",
    "一定",
    "一样",
    "一直",
    "一切",
    "一同",
    "一旦",
    "统一",
    "唯一",
    "万一",
    "十分",
    "折叠",
    "used a discount",
    "用了优惠",
];

/// Facts that say when something ends, and facts that say what a coupon is.
const ENDS: &[&str] = &["price_hold_until", "coupon_expires", "return_until"];
const COUPON: &[&str] = &["coupon_amount", "coupon_code", "coupon_min_spend", "coupon_expires"];

/// Words that claim something, and the facts of which one must stand beside them.
const CLAIMS: [(&[&str], &[&str]); 5] = [
    (&["left", "stock", "sold out", "仅剩", "库存", "售罄"], &["stock_left"]),
    (&["chose", "switched", "换购"], &["switched_share"]),
    (&["ends", "until", "expires", "last", "最后", "截止", "到期", "保留至", "有效期", "恢复"], ENDS),
    (
        &["coupon", "discount", "free", "gift", "save", "优惠", "券", "免费", "免运费", "赠", "立减", "礼品"],
        COUPON,
    ),
    (&["prize", "draw", "lucky", "抽奖", "中奖", "奖品"], &["odds"]),
];

const SIGNS: &str = "%％‰$€£¥￥₩₹₽฿¢元";

/// Characters that a page or an editor would read as markup.
const MARKUP: &str = "<>&*_`[]|";

/// Asserts that every template exists in each of `locales`, parses, names only known facts and the same
/// ones in every locale, and claims nothing in its literals.
///
/// # Panics
/// With every finding, each naming its template.
#[track_caller]
pub fn assert_templates<S: Strategy>(locales: &[&str]) {
    let findings = findings(S::TEMPLATES, locales);
    assert!(findings.is_empty(), "{}:\n{}", S::NAME, findings.join("\n"));
}

fn findings(templates: &[Template], locales: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut keys = BTreeSet::new();
    for template in templates {
        let key = template.key;
        if !keys.insert(key) {
            findings.push(format!("{key}: is declared twice"));
        }
        for locale in locales {
            let count = template.texts.iter().filter(|(of, _)| of == locale).count();
            if count != 1 {
                findings.push(format!("{key}: has {count} texts in {locale}; write exactly one"));
            }
        }
        let mut facts: Option<BTreeSet<&str>> = None;
        for (locale, text) in template.texts {
            match parse(text) {
                Err(why) => findings.push(format!("{key} ({locale}): {why}")),
                Ok(parsed) => {
                    let wrong = wording(&parsed).into_iter().map(|why| format!("{key} ({locale}): {why}"));
                    findings.extend(wrong);
                    if *facts.get_or_insert_with(|| parsed.facts.clone()) != parsed.facts {
                        findings.push(format!("{key} ({locale}): names other facts than its other locales"));
                    }
                }
            }
        }
    }
    findings
}

struct Parsed<'a> {
    /// Lower case, each fact replaced by a space.
    literal: String,
    facts: BTreeSet<&'a str>,
}

fn parse(text: &str) -> Result<Parsed<'_>, String> {
    let mut parsed = Parsed { literal: String::new(), facts: BTreeSet::new() };
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        parsed.literal.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            parsed.literal.push_str(brace);
            rest = after;
        } else if brace == "{" {
            let (name, after) = rest.split_once('}').ok_or("a brace is never closed")?;
            // What the operator declares is known only where the plugin is published.
            let is_constant = name.strip_prefix("const.").is_some_and(|key| !key.is_empty());
            if !is_constant && !FACTS.contains(&name) {
                return Err(format!("{{{name}}} is no fact; use one of {}", FACTS.join(", ")));
            }
            parsed.facts.insert(name);
            parsed.literal.push(' ');
            rest = after;
        } else {
            return Err("a brace is closed that was never opened; write }} for a brace".to_string());
        }
    }
    parsed.literal.push_str(rest);
    parsed.literal = parsed.literal.to_lowercase();
    Ok(parsed)
}

fn wording(parsed: &Parsed<'_>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut literal = parsed.literal.clone();
    for idiom in IDIOMS {
        literal = literal.replace(idiom, " ");
    }
    let is_figure = |c: &char| c.is_numeric() || SIGNS.contains(*c) || CJK_NUMERALS.contains(*c);
    findings.extend(literal.chars().find(is_figure).map(|c| format!("`{c}` is a figure; let a fact say it")));
    let markup = literal.chars().find(|c| MARKUP.contains(*c));
    findings.extend(markup.map(|c| format!("`{c}` is markup; write plain words")));
    let words: Vec<&str> = literal.split(|c: char| !c.is_alphanumeric()).collect();
    let number = NUMBER_WORDS.iter().find(|word| words.contains(word));
    findings.extend(number.map(|word| format!("`{word}` is a number; let a fact say it")));
    for (claims, facts) in CLAIMS {
        let claimed = claims.iter().find(|claim| match claim.is_ascii() && !claim.contains(' ') {
            true => words.contains(claim),
            false => literal.contains(*claim),
        });
        if let Some(claim) = claimed
            && !facts.iter().any(|fact| parsed.facts.contains(fact))
        {
            findings.push(format!("`{claim}` claims something; name {{{}}} beside it", facts.join("} or {")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::findings;
    use crate::Template;

    #[track_caller]
    fn check(text: &'static str, want: Option<&str>) {
        let texts: &'static [_] = Box::leak(Box::new([("en", text)]));
        let found = findings(&[Template { key: "t", texts }], &["en"]).join("; ");
        match want {
            None => assert_eq!(found, "", "{text}"),
            Some(want) => assert!(found.contains(want), "{text}: {found:?} lacks {want:?}"),
        }
    }

    #[test]
    fn what_a_customer_did_is_no_promise() {
        check("You used a discount.", None);
        check("You get a discount.", Some("`discount` claims something"));
    }

    #[test]
    fn a_constant_of_the_operators_is_a_fact_too() {
        assert!(super::parse("Enjoy {const.seven-day-return}.").is_ok());
        assert!(super::parse("Enjoy {const.}.").is_err());
        assert!(super::parse("Enjoy {seven-day-return}.").is_err());
    }

    #[test]
    fn figures_belong_to_facts() {
        check("{item} at {price}", None);
        check("Save 100", Some("`1`"));
        check("Save ½", Some("`½`"));
        check("Half the price", Some("`half`"));
        check("Everyone likes it", None);
        check("买二送一", Some("`二`"));
        check("我们一起看看", None);
        check("五折", Some("`五`"));
        check("only a few %", Some("`%`"));
    }

    #[test]
    fn claims_stand_beside_their_fact() {
        check("Only {stock_left} left", None);
        check("Only a few left", Some("`left`"));
        check("Chosen with care", None);
        check("Many chose it", Some("`chose`"));
        check("最后机会", Some("`最后`"));
        check("{price_hold_until}恢复原价", None);
        check("Sold out soon", Some("`sold out`"));
        check("库存紧张", Some("`库存`"));
        check("Many switched", Some("`switched`"));
        check("Kept until then", Some("`until`"));
        check("Kept until {coupon_expires}", None);
        check("退货截止{return_until}", None);
        check("A discount for you", Some("`discount`"));
        check("赠品", Some("`赠`"));
        check("Your gift, until {coupon_expires}", None);
        check("抽奖", Some("`抽奖`"));
        check("A lucky draw: {odds}", None);
    }

    #[test]
    fn a_literal_holds_no_markup() {
        check("<b>{item}</b>", Some("`<`"));
        check("*{item}*", Some("`*`"));
        check("#{brand}", None);
    }

    #[test]
    fn braces_and_facts_are_checked() {
        check("{{braces}}", None);
        check("{item", Some("never closed"));
        check("item}", Some("never opened"));
        check("{itme}", Some("{itme} is no fact"));
    }

    #[test]
    fn every_locale_has_each_template_once_with_the_same_facts() {
        let two = |texts| findings(&[Template { key: "t", texts }], &["zh-CN", "en"]).join("; ");
        assert_eq!(two(&[("zh-CN", "{item}"), ("en", "{item}")]), "");
        assert!(two(&[("en", "{item}")]).contains("0 texts in zh-CN"));
        assert!(two(&[("zh-CN", "{item}"), ("en", "{brand}")]).contains("other facts"));
        let twice = Template { key: "t", texts: &[("en", "a")] };
        assert!(findings(&[twice, twice], &["en"]).join("; ").contains("declared twice"));
    }
}
