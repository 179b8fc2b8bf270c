//! Holds one plan against the ledger.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::data::{Line, Return};
use super::ledger::{Ledger, bucket, per_unit};
use super::promise::Promises;
use super::sentence::{About, Sentences, facts_in, items, text};
use super::verify::{Split, Summary};

/// Lines that the acknowledgement names, and that the upgrade rule searches for.
const NAMED_MAX: usize = 3;
const SEARCHED_MAX: usize = 32;
/// Offers in a plan.
const OFFERS_MAX: usize = 3;
/// A return this soon after its order is an impulse.
const IMPULSE_MS: i64 = 72 * 60 * 60 * 1000;

/// Checks a plan, counts it, and answers its arm.
pub(super) fn check(
    ledger: &Ledger<'_>,
    summary: &mut Summary,
    document: &Return,
    plan: &Value,
    split: &Split,
) -> Result<String> {
    summary.plans += 1;
    ensure!(plan["return_id"] == document.id.as_str(), "the plan is of another return");
    refund(document, &plan["refund"])?;
    for nothing in ["care", "follow_ups"] {
        ensure!(plan[nothing] == json!([]), "{nothing}: no reason given, nobody reachable");
    }
    *summary.segments.entry(text(&plan["segment"]["key"])?).or_default() += 1;
    let arm = trace(summary, plan, &document.customer, split)?;
    let mut sentences = Sentences { ledger, document, facts: BTreeMap::new() };
    acknowledgement(&mut sentences, &plan["acknowledgement"])?;
    evidence(&mut sentences, &plan["segment"])?;
    let offered = offers(&mut sentences, &mut summary.promises, &plan["offers"], &arm)?;
    summary.promises.coupons_of(&mut sentences, plan)?;
    sharing(&mut sentences, &plan["sharing"], &offered)?;
    for step in items(&plan["progress"]["steps"]) {
        ensure!(step["done_at"].is_null(), "{step} is done, and nothing has happened yet");
        sentences.check(&step["title"], About::Plan)?;
        sentences.check_all(&step["copy"], About::Plan)?;
    }
    let (checked, in_plan) = (sentences.facts.values().sum::<usize>(), facts_in(plan));
    ensure!(checked == in_plan, "{in_plan} facts stand in the plan, {checked} of them were checked");
    for (fact, count) in sentences.facts {
        *summary.facts.entry(fact).or_default() += count;
    }

    *summary.plans_per_arm.entry(arm.clone()).or_default() += 1;
    *summary.offers.entry(arm.clone()).or_default() += offered.len();
    *summary.plans_with_offers.entry(arm.clone()).or_default() += usize::from(!offered.is_empty());
    if arm == "upgrade" {
        upgrade(ledger, summary, document, &offered)?;
    }
    for dropped in items(&plan["dropped"]) {
        unsaid(ledger, document, dropped, &offered).with_context(|| format!("dropped: {dropped}"))?;
        let reason = format!("{} {}", text(&dropped["reason"])?, dropped["fact"].as_str().unwrap_or(""));
        *summary.dropped.entry(reason.trim().to_owned()).or_default() += 1;
    }
    Ok(arm)
}

/// The refund path is whole: every line at what was paid for it.
fn refund(document: &Return, refund: &Value) -> Result<()> {
    let paid: i64 = document.lines.iter().map(|line| line.paid).sum();
    ensure!(refund["amount"] == paid, "the refund is {}, {paid} was paid", refund["amount"]);
    let line = |line: &Line| {
        let mut json = json!({"sku": line.sku, "quantity": line.quantity, "amount": line.paid});
        if let Some(order) = &line.order {
            json["order_id"] = json!(order);
        }
        json
    };
    let want: Value = document.lines.iter().map(line).collect();
    ensure!(refund["lines"] == want, "the refund's lines are {}, and ought to be {want}", refund["lines"]);
    Ok(())
}

/// The lines that were paid most, each by its name, and what happens next.
fn acknowledgement(sentences: &mut Sentences<'_, '_>, copy: &Value) -> Result<()> {
    let mut dearest: Vec<&Line> = sentences.document.lines.iter().collect();
    dearest.sort_by_key(|line| std::cmp::Reverse(line.paid));
    dearest.truncate(NAMED_MAX);
    let [named @ .., next] = items(copy) else { bail!("nothing is acknowledged") };
    ensure!(named.len() == dearest.len(), "{} lines are named, not {}", named.len(), dearest.len());
    for (copy, line) in named.iter().zip(dearest) {
        ensure!(facts_in(copy) == 1, "a line is acknowledged by its name alone: {copy}");
        sentences.check(copy, About::Returned(&line.sku))?;
    }
    sentences.check(next, About::Plan)
}

/// A line stands in the evidence when the signal is about it; only these two are.
fn evidence(sentences: &mut Sentences<'_, '_>, segment: &Value) -> Result<()> {
    let (ledger, document) = (sentences.ledger, sentences.document);
    let about = match segment["key"].as_str() {
        Some("impulse") => {
            let line = ledger.soon_back(document, IMPULSE_MS);
            About::Returned(&line.context("an impulse, and no order was soon before")?.sku)
        }
        Some("price-sensitive") => match ledger.usual_price(&document.customer) {
            Some(usual) => {
                let is_dear = |line: &&Line| per_unit(line) * 100 >= usual * 200;
                let line = document.lines.iter().find(is_dear);
                About::Returned(&line.with_context(|| format!("no line costs twice the usual {usual}"))?.sku)
            }
            None => About::AnyReturned,
        },
        _ => About::Plan,
    };
    ensure!(!items(&segment["evidence"]).is_empty(), "a segment without evidence");
    sentences.check_all(&segment["evidence"], about)
}

/// An offer shown: for which line, and what.
struct Offered<'a> {
    from: &'a Line,
    sku: String,
}

impl Offered<'_> {
    fn about(&self) -> About<'_> {
        About::Offered { from: &self.from.sku, to: &self.sku }
    }
}

fn offers<'a>(
    sentences: &mut Sentences<'a, '_>,
    promises: &mut Promises,
    offers: &Value,
    arm: &str,
) -> Result<Vec<Offered<'a>>> {
    let (ledger, document) = (sentences.ledger, sentences.document);
    let mut offered: Vec<Offered<'a>> = Vec::new();
    for offer in items(offers) {
        let sku = text(&offer["sku"])?;
        let title = ledger.title(&sku).with_context(|| format!("{sku} is offered and is not on sale"))?;
        ensure!(offer["title"] == title, "{sku} is offered as {}, it is {title}", offer["title"]);
        let price = ledger.price(&sku);
        ensure!(price == offer["price"].as_i64(), "{sku} is offered at {}, it is {price:?}", offer["price"]);
        ensure!(offer["kind"] == arm, "{} is offered in the arm {arm}", offer["kind"]);
        ensure!(document.lines.iter().all(|line| line.sku != sku), "{sku} is offered and comes back");
        ensure!(offered.iter().all(|other| other.sku != sku), "{sku} is offered twice");
        let index = usize::try_from(offer["for_line"].as_u64().context("an offer for no line")?)?;
        let from = document.lines.get(index).context("an offer for a line that is not there")?;
        let offer_of = Offered { from, sku };
        promises.hold_of(document, offer)?;
        ensure!(!items(&offer["copy"]).is_empty(), "an offer without a sentence");
        sentences.check_all(&offer["copy"], offer_of.about())?;
        offered.push(offer_of);
    }
    ensure!(offered.len() <= OFFERS_MAX, "{} offers", offered.len());
    Ok(offered)
}

/// No reason is known, so a card has no review: its title is about the first line, its talk track about the first offer.
fn sharing(sentences: &mut Sentences<'_, '_>, sharing: &Value, offered: &[Offered<'_>]) -> Result<()> {
    let first_line = &sentences.document.lines[0];
    let cards = items(&sharing["cards"]);
    ensure!(cards.len() == usize::from(!offered.is_empty()), "{} cards", cards.len());
    for (card, offer) in cards.iter().zip(offered) {
        sentences.check(&card["title"], About::Returned(&first_line.sku))?;
        ensure!(card["body"] == json!([]), "a review without a reason: {}", card["body"]);
        ensure!(card["hashtags"] == json!([]), "a brand, where none is known: {}", card["hashtags"]);
        sentences.check_all(&card["talk_track"], offer.about())?;
    }
    for achievement in items(&sharing["achievements"]) {
        sentences.check(&achievement["title"], About::Plan)?;
    }
    Ok(())
}

/// A line is dropped when its fact cannot be said, and only then.
fn unsaid(ledger: &Ledger<'_>, document: &Return, dropped: &Value, offered: &[Offered<'_>]) -> Result<()> {
    match (dropped["fact"].as_str(), dropped["reason"].as_str()) {
        // No brand is in the files.
        (Some("brand"), Some("fact-unknown")) => {}
        // Shares and referrals are not counted yet.
        (None, Some("not-counted")) => ensure!(dropped["stage"] == "sharing", "nothing else is counted"),
        // What was won is not told of a surprise that ended in nothing.
        (None, Some("no-prize")) => ensure!(dropped["stage"] == "coupon", "nothing else is drawn"),
        // A coupon that was refused, for a reason that the trace tells.
        (None, Some("not-minted")) => ensure!(dropped["stage"] == "coupon", "nothing else is minted"),
        (Some("switched_share"), Some(reason)) => {
            let index = usize::try_from(dropped["index"].as_u64().context("of which offer?")?)?;
            let Offered { from, sku } = offered.get(index).context("of an offer that is not there")?;
            let percent = ledger.switched_percent(&from.sku, sku, document.at);
            let want = match percent {
                None => "too-few-returns",
                Some(0) => "zero-share",
                Some(percent) => bail!("it is {percent} %, and can be said"),
            };
            // Of a product that nobody has returned nothing is known at all; a strategy may ask all the same.
            let is_unknown = percent.is_none() && reason == "fact-unknown";
            ensure!(is_unknown || reason == want, "it is not said because of {want}");
        }
        _ => bail!("nothing else is left unsaid here"),
    }
    Ok(())
}

/// What the rule of `docs/strategies.md` allows and shows. Which of more than three are most alike is not recomputed.
fn upgrade(
    ledger: &Ledger<'_>,
    summary: &mut Summary,
    document: &Return,
    offered: &[Offered<'_>],
) -> Result<()> {
    // Of products without a category, similarity decides.
    let has_category = |line: &Line| ledger.category(&line.sku).is_some();
    for Offered { from, sku } in offered.iter().filter(|offer| has_category(offer.from)) {
        let allowed = ledger.upgrades(document, &from.sku);
        ensure!(allowed.contains(sku.as_str()), "{sku} is no upgrade of {}: {allowed:?}", from.sku);
    }
    let mut searched: Vec<&str> = Vec::new();
    for line in &document.lines {
        if !searched.contains(&line.sku.as_str()) {
            searched.push(&line.sku);
        }
    }
    searched.sort_by_key(|sku| std::cmp::Reverse(ledger.price(sku)));
    searched.truncate(SEARCHED_MAX);
    let allowed: BTreeSet<&str> = searched.iter().flat_map(|sku| ledger.upgrades(document, sku)).collect();
    if !allowed.is_empty() {
        summary.upgrade_possible += 1;
        summary.upgrade_shown +=
            usize::from(offered.iter().any(|offer| allowed.contains(offer.sku.as_str())));
    }
    Ok(())
}

/// Checks the calls and the assignment; answers the arm.
fn trace(summary: &mut Summary, plan: &Value, customer: &str, split: &Split) -> Result<String> {
    let calls = items(&plan["trace"]["stages"]);
    ensure!(!calls.is_empty(), "no strategy was called");
    let mut arm = None;
    for call in calls {
        let failed = !matches!(call["outcome"].as_str(), Some("value" | "declined"));
        summary.fallbacks += usize::from(failed || call["fallback"] == true);
        let name = format!("{} {}", text(&call["stage"])?, text(&call["plugin"])?);
        summary.fuel.entry(name.clone()).or_default().push(call["fuel"].as_u64().context("fuel")?);
        summary.micros.entry(name).or_default().push(call["micros"].as_u64().context("micros")?);
        if call["stage"] == "recommendation" {
            let want = assigned(call, customer, split)?;
            let serves = format!("rebound/{want}@");
            ensure!(text(&call["plugin"])?.starts_with(&serves), "{} serves the arm {want}", call["plugin"]);
            arm = Some(want.to_owned());
        }
    }
    arm.context("no recommendation was called")
}

/// The arm that the hash of the customer says, which must be the one told.
fn assigned<'a>(call: &Value, customer: &str, split: &'a Split) -> Result<&'a str> {
    ensure!(call["experiment"] == split.experiment, "another experiment: {call}");
    let want = bucket(&split.seed, customer);
    let told = call["bucket"].as_f64().context("bucket")?;
    ensure!(told == f64::from(want) / 10_000.0, "bucket {told}, the hash says {want}");
    let mut end = 0;
    let holds = |(_, weight): &&(&str, u32)| {
        end += weight;
        want < end
    };
    let (arm, weight) = split.arms.iter().find(holds).context("a bucket of no arm")?;
    ensure!(call["arm"] == *arm, "arm {}, the hash says {arm}", call["arm"]);
    let propensity = call["propensity"].as_f64().context("propensity")?;
    ensure!(propensity == f64::from(*weight) / 10_000.0, "propensity {propensity}, the weight is {weight}");
    Ok(arm)
}
