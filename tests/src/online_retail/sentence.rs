//! Holds every fact of a rendered sentence against the ledger.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::data::Return;
use super::ledger::Ledger;
use super::promise::moment;

/// A price is held for a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// What a sentence may speak of.
#[derive(Debug, Clone, Copy)]
pub(super) enum About<'a> {
    /// Of no product at all.
    Plan,
    /// One line that comes back.
    Returned(&'a str),
    /// One of those lines; which one, the data does not tell.
    AnyReturned,
    /// An offer, and what comes back in its place.
    Offered { from: &'a str, to: &'a str },
    /// A coupon: pence, and when it ends.
    Coupon { code: &'a str, amount: i64, min_spend: i64, expires: i64, odds: Option<(u64, u64)> },
    /// A surprise without a prize: how many of how many outcomes have one.
    Draw { odds: (u64, u64) },
}

/// Checks the sentences of one plan.
pub(super) struct Sentences<'a, 'l> {
    pub(super) ledger: &'a Ledger<'l>,
    pub(super) document: &'a Return,
    /// Facts said in it, by name.
    pub(super) facts: BTreeMap<String, usize>,
}

impl Sentences<'_, '_> {
    /// Checks sentences about the same thing.
    pub(super) fn check_all(&mut self, lines: &Value, about: About<'_>) -> Result<()> {
        items(lines).iter().try_for_each(|line| self.check(line, about))
    }

    /// Checks one.
    pub(super) fn check(&mut self, line: &Value, about: About<'_>) -> Result<()> {
        ensure!(!items(line).is_empty(), "an empty sentence: {line}");
        for piece in items(line) {
            let Some(fact) = piece["fact"].as_str() else {
                self.literal(text(&piece["literal"])?.as_str(), about)?;
                continue;
            };
            *self.facts.entry(fact.to_owned()).or_default() += 1;
            self.fact(fact, &piece["value"], &text(&piece["text"])?, about)
                .with_context(|| format!("{piece} in {line}, about {about:?}"))?;
        }
        Ok(())
    }

    /// The claims of these strategies about a customer that stand in words alone.
    fn literal(&self, words: &str, about: About<'_>) -> Result<()> {
        if words.contains("kept it") {
            let About::Offered { to, .. } = about else { bail!("kept, and no offer") };
            ensure!(self.ledger.kept(&self.document.customer, to), "{to} was not bought and kept");
        }
        if words.contains("no order of yours beside") {
            ensure!(self.ledger.comes_from_only_order(self.document), "there is another order: {words}");
        }
        Ok(())
    }

    fn fact(&self, fact: &str, value: &Value, text: &str, about: About<'_>) -> Result<()> {
        let ledger = self.ledger;
        match (fact, about) {
            ("item", About::AnyReturned) => {
                let mut titles = self.document.lines.iter().filter_map(|line| ledger.title(&line.sku));
                ensure!(titles.any(|title| text == title && value == title), "no such line comes back");
            }
            ("item", About::Returned(sku) | About::Offered { to: sku, .. }) => {
                let title = ledger.title(sku).context("not in the catalogue")?;
                ensure!(text == title && value == title, "its title is {title}");
            }
            ("price", About::Returned(sku) | About::Offered { to: sku, .. }) => {
                let price = ledger.price(sku).context("not in the catalogue")?;
                ensure!(*value == price && text == pounds(price), "it costs {price}");
            }
            ("switched_share", About::Offered { from, to }) => {
                let percent = ledger.switched_percent(from, to, self.document.at);
                let percent = percent.filter(|percent| *percent > 0).context("the data has no share")?;
                ensure!(*value == percent * 100 && text == format!("{percent}%"), "it is {percent} %");
            }
            ("refund_amount", About::Plan) => {
                let paid: i64 = self.document.lines.iter().map(|line| line.paid).sum();
                ensure!(*value == paid && text == pounds(paid), "{paid} was paid");
            }
            ("orders_count" | "returns_count", About::Plan) => {
                let customer = &self.document.customer;
                let count = match fact {
                    "orders_count" => ledger.orders_of(customer),
                    _ => ledger.returns_of(customer),
                };
                ensure!(*value == count && text == count.to_string(), "it is {count}");
            }
            ("price_hold_until", About::Offered { .. }) => {
                let until = self.document.at + DAY;
                ensure!(*value == until && text == moment(until), "it is held until {}", moment(until));
            }
            ("coupon_code", About::Coupon { code, .. }) => {
                ensure!(*value == code && text == code, "its code is {code}");
            }
            ("coupon_amount", About::Coupon { amount, .. }) => {
                ensure!(*value == amount && text == pounds(amount), "it gives {amount}");
            }
            ("coupon_min_spend", About::Coupon { min_spend, .. }) => {
                ensure!(
                    min_spend > 0 && *value == min_spend && text == pounds(min_spend),
                    "from {min_spend}"
                );
            }
            ("coupon_expires", About::Coupon { expires, .. }) => {
                ensure!(*value == expires && text == moment(expires), "it ends {}", moment(expires));
            }
            (
                "odds",
                About::Coupon { odds: Some((prized, total)), .. } | About::Draw { odds: (prized, total) },
            ) => {
                ensure!(prized * 100 % total == 0, "the strategy's odds are whole percent");
                let percent = format!("{}%", prized * 100 / total);
                ensure!(*value == format!("{prized}/{total}") && text == percent, "the odds are {percent}");
            }
            _ => bail!("the data does not tell it"),
        }
        Ok(())
    }
}

/// Facts below a value, wherever they stand in a sentence.
pub(super) fn facts_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(facts_in).sum(),
        // A line that was dropped names its fact, and has no text.
        Value::Object(fields) if fields.contains_key("fact") => usize::from(fields.contains_key("text")),
        Value::Object(fields) => fields.values().map(facts_in).sum(),
        _ => 0,
    }
}

/// Pence as a British reader expects them.
fn pounds(pence: i64) -> String {
    let whole = (pence / 100).to_string();
    let grouped: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|digits| std::str::from_utf8(digits).expect("digits"))
        .collect();
    format!("£{}.{:02}", grouped.join(","), pence % 100)
}

pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}
