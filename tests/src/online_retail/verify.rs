//! Holds every plan against the ledger: what it says must be what the data said at that moment.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::data::{OnlineRetail, Return, outcome_columns};
use super::drive::{Pass, Reply, Step, order_json, return_json};
use super::ledger::{Ledger, bucket};

/// The experiment that the run puts on recommendation.
#[derive(Debug, Clone)]
pub struct Split {
    /// Its key.
    pub experiment: &'static str,
    /// As the service answered it.
    pub seed: String,
    /// With their weights in basis points, in order.
    pub arms: Vec<(&'static str, u32)>,
}

/// What all plans together came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Plans read.
    pub plans: usize,
    /// Plans by arm.
    pub plans_per_arm: BTreeMap<String, usize>,
    /// Customers by arm: what the split is judged by.
    pub customers_per_arm: BTreeMap<String, usize>,
    /// Plans by segment.
    pub segments: BTreeMap<String, usize>,
    /// Offers by arm.
    pub offers: BTreeMap<String, usize>,
    /// Plans with at least one offer, by arm.
    pub plans_with_offers: BTreeMap<String, usize>,
    /// Facts said, by name.
    pub facts: BTreeMap<String, usize>,
    /// Lines dropped, by reason and fact.
    pub dropped: BTreeMap<String, usize>,
    /// Fuel of every call, by stage and plugin.
    pub fuel: BTreeMap<String, Vec<u64>>,
    /// Microseconds of every call, by stage and plugin.
    pub micros: BTreeMap<String, Vec<u64>>,
    /// Calls that failed or stood in for one that did.
    pub fallbacks: usize,
    /// Plans of the upgrade arm for which the rule finds a product.
    pub upgrade_possible: usize,
    /// Those that show one.
    pub upgrade_shown: usize,
}

/// Checks every plan of a pass and sums them up.
///
/// # Errors
/// The first plan that says something the data does not, with what it says and what is so.
pub fn plans(data: &OnlineRetail, steps: &[Step<'_>], pass: &Pass<'_>, split: &Split) -> Result<Summary> {
    let mut ledger = Ledger::new(data);
    let mut summary = Summary::default();
    let mut arm_of: BTreeMap<&str, String> = BTreeMap::new();
    let mut replies = pass.replies.iter();
    for step in steps {
        match step {
            Step::Order(order) => ledger.ordered(order),
            Step::Return(document) => {
                let reply = replies.next().context("a return without a reply")?;
                ensure!(reply.document.id == document.id, "replies are out of order");
                let plan: Value = serde_json::from_slice(&reply.body)?;
                let arm = one(&ledger, &mut summary, reply, &plan, split)
                    .with_context(|| format!("plan of {}: {plan:#}", document.id))?;
                let known = arm_of.entry(&document.customer).or_insert_with(|| arm.clone());
                ensure!(*known == arm, "{} was in {known} and is now in {arm}", document.customer);
                ledger.returned(document);
            }
        }
    }
    for arm in arm_of.into_values() {
        *summary.customers_per_arm.entry(arm).or_default() += 1;
    }
    Ok(summary)
}

/// Checks that the second pass changed nothing and answered the same bytes.
///
/// # Errors
/// The first answer that differs.
pub fn repeats(first: &Pass<'_>, second: &Pass<'_>) -> Result<()> {
    ensure!(second.orders_created == 0, "the second pass created {} orders", second.orders_created);
    ensure!(first.replies.len() == second.replies.len(), "the second pass has another number of replies");
    for (made, stored) in first.replies.iter().zip(&second.replies) {
        let id = &made.document.id;
        ensure!((made.status, stored.status) == (201, 200), "{id}: {} then {}", made.status, stored.status);
        ensure!(made.body == stored.body, "{id} was answered with other bytes the second time");
    }
    Ok(())
}

/// Checks that nothing sent told of the future: no outcome column, and no order that had not happened.
///
/// # Errors
/// The first request that does.
pub fn no_outcome_was_sent(steps: &[Step<'_>]) -> Result<()> {
    let mut orders = BTreeSet::new();
    for step in steps {
        let sent = match step {
            Step::Order(order) => {
                orders.insert(order.id.as_str());
                order_json(order)
            }
            Step::Return(document) => {
                for order in document.lines.iter().filter_map(|line| line.order.as_deref()) {
                    ensure!(orders.contains(order), "{} names order {order}, which is later", document.id);
                }
                return_json(document)
            }
        };
        let text = sent.to_string();
        for column in outcome_columns() {
            ensure!(!text.contains(column), "{column} was sent: {text}");
        }
    }
    Ok(())
}

fn one(
    ledger: &Ledger<'_>,
    summary: &mut Summary,
    reply: &Reply<'_>,
    plan: &Value,
    split: &Split,
) -> Result<String> {
    let document = reply.document;
    summary.plans += 1;
    ensure!(plan["return_id"] == document.id.as_str(), "the plan is of another return");
    let paid: i64 = document.lines.iter().map(|line| line.paid).sum();
    ensure!(plan["refund"]["amount"] == paid, "the refund is {}, {paid} was paid", plan["refund"]["amount"]);
    ensure!(plan["coupons"] == serde_json::json!([]), "a coupon is shown that was never minted");
    *summary.segments.entry(text(&plan["segment"]["key"])?).or_default() += 1;

    let arm = trace(summary, plan, &document.customer, split)?;
    let offers = items(&plan["offers"]);
    *summary.plans_per_arm.entry(arm.clone()).or_default() += 1;
    *summary.offers.entry(arm.clone()).or_default() += offers.len();
    *summary.plans_with_offers.entry(arm.clone()).or_default() += usize::from(!offers.is_empty());
    let mut replaced = Vec::new();
    for offer in offers {
        let sku = text(&offer["sku"])?;
        ensure!(ledger.title(&sku).is_some(), "{sku} is offered and is no product");
        ensure!(ledger.price(&sku) == offer["price"].as_i64(), "{sku} is offered at another price");
        let line =
            offer["for_line"].as_u64().and_then(|index| document.lines.get(usize::try_from(index).ok()?));
        let line = line.map(|line| line.sku.as_str());
        for copy in items(&offer["copy"]) {
            facts(ledger, summary, document, copy, Some((line, &sku)))?;
        }
        replaced.push((line.map(str::to_owned), sku));
    }
    // An offer speaks of itself; every other line speaks of what comes back or of an offer of this plan.
    let mut rest = plan.clone();
    rest["offers"] = Value::Null;
    rest["trace"] = Value::Null;
    let mut lines = Vec::new();
    find_lines(&rest, &mut lines);
    for line in lines {
        let about_offer = replaced.iter().find_map(|(from, to)| {
            facts(ledger, &mut Summary::default(), document, line, Some((from.as_deref(), to)))
                .ok()
                .map(|()| (from, to))
        });
        let about = about_offer.map(|(from, to)| (from.as_deref(), to.as_str()));
        facts(ledger, summary, document, line, about)?;
    }
    for dropped in items(&plan["dropped"]) {
        let reason = format!("{} {}", text(&dropped["reason"])?, dropped["fact"].as_str().unwrap_or(""));
        *summary.dropped.entry(reason.trim().to_owned()).or_default() += 1;
    }
    if arm == "upgrade" {
        let allowed: BTreeSet<&str> =
            document.lines.iter().flat_map(|line| ledger.upgrades(document, &line.sku)).collect();
        if !allowed.is_empty() {
            summary.upgrade_possible += 1;
            summary.upgrade_shown +=
                usize::from(replaced.iter().any(|(_, sku)| allowed.contains(sku.as_str())));
        }
    }
    Ok(arm)
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
            ensure!(call["experiment"] == split.experiment, "another experiment: {call}");
            let want = bucket(&split.seed, customer);
            let told = call["bucket"].as_f64().context("bucket")?;
            ensure!(told == f64::from(want) / 10_000.0, "bucket {told}, the hash says {want}");
            let mut start = 0;
            let range = |weight: u32| {
                let range = start..start + weight;
                start += weight;
                range
            };
            let ranges: Vec<_> = split.arms.iter().map(|(_, weight)| *weight).map(range).collect();
            let index =
                ranges.iter().position(|range| range.contains(&want)).context("a bucket of no arm")?;
            ensure!(
                call["arm"] == split.arms[index].0,
                "arm {}, the hash says {}",
                call["arm"],
                split.arms[index].0
            );
            arm = Some(split.arms[index].0.to_owned());
        }
    }
    arm.context("no recommendation was called")
}

/// Checks every fact of one line. `offer` is what comes back and what is offered for it, where the line is about
/// an offer.
fn facts(
    ledger: &Ledger<'_>,
    summary: &mut Summary,
    document: &Return,
    line: &Value,
    offer: Option<(Option<&str>, &str)>,
) -> Result<()> {
    for piece in items(line) {
        let Some(fact) = piece["fact"].as_str() else {
            ensure!(piece["literal"].is_string(), "a piece is neither literal nor fact: {piece}");
            continue;
        };
        *summary.facts.entry(fact.to_owned()).or_default() += 1;
        let (value, text) = (&piece["value"], text(&piece["text"])?);
        match fact {
            "item" => {
                let title = offer.and_then(|(_, sku)| ledger.title(sku));
                let mut titles =
                    document.lines.iter().filter_map(|line| ledger.title(&line.sku)).chain(title);
                ensure!(titles.any(|title| title == text && value == title), "item {piece}");
            }
            "price" => {
                let mut prices = document.lines.iter().filter_map(|line| ledger.price(&line.sku));
                let price = match offer {
                    Some((_, sku)) => ledger.price(sku),
                    None => prices.find(|price| value == price),
                };
                let price = price.context("a price of nothing")?;
                ensure!(value == price && text == pounds(price), "price {piece}, it is {price}");
            }
            "switched_share" => {
                let (from, to) = offer.context("a switched share of no offer")?;
                let only = || match document.lines.as_slice() {
                    [line] => Some(line.sku.as_str()),
                    _ => None,
                };
                let from = from.or_else(only).context("a switched share from nothing")?;
                let percent = ledger.switched_percent(from, to, document.at);
                ensure!(
                    percent.is_some_and(|percent| percent > 0),
                    "switched share {piece}, the data has {percent:?}"
                );
                ensure!(
                    percent.map(|percent| format!("{percent}%")) == Some(text),
                    "{piece}, it is {percent:?}"
                );
            }
            unknown => bail!("{unknown} is said, and the data does not tell it: {piece}"),
        }
    }
    Ok(())
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

/// Every rendered line below a value: an array of pieces.
fn find_lines<'a>(value: &'a Value, lines: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items)
            if items.iter().any(|it| {
                it.get("literal").is_some() || it.get("fact").is_some_and(|_| it.get("text").is_some())
            }) =>
        {
            lines.push(value);
        }
        Value::Array(items) => items.iter().for_each(|item| find_lines(item, lines)),
        Value::Object(fields) => fields.values().for_each(|field| find_lines(field, lines)),
        _ => {}
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}
