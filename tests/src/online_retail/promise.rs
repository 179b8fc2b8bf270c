//! Holds what plans promise against the rules of `docs/promises.md`: coupons, their budget, price holds.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use serde_json::{Value, json};

use super::data::Return;
use super::sentence::{About, Sentences, items, text};

/// What the run's budget and the standard policy say.
pub(super) const BUDGET_MAX_VALUE: i64 = 2_000;
const INCENTIVE_SHARE: i64 = 2_000;
const FREE_RETURNS: usize = 2;
const STEP: i64 = 2_500;
const HIDDEN_FROM: usize = 3;
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// The coupon strategy's own defaults.
const VALID: i64 = 7 * DAY;
const HOLD: i64 = DAY;

/// What was promised so far.
#[derive(Debug, Default)]
pub struct Promises {
    /// Earlier returns of each customer: when, and of which orders.
    returns: BTreeMap<String, Vec<(i64, BTreeSet<String>)>>,
    codes: BTreeSet<String>,
    /// When each coupon ends and what it charged.
    charges: Vec<(i64, i64)>,
    /// How often each outcome of a surprise was drawn, and how often its odds say.
    outcomes: BTreeMap<u64, (u32, f64)>,
    /// Whose price of what is held: customer, product, price, until.
    holds: Vec<(String, String, i64, i64)>,
}

impl Promises {
    /// Coupons made.
    #[must_use]
    pub fn coupons(&self) -> usize {
        self.charges.len()
    }

    /// Price holds made.
    #[must_use]
    pub fn holds(&self) -> usize {
        self.holds.len()
    }

    /// What coupons that have not ended by `now` have charged the budget.
    #[must_use]
    pub fn charged(&self, now: i64) -> i64 {
        self.charges.iter().filter(|(expires, _)| *expires > now).map(|(_, charge)| charge).sum()
    }

    /// Customers with a hold by `now`, with (product, price, until) of each, cheapest first.
    #[must_use]
    pub fn held(&self, now: i64) -> BTreeMap<&str, Vec<(&str, i64, i64)>> {
        let mut held: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (customer, sku, price, until) in self.holds.iter().filter(|(.., until)| *until > now) {
            held.entry(customer).or_default().push((sku.as_str(), *price, *until));
        }
        held.values_mut().for_each(|holds| holds.sort_by_key(|(sku, price, until)| (*price, *sku, *until)));
        held
    }

    /// Checks a plan's coupons and surprises, and takes them in.
    pub(super) fn coupons_of(&mut self, sentences: &mut Sentences<'_, '_>, plan: &Value) -> Result<()> {
        let document = sentences.document;
        let (incentive, is_hidden) = self.incentive(document);
        let (coupons, draws) = (items(&plan["coupons"]), items(&plan["draws"]));
        ensure!(coupons.len() <= 1 && draws.len() <= 1, "the strategy proposes one coupon at a time");
        ensure!(
            !is_hidden || (coupons.is_empty() && draws.is_empty()),
            "given on the third return of one order"
        );
        let drawn = draws.first().map(|draw| self.drawn(incentive, draw)).transpose()?;
        for coupon in coupons {
            let amount = within(incentive, coupon)?;
            let expires = document.at + VALID;
            ensure!(coupon["starts_at"] == instant(document.at), "it starts with the plan");
            ensure!(coupon["expires_at"] == instant(expires), "it holds for a week");
            ensure!(coupon["scope"] == json!({"kind": "whole-order"}), "it is for everything");
            ensure!(coupon["stacking"] == "exclusive", "the budget's coupons stand alone");
            let code = text(&coupon["code"])?;
            ensure!(self.codes.insert(code.clone()), "{code} is the code of another coupon");
            let min_spend = coupon["min_spend"].as_i64().context("a minimum")?;
            let odds = drawn.as_ref().map(|(odds, _)| *odds);
            if let Some((_, prize)) = &drawn {
                ensure!(
                    coupon["draw"] == 0 && coupon["benefit"] == prize["benefit"],
                    "another prize was drawn"
                );
            }
            let about = About::Coupon { code: &code, amount, min_spend, expires, odds };
            ensure!(!items(&coupon["copy"]).is_empty(), "a coupon without a sentence");
            sentences.check_all(&coupon["copy"], about)?;
            self.charges.push((expires, amount));
        }
        if let (Some(draw), Some((odds, prize))) = (draws.first(), drawn) {
            ensure!(prize.is_null() == coupons.is_empty(), "{prize} was drawn, the coupons are {coupons:?}");
            sentences.check_all(&draw["copy"], About::Draw { odds })?;
        }
        Ok(())
    }

    /// Checks a surprise; its odds of any prize, and the terms that were drawn.
    fn drawn(&mut self, incentive: i64, draw: &Value) -> Result<((u64, u64), Value)> {
        let prizes = items(&draw["prizes"]);
        let weight = |prize: &Value| prize["weight"].as_u64().context("a weight");
        let total: u64 = prizes.iter().map(weight).sum::<Result<_>>()?;
        ensure!(draw["total_weight"] == total, "the weights sum to {total}");
        for prize in prizes.iter().filter(|prize| !prize["terms"].is_null()) {
            within(incentive, &prize["terms"])?;
        }
        let prized =
            prizes.iter().filter(|prize| !prize["terms"].is_null()).map(weight).sum::<Result<_>>()?;
        let index = draw["drawn"].as_u64().context("nothing was drawn")?;
        let prize = usize::try_from(index).ok().and_then(|index| prizes.get(index)).context("no outcome")?;
        self.outcomes.entry(index).or_default().0 += 1;
        for (index, prize) in (0..).zip(prizes) {
            self.outcomes.entry(index).or_default().1 += weight(prize)? as f64 / total as f64;
        }
        Ok(((prized, total), prize["terms"].clone()))
    }

    /// Chi-squared of the outcomes drawn against their published odds, and how many were drawn.
    #[must_use]
    pub fn fairness(&self) -> (f64, u32) {
        let outcomes = self.outcomes.values();
        let distance = |(seen, due): &(u32, f64)| (f64::from(*seen) - due).powi(2) / due;
        (outcomes.clone().map(distance).sum(), outcomes.map(|(seen, ..)| seen).sum())
    }

    /// Checks an offer's hold, and takes it in.
    pub(super) fn hold_of(&mut self, document: &Return, offer: &Value) -> Result<()> {
        let until = document.at + HOLD;
        let want = json!({"price": offer["price"], "until": instant(until)});
        ensure!(offer["hold"] == want, "the hold is {}, and ought to be {want}", offer["hold"]);
        let price = offer["price"].as_i64().context("a price")?;
        self.holds.push((document.customer.clone(), text(&offer["sku"])?, price, until));
        Ok(())
    }

    /// Takes in a return, after its plan.
    pub(super) fn returned(&mut self, document: &Return) {
        self.returns.entry(document.customer.clone()).or_default().push((document.at, orders(document)));
    }

    /// The dearest incentive for a return, and whether none may be given at all.
    fn incentive(&self, document: &Return) -> (i64, bool) {
        let earlier = self.returns.get(&document.customer).map(Vec::as_slice).unwrap_or_default();
        let recent = earlier.iter().filter(|(at, _)| document.at - at < 30 * DAY).count();
        let mine = orders(document);
        let same = earlier.iter().filter(|(_, orders)| !orders.is_disjoint(&mine)).count();
        let taken =
            i64::try_from(recent.saturating_sub(FREE_RETURNS)).unwrap_or(i64::MAX).saturating_mul(STEP);
        let paid: i64 = document.lines.iter().map(|line| line.paid).sum();
        let incentive = half_even(half_even(paid * INCENTIVE_SHARE) * (10_000 - taken.min(10_000)));
        (incentive, same + 1 >= HIDDEN_FROM)
    }
}

/// What terms give, which the incentive and the budget have room for.
fn within(incentive: i64, terms: &Value) -> Result<i64> {
    let amount = terms["benefit"]["amount"].as_i64().context("an amount")?;
    ensure!(terms["benefit"]["kind"] == "amount-off", "the budget pays for nothing else");
    ensure!(amount <= incentive, "{amount} is over the incentive of {incentive}");
    ensure!(amount <= BUDGET_MAX_VALUE, "{amount} is over the budget's dearest coupon");
    Ok(amount)
}

fn orders(document: &Return) -> BTreeSet<String> {
    document.lines.iter().filter_map(|line| line.order.clone()).collect()
}

/// Ten-thousandths, rounded half to even.
fn half_even(product: i64) -> i64 {
    let (quotient, rest) = (product.div_euclid(10_000), product.rem_euclid(10_000));
    quotient + i64::from(rest > 5_000 || (rest == 5_000 && quotient % 2 != 0))
}

/// As the interface writes it.
fn instant(at: i64) -> String {
    Timestamp::from_millisecond(at).expect("a year of Online Retail").to_string()
}

/// As a British reader expects it on a London clock, to the minute.
pub(super) fn moment(at: i64) -> String {
    let at = Timestamp::from_millisecond(at).expect("a year of Online Retail");
    let zoned = ZonedDateTime::new(at, TimeZone::get("Europe/London").expect("London is in the database"));
    let hours = zoned.offset().seconds() / 3_600;
    // Britain writes four letters for this month alone.
    let date = zoned.strftime("%-d %b %Y, %H:%M").to_string().replace(" Sep ", " Sept ");
    format!("{date} GMT{hours:+}")
}
