//! A plan and the figures, for a person at a terminal.

use serde_json::Value;

use super::figures::{Calls, Figures, list, milliseconds, percentile, text};
use super::replay::Replay;
use super::samples::Samples;
use super::setup::Names;
use crate::table;

/// A plan the way its parts are read: refund first, always.
pub(crate) fn plan(plan: &Value, names: &Names) -> Vec<String> {
    let mut out =
        vec![format!("One plan: return {} at {}", text(&plan["return_id"]), text(&plan["decided_at"]))];
    let mut say = |label: &str, words: String| out.push(format!("  {label:<11}{words}"));
    for line in list(&plan["refund"]["lines"]) {
        let sku = text(&line["sku"]);
        let title = names.get(&sku).unwrap_or(&sku);
        say("sent back", format!("{} x {title}, {}", line["quantity"], money(plan, &line["amount"])));
    }
    say("refund", format!("{}, whatever else happens", money(plan, &plan["refund"]["amount"])));
    say(
        "segment",
        format!("{} (confidence {})", text(&plan["segment"]["key"]), plan["segment"]["confidence"]),
    );
    sentences(&plan["segment"]["evidence"]).for_each(|it| say("because", it));
    sentences(&plan["acknowledgement"]).for_each(|it| say("says", it));
    for (index, offer) in list(&plan["offers"]).iter().enumerate() {
        let price = money(plan, &offer["price"]);
        let label = format!("offer {}", index + 1);
        say(
            &label,
            format!(
                "{}, {price} ({}, {})",
                text(&offer["title"]),
                text(&offer["kind"]),
                text(&offer["plugin"])
            ),
        );
        sentences(&offer["copy"]).for_each(|it| say("", it));
    }
    for care in list(&plan["care"]) {
        say("care", format!("{} from {}", text(&care["action"]), text(&care["due_at"])));
        sentences(&care["copy"]).for_each(|it| say("", it));
    }
    for coupon in list(&plan["coupons"]) {
        let (code, until) = (text(&coupon["code"]), text(&coupon["expires_at"]));
        say("coupon", format!("{code}, until {until}"));
        sentences(&coupon["copy"]).for_each(|it| say("", it));
    }
    for draw in list(&plan["draws"]) {
        sentences(&draw["copy"]).for_each(|it| say("surprise", it));
    }
    for card in list(&plan["sharing"]["cards"]) {
        say("to share", sentence(&card["title"]));
        sentences(&card["body"]).for_each(|it| say("", it));
    }
    for step in list(&plan["progress"]["steps"]) {
        let done = step["done_at"].as_str().map_or("to come".to_owned(), |at| format!("done {at}"));
        say("progress", format!("{} ({done})", sentence(&step["title"])));
    }
    for call in list(&plan["trace"]["stages"]).iter().filter(|call| call["arm"].is_string()) {
        let arm = [&call["experiment"], &call["arm"]].map(text);
        say("routed by", format!("experiment {}, arm {}, bucket {}", arm[0], arm[1], call["bucket"]));
    }
    out.push(String::new());
    out
}

/// The tables.
pub(crate) fn figures(figures: &Figures, replay: &Replay) -> Vec<String> {
    let rate = replay.plans.len() as f64 / replay.deciding.as_secs_f64().max(f64::EPSILON);
    let mut out = vec![format!(
        "{} events, {} plans, {} fallbacks, {:.0} decisions a second (dev build, every plan durable)",
        figures.events, figures.plans, figures.fallbacks, rate
    )];
    let at = |percent| milliseconds(percentile(&replay.took, percent));
    out.push(format!("latency p50 {}, p95 {}, p99 {}", at(50), at(95), at(99)));
    out.extend(replay.problems.iter().take(3).map(|problem| format!("no plan: {problem}")));

    let share = |count: usize| format!("{:.0} %", 100.0 * count as f64 / figures.plans.max(1) as f64);
    let arms = figures.arms.iter().map(|(key, arm)| {
        let each = arm.offers as f64 / arm.plans.max(1) as f64;
        vec![
            key.clone(),
            arm.plans.to_string(),
            share(arm.plans),
            arm.with_offer.to_string(),
            format!("{each:.1}"),
        ]
    });
    section(&mut out, &["arm", "plans", "share", "with an offer", "offers a plan"], arms.collect());
    let counted = |(key, count): (&String, &usize)| vec![key.clone(), count.to_string(), share(*count)];
    section(&mut out, &["segment", "plans", "share"], figures.segments.iter().map(counted).collect());
    let counts = |(key, count): (&String, &usize)| vec![key.clone(), count.to_string()];
    section(&mut out, &["fact said to customers", "times"], figures.facts.iter().map(counts).collect());
    section(&mut out, &["line not said, because", "times"], figures.dropped.iter().map(counts).collect());
    let calls = figures.calls.iter().map(|(plugin, Calls { fuel, micros })| {
        let figures =
            [fuel.len() as u64, percentile(fuel, 50), percentile(micros, 50), percentile(micros, 99)];
        std::iter::once(plugin.clone()).chain(figures.map(|figure| figure.to_string())).collect()
    });
    section(&mut out, &["strategy", "calls", "fuel p50", "us p50", "us p99"], calls.collect());
    out.push(format!(
        "{} coupons minted, {} surprises drawn, {} prices held; {} proposals refused",
        figures.coupons, figures.draws, figures.holds, figures.refused
    ));
    out.push(String::new());
    out
}

fn section(out: &mut Vec<String>, head: &[&str], rows: Vec<Vec<String>>) {
    out.push(String::new());
    out.extend(table::lines(head, &rows));
}

/// Where to look next; the last thing the demo prints.
pub(crate) fn addresses(url: &str, samples: &Samples, replay: &Replay) -> Vec<String> {
    let mut out = vec![format!(
        "The service goes on at {url}, without a token. Ctrl-C ends it; its store goes with it."
    )];
    if let Some(plan) = replay.plans.last() {
        out.push(format!("  {url}/v1/returns/{}", text(&plan["return_id"])));
    }
    let experiments = samples.experiments.iter().map(|it| format!("  {url}/v1/experiments/{}", it.name));
    out.extend(experiments);
    out.extend(["/v1/plugins", "/metrics", "/openapi.json"].map(|path| format!("  {url}{path}")));
    out
}

fn sentences(lines: &Value) -> impl Iterator<Item = String> {
    list(lines).iter().map(sentence)
}

/// The words of a sentence as the customer reads them.
fn sentence(line: &Value) -> String {
    list(line).iter().map(|piece| text(piece.get("literal").unwrap_or(&piece["text"]))).collect()
}

/// An amount of the sample shop, whose currency has two decimals.
fn money(plan: &Value, amount: &Value) -> String {
    let fen = amount.as_i64().unwrap_or_default();
    format!("{} {}.{:02}", text(&plan["currency"]), fen / 100, fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_reads_from_the_refund_down() {
        let given = json!({
            "return_id": "SR-1", "decided_at": "2026-07-04T00:00:00Z", "currency": "CNY",
            "refund": {"amount": 10905, "lines": [{"sku": "LIP", "quantity": 1, "amount": 10905}]},
            "segment": {"key": "style", "confidence": 0.8},
            "offers": [{"title": "Satin", "price": 12500, "kind": "upgrade", "plugin": "rebound/upgrade@0.1.0",
                "copy": [[{"literal": "only "}, {"fact": "stock_left", "value": 3, "text": "3"}, {"literal": " left"}]]}],
        });
        let names = Names::from([("LIP".to_owned(), "Velvet".to_owned())]);
        let shown = plan(&given, &names);
        let at = |words: &str| shown.iter().position(|line| line.contains(words)).expect(words);
        assert!(at("1 x Velvet, CNY 109.05") < at("refund") && at("refund") < at("Satin, CNY 125.00"));
        assert!(at("Satin") < at("only 3 left"));
    }
}
