//! What a template's own words may say: nothing that counts, nothing that only a fact can make true.
//!
//! Facts and constants are the host's and the operator's, so they are exempt; everything between them is read here
//! as a customer would read it (see [`fold`]). The lists of words are for English and Simplified Chinese, and both
//! are held against a template of either, since each is understood in the other. For any other language the host
//! has no words: [`is_listed`] says so, and such templates need an operator's approval whoever wrote them.
//!
//! What this cannot see: a lie in words that are on no list, and a picture. The rules with their reasons are in
//! `docs/claims.md`; `literal/cases.json` shows where each one draws its line.

mod characters;
mod chinese;
mod english;
mod family;
mod fold;

use super::{Fact, Locale, Part, Rule, Violation};
use family::{CONDITIONS, FAMILIES, Family};

/// Where a figure stands: a fact that is a number, an amount or a date.
const FIGURE: char = '\u{fffc}';
/// Where words of the host or the operator stand: a title, a reason, a constant.
const WORDS: char = '\u{fffa}';

/// Findings kept of one template: enough to mend it, and a publish answer stays readable.
const FINDINGS_MAX: usize = 8;
/// Characters of an excerpt.
const EXCERPT_CHARS_MAX: usize = 64;

/// Whether the host has lists of words for a language.
#[must_use]
pub fn is_listed(locale: &Locale) -> bool {
    matches!((locale.language(), locale.script()), ("en", _) | ("zh", Some("Hans")))
}

/// Everything the literals of a template say that they must not, at most eight findings, each once.
#[must_use]
pub fn check(key: &str, written: &str, locale: &Locale, parts: &[Part]) -> Vec<Violation> {
    let mut findings = Findings { key, written, found: Vec::new() };
    let (mut folded, mut facts) = (String::new(), Vec::new());
    for part in parts {
        match part {
            Part::Literal(literal) => {
                let text = fold::folded(literal);
                characters::findings(literal, &text, |rule, excerpt| findings.add(rule, &excerpt, &[]));
                folded.push_str(&text.replace([FIGURE, WORDS], " "));
            }
            Part::Fact(fact) => {
                facts.push(*fact);
                folded.push(if is_figure(*fact) { FIGURE } else { WORDS });
            }
            Part::Constant(_) => folded.push(WORDS),
        }
    }
    joined(&folded, &mut findings);
    // Chinese in another script shares most of the words, so they are held against it all the same.
    if !matches!(locale.language(), "en" | "zh") {
        return findings.found;
    }
    if let Some(letter) = characters::foreign(&folded) {
        findings.add(Rule::ForeignLetters, &letter.to_string(), &[]);
    }
    let english = English::new(&fold::bare(&folded));
    let chinese = Chinese::new(&folded);
    english.numbers(&mut findings);
    roman(parts, &mut findings);
    chinese.numbers(&mut findings);
    for family in FAMILIES {
        claims(family, &facts, &english, &chinese, &mut findings);
    }
    findings.found
}

/// What in a text of the operator's is more than words on a page: a tag, a hidden character, a stack of marks. Figures
/// and claims are the operator's to make.
pub(super) fn unplain(text: &str) -> Option<String> {
    let mut unplain = None;
    characters::findings(text, &fold::folded(text), |rule, excerpt| {
        if matches!(rule, Rule::Html | Rule::HiddenCharacter | Rule::CombiningMarks) {
            unplain.get_or_insert(excerpt);
        }
    });
    unplain
}

/// Whether a fact is said as a figure.
fn is_figure(fact: Fact) -> bool {
    !matches!(fact, Fact::Item | Fact::Brand | Fact::Reason | Fact::CouponCode)
}

struct Findings<'a> {
    key: &'a str,
    written: &'a str,
    found: Vec<Violation>,
}

impl Findings<'_> {
    fn add(&mut self, rule: Rule, excerpt: &str, facts: &[Fact]) {
        let mut escaped = String::new();
        for c in excerpt.chars().take(EXCERPT_CHARS_MAX) {
            match c {
                '\'' | '"' => escaped.push(c),
                c => escaped.extend(c.escape_debug()),
            }
        }
        let excerpt = escaped;
        let is_known = self.found.iter().any(|known| known.rule == rule && known.excerpt == excerpt);
        if is_known || self.found.len() >= FINDINGS_MAX {
            return;
        }
        self.found.push(Violation {
            template: self.key.to_owned(),
            locale: self.written.to_owned(),
            rule,
            excerpt,
            remedy: remedy(rule, facts),
        });
    }
}

fn remedy(rule: Rule, facts: &[Fact]) -> String {
    let advice = match rule {
        Rule::Figure | Rule::NumberWord | Rule::RomanNumeral => {
            "let a fact say it, such as {stock_left} or {orders_count}, or write the sentence without a number"
        }
        Rule::JoinedFigure => "put a space or a word between the fact and what follows it",
        Rule::PercentSign => "let {switched_share} say it, sign included",
        Rule::Currency => "let {price}, {coupon_amount} or {refund_amount} say it, sign included",
        Rule::Html => "write plain text",
        Rule::HiddenCharacter => "leave it out",
        Rule::CombiningMarks => "write the plain letter",
        Rule::ForeignLetters => "write the letter of the template's own language",
        _ if facts.is_empty() => "leave it out, no fact of the host can prove it",
        _ => {
            let words: Vec<String> = facts.iter().map(|fact| format!("{{{}}}", fact.word())).collect();
            return format!("say it in a line with {}, or leave it out", words.join(" or "));
        }
    };
    advice.to_owned()
}

/// What stands right beside a figure and makes another figure of it.
fn joined(folded: &str, findings: &mut Findings<'_>) {
    let chars: Vec<char> = folded.chars().collect();
    let changes = |c: char| c.is_ascii_alphabetic() || "+×*/^≈±~".contains(c);
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| **c == FIGURE) {
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        for c in [before, chars.get(at + 1)].into_iter().flatten().filter(|c| changes(**c)) {
            findings.add(Rule::JoinedFigure, &c.to_string(), &[]);
        }
    }
}

/// A text as English words, between single spaces.
struct English {
    /// Idioms taken out; every word on its own, punctuation gone.
    words: String,
    /// Words spelled in single letters, "s o l d", put together.
    spelled: Vec<String>,
}

impl English {
    fn new(bare: &str) -> Self {
        let mut tokens = String::from(" ");
        let mut word = String::new();
        let end = |word: &mut String, tokens: &mut String| {
            let trimmed = word.trim_matches('\'');
            if !trimmed.is_empty() {
                tokens.push_str(trimmed);
                tokens.push(' ');
            }
            word.clear();
        };
        let mut before = ' ';
        for c in bare.chars() {
            match c {
                FIGURE => {
                    end(&mut word, &mut tokens);
                    tokens.push(FIGURE);
                    tokens.push(' ');
                }
                // "sugar-free" is not free: a word keeps its hyphen until that is known.
                '-' if before.is_alphabetic() => {
                    end(&mut word, &mut tokens);
                    word.push('-');
                }
                c if c.is_alphabetic() && c.is_ascii() || c == '\'' => word.push(c),
                WORDS => {
                    end(&mut word, &mut tokens);
                    tokens.push_str("_ ");
                }
                '.' | ',' | ';' | ':' | '!' | '?' => {
                    end(&mut word, &mut tokens);
                    tokens.push_str(". ");
                }
                _ => end(&mut word, &mut tokens),
            }
            before = c;
        }
        end(&mut word, &mut tokens);
        for word in english::FREE_OF {
            tokens = tokens.replace(&format!(" {word} -free "), " _ ");
        }
        let mut words = tokens.replace(" -", " ");
        for idiom in english::IDIOMS {
            words = words.replace(&format!(" {idiom} "), " _ ");
        }
        // Claims are matched across punctuation: "sold. out" is no way around.
        let plain: Vec<&str> = words.split_whitespace().filter(|word| *word != ".").collect();
        Self { words: format!(" {} ", plain.join(" ")), spelled: spelled_out(&plain) }
    }

    fn find(&self, phrase: &str) -> bool {
        let is_spelled = |phrase: &str| self.spelled.iter().any(|word| *word == phrase.replace(' ', ""));
        self.words.contains(&format!(" {phrase} ")) || is_spelled(phrase)
    }

    fn numbers(&self, findings: &mut Findings<'_>) {
        for number in english::NUMBERS.iter().filter(|number| self.find(number)) {
            findings.add(Rule::NumberWord, number, &[]);
        }
        for currency in english::CURRENCIES.iter().filter(|currency| self.find(currency)) {
            if *currency != "cent" || !self.find("per cent") {
                findings.add(Rule::Currency, currency, &[]);
            }
        }
        let words: Vec<&str> = self.words.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let compound = english::TENS.iter().any(|tens| word.len() > tens.len() && word.starts_with(tens));
            if compound {
                findings.add(Rule::NumberWord, word, &[]);
            }
            if *word == "one" {
                let before = at.checked_sub(1).map(|before| words[before]);
                let after = words.get(at + 1).copied();
                let stands_for = before.is_some_and(|it| english::ONE_AFTER.contains(&it));
                let counts = after.is_some_and(|it| english::ONE_BEFORE.contains(&it.trim_end_matches('s')));
                if !stands_for || counts {
                    findings.add(Rule::NumberWord, "one", &[]);
                }
            }
        }
    }
}

/// Runs of three single letters or more, put together.
fn spelled_out(words: &[&str]) -> Vec<String> {
    let mut spelled = Vec::new();
    let mut run = String::new();
    for word in words.iter().copied().chain(["."]) {
        if word.len() == 1 && word.chars().all(|c| c.is_ascii_alphabetic()) {
            run.push_str(word);
            continue;
        }
        if run.len() > 2 {
            spelled.push(std::mem::take(&mut run));
        }
        run.clear();
    }
    spelled
}

/// A text as Chinese, without what may stand between two characters and change nothing.
struct Chinese {
    text: String,
}

impl Chinese {
    fn new(folded: &str) -> Self {
        let is_han = |c: &char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
        let chars: Vec<char> = folded.chars().collect();
        let mut text = String::with_capacity(folded.len());
        let mut gap = String::new();
        for c in &chars {
            if " ·・-_*~.'\"".contains(*c) {
                gap.push(*c);
                continue;
            }
            let joins = |c: &char| is_han(c) || *c == FIGURE;
            let continues = joins(c) && text.chars().next_back().is_some_and(|last| joins(&last));
            if !continues {
                text.push_str(&gap);
            }
            gap.clear();
            text.push(*c);
        }
        Self { text: chinese::without_idioms(&text) }
    }

    fn numbers(&self, findings: &mut Findings<'_>) {
        for number in chinese::NUMBERS.iter().filter(|number| self.text.contains(*number)) {
            findings.add(Rule::NumberWord, number, &[]);
        }
        let chars: Vec<char> = self.text.chars().collect();
        if let Some(excerpt) = chinese::counting(&chars, FIGURE) {
            findings.add(Rule::NumberWord, &excerpt, &[]);
        }
        for currency in chinese::CURRENCIES.iter().filter(|currency| self.text.contains(*currency)) {
            findings.add(Rule::Currency, currency, &[]);
        }
        let after =
            |figure: &[char]| figure[0] == FIGURE && chinese::CURRENCIES_AFTER_FIGURE.contains(figure[1]);
        if let Some(pair) = chars.windows(2).find(|pair| after(pair)) {
            findings.add(Rule::Currency, &pair[1].to_string(), &[]);
        }
    }
}

/// Roman numerals as whole words of two letters or more: of i, v and x in one case, of all seven only in capitals and
/// from three letters on (XL is a size, CD a disc), and never MIX.
fn roman(parts: &[Part], findings: &mut Findings<'_>) {
    for part in parts {
        let Part::Literal(literal) = part else { continue };
        for word in literal.split(|c: char| !c.is_alphanumeric()) {
            let of = |letters: &str| word.len() > 1 && word.chars().all(|c| letters.contains(c));
            let is_small = of("ivx") || of("IVX");
            let is_large = word.len() > 2 && of("IVXLCDM") && word != "MIX";
            if (is_small || is_large) && is_roman(&word.to_ascii_uppercase()) {
                findings.add(Rule::RomanNumeral, word, &[]);
            }
        }
    }
}

/// Whether capitals are a numeral as the Romans wrote it: thousands, hundreds, tens and ones, each at most once.
fn is_roman(word: &str) -> bool {
    let mut rest = word.trim_start_matches('M');
    for (one, five, ten) in [('C', 'D', 'M'), ('X', 'L', 'C'), ('I', 'V', 'X')] {
        let pair = |second: char| rest.strip_prefix(one).and_then(|rest| rest.strip_prefix(second));
        rest = match pair(ten).or_else(|| pair(five)) {
            Some(after) => after,
            None => {
                let after = rest.strip_prefix(five).unwrap_or(rest);
                let ones = after.len() - after.trim_start_matches(one).len();
                &after[ones.min(3)..]
            }
        };
    }
    rest.is_empty()
}

fn claims(
    family: &Family,
    facts: &[Fact],
    english: &English,
    chinese: &Chinese,
    findings: &mut Findings<'_>,
) {
    if family.facts.iter().any(|fact| facts.contains(fact)) {
        return;
    }
    let (ifs, ruguo) = CONDITIONS;
    let is_conditional =
        ifs.iter().any(|word| english.find(word)) || ruguo.iter().any(|word| chinese.text.contains(word));
    if family.honest_if && is_conditional {
        return;
    }
    for claim in family.english.iter().filter(|claim| english.find(claim)) {
        findings.add(family.rule, &claim.replace(FIGURE, "{…}"), family.facts);
    }
    for claim in family.chinese.iter().filter(|claim| chinese.text.contains(*claim)) {
        findings.add(family.rule, claim, family.facts);
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod tests;
