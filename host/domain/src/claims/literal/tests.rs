//! `cases.json` is the table: a template, its locale, and the rules that its words break. Any language can read it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::*;
use crate::claims::Template;
use crate::manifest;

#[derive(Deserialize)]
struct Case {
    locale: String,
    text: String,
    rules: BTreeSet<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("cases.json")).unwrap()
}

fn violations(locale: &str, text: &str) -> Vec<Violation> {
    let declared =
        manifest::Template { key: "k".to_owned(), locale: locale.to_owned(), text: text.to_owned() };
    Template::parse(&declared).unwrap_or_else(|error| panic!("{text}: {error}")).violations
}

#[test]
fn every_line_of_the_table_breaks_the_rules_it_says_and_no_other() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = violations(&case.locale, &case.text);
        let rules: BTreeSet<String> = found.iter().map(|it| it.rule.word().to_owned()).collect();
        if rules != case.rules {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!("{} {:?}: want {:?}, found {found:#?}", case.locale, case.text, case.rules));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}

#[test]
fn the_table_is_long_and_shows_every_rule_in_both_languages() {
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let cases = cases();
    assert!(cases.len() >= 150, "{}", cases.len());
    for case in &cases {
        let language = if case.locale.starts_with("zh") { "zh" } else { "en" };
        let rules = case.rules.iter().cloned();
        let none = case.rules.is_empty().then(|| "ok".to_owned());
        rules.chain(none).for_each(|rule| *counts.entry((language, rule)).or_default() += 1);
    }
    for rule in Rule::ALL.map(Rule::word).into_iter().chain(["ok"]) {
        assert!(counts.contains_key(&("en", rule.to_owned())), "no English line for {rule}");
    }
    for language in ["en", "zh"] {
        assert!(counts[&(language, "ok".to_owned())] >= 40, "{language}");
    }
}

#[test]
fn a_finding_tells_where_it_is_and_what_to_do() {
    let told: Vec<String> = violations("zh-CN", "限时三件<b>").iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "k (zh-CN): `<` is a html; write plain text",
            "k (zh-CN): `>` is a html; write plain text",
            "k (zh-CN): `三件` is a number-word; let a fact say it, such as {stock_left} or {orders_count}, or write \
             the sentence without a number",
            "k (zh-CN): `限时` is a time-claim; say it in a line with {price_hold_until} or {coupon_expires} or \
             {return_until}, or leave it out",
        ]
    );
}

#[test]
fn findings_are_bounded_and_each_is_told_once() {
    assert_eq!(violations("en", "7 7 7 7").len(), 1);
    assert_eq!(violations("en", "0 1 2 3 4 5 6 7 8 9").len(), FINDINGS_MAX);
    let excerpt = &violations("en", &format!("&{};", "a".repeat(32)))[0].excerpt;
    assert!(excerpt.chars().count() <= EXCERPT_CHARS_MAX, "{excerpt}");
}

/// The facts of a family are what makes its words true, each alone; another family's fact is no help.
#[test]
fn a_claim_word_passes_with_each_of_its_facts_and_with_no_other() {
    for family in FAMILIES {
        for (locale, claim) in
            family.english.iter().map(|it| ("en", it)).chain(family.chinese.iter().map(|it| ("zh-CN", it)))
        {
            if claim.contains(FIGURE) {
                continue;
            }
            for fact in Fact::ALL {
                let text = format!("{claim}: {{{}}}", fact.word());
                let broken = violations(locale, &text)
                    .iter()
                    .any(|it| it.rule == family.rule && it.excerpt == **claim);
                assert_eq!(broken, !family.facts.contains(&fact), "{text}");
            }
        }
    }
}

#[test]
fn every_number_word_counts_and_every_idiom_does_not() {
    for word in english::NUMBERS {
        let found = violations("en", &format!("We like {word} here"));
        assert!(found.iter().any(|it| it.rule == Rule::NumberWord), "{word}");
    }
    for idiom in english::IDIOMS {
        assert_eq!(violations("en", &format!("We, {idiom}, here")), [], "{idiom}");
    }
    for word in chinese::NUMBERS {
        assert!(violations("zh-CN", word).iter().any(|it| it.rule == Rule::NumberWord), "{word}");
    }
}

#[test]
fn roman_numerals_are_those_the_romans_wrote() {
    for word in ["II", "III", "IV", "VI", "IX", "XIV", "XL", "XC", "CD", "CM", "MCMXC", "MMXXVI", "LXXXVIII"]
    {
        assert!(is_roman(word), "{word}");
    }
    for word in ["IIII", "VV", "IC", "XXL", "IIX", "CIVIC", "VIVID", "LIVID"] {
        assert!(!is_roman(word), "{word}");
    }
}
