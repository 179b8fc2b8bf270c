//! A plan as a person reads it: the refund first, then what lies beside it, then how it came about.

use std::fmt::Write as _;

use rebound_domain::money::Currency;
use serde_json::Value;

use crate::output::harmless;

/// Writes a plan as text.
pub(super) fn text(plan: &Value, origin: &str) -> String {
    let mut page = Page { text: String::new(), currency: Currency::new(word(plan, "currency")).ok() };
    page.line(
        0,
        &format!(
            "return {} of {} {}, {origin}",
            word(plan, "return_id"),
            word(plan, "source"),
            word(plan, "event_id")
        ),
    );
    page.refund(&plan["refund"]);
    let segment = &plan["segment"];
    let confidence = segment["confidence"].as_f64().unwrap_or_default();
    page.line(1, &format!("segment {}, confidence {confidence:.2}", word(segment, "key")));
    page.copy(2, &segment["evidence"]);
    page.section("acknowledgement", &plan["acknowledgement"], |page, line| page.sentence(2, line));
    page.section("offers", &plan["offers"], Page::offer);
    page.section("coupons", &plan["coupons"], Page::coupon);
    page.section("surprises", &plan["draws"], Page::draw);
    page.section("care", &plan["care"], |page, care| page.item(word(care, "action"), care));
    page.section("follow-ups", &plan["follow_ups"], |page, follow_up| {
        page.item(&format!("{} over {}", word(follow_up, "due_at"), word(follow_up, "channel")), follow_up);
    });
    page.section("sharing", &plan["sharing"]["cards"], |page, card| {
        page.sentence(2, &card["title"]);
        for part in ["body", "talk_track", "hashtags"] {
            page.copy(3, &card[part]);
        }
    });
    page.section("achievements", &plan["sharing"]["achievements"], |page, achievement| {
        page.sentence(2, &achievement["title"]);
    });
    page.section("progress", &plan["progress"]["steps"], |page, step| {
        let done = step["done_at"].as_str().map_or("[ ]".to_owned(), |at| format!("[x] {at}"));
        page.line(2, &format!("{done} {}", sentence(&step["title"])));
        page.copy(3, &step["copy"]);
    });
    page.section("not said", &plan["dropped"], |page, dropped| {
        let fact = dropped["fact"].as_str().map(|fact| format!(" {fact}")).unwrap_or_default();
        page.line(2, &format!("{}{fact}: {}", word(dropped, "template"), word(dropped, "reason")));
    });
    page.section("said against the rules", &plan["trace"]["violations"], |page, shown| {
        let (plugin, template, locale) =
            (word(shown, "plugin"), word(shown, "template"), word(shown, "locale"));
        let (rule, excerpt) = (word(shown, "rule"), word(shown, "excerpt"));
        page.line(2, &format!("{template} ({locale}) of {plugin}: {rule} {excerpt:?}"));
    });
    page.section("trace", &plan["trace"]["stages"], Page::call);
    page.section("proposed, not minted", &plan["trace"]["proposals"], |page, proposal| {
        let what = [&proposal["terms"], &proposal["prizes"]].into_iter().find(|it| !it.is_null());
        let (plugin, reason) = (word(proposal, "plugin"), word(proposal, "reason"));
        page.line(2, &format!("{plugin}, {reason}: {}", what.unwrap_or(&Value::Null)));
    });
    page.text
}

struct Page {
    text: String,
    currency: Option<Currency>,
}

impl Page {
    fn line(&mut self, depth: usize, text: &str) {
        writeln!(self.text, "{:width$}{}", "", harmless(text), width = depth * 2).expect("a string grows");
    }

    fn section(&mut self, title: &str, items: &Value, mut show: impl FnMut(&mut Self, &Value)) {
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        if !items.is_empty() {
            self.line(1, title);
            items.iter().for_each(|item| show(self, item));
        }
    }

    fn refund(&mut self, refund: &Value) {
        let until = refund["window_ends"].as_str().map(|until| format!(", the right to it ends {until}"));
        self.line(1, &format!("refund {}{}", self.money(&refund["amount"]), until.unwrap_or_default()));
        for line in refund["lines"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let order = line["order_id"].as_str().map(|order| format!(", order {order}")).unwrap_or_default();
            let (sku, quantity, amount) = (word(line, "sku"), &line["quantity"], self.money(&line["amount"]));
            self.line(2, &format!("{sku} x {quantity}: {amount}{order}"));
        }
    }

    fn offer(&mut self, offer: &Value) {
        let resolution = offer["resolution"].as_str().map(|it| format!(", as {it}")).unwrap_or_default();
        let (title, sku, price) = (word(offer, "title"), word(offer, "sku"), self.money(&offer["price"]));
        let hold = &offer["hold"];
        let held = hold["until"]
            .as_str()
            .map(|until| format!(", held at {} until {until}", self.money(&hold["price"])));
        let held = held.unwrap_or_default();
        self.line(2, &format!("{title} ({sku}), {price}{resolution}{held}, by {}", word(offer, "plugin")));
        self.copy(3, &offer["copy"]);
    }

    fn coupon(&mut self, coupon: &Value) {
        let code = coupon["code"].as_str().unwrap_or("no code in a dry run");
        let until = word(coupon, "expires_at");
        self.item(&format!("{code}: {}, until {until}", self.benefit(coupon)), coupon);
    }

    fn draw(&mut self, draw: &Value) {
        let total = &draw["total_weight"];
        let outcome = match draw["drawn"].as_u64() {
            Some(index) => format!("outcome {index} was drawn"),
            None => "nothing is drawn in a dry run".to_owned(),
        };
        self.item(&outcome, draw);
        for (index, prize) in draw["prizes"].as_array().into_iter().flatten().enumerate() {
            let terms = &prize["terms"];
            let what = if terms.is_null() { "no prize".to_owned() } else { self.benefit(terms) };
            self.line(3, &format!("{index}: {} of {total}: {what}", prize["weight"]));
        }
    }

    /// What a coupon gives, and from which spend on.
    fn benefit(&self, terms: &Value) -> String {
        let benefit = &terms["benefit"];
        let kind = word(benefit, "kind");
        let what = match (&benefit["amount"], benefit["share"].as_u64(), &benefit["product_id"]) {
            (amount, ..) if amount.is_i64() => format!("{kind} {}", self.money(amount)),
            (_, Some(share), _) => format!("{kind} {} basis points", share),
            (.., product) if product.is_u64() => format!("{kind} product {product}"),
            _ => kind.to_owned(),
        };
        match terms["min_spend"].as_i64() {
            Some(1..) => format!("{what} from {}", self.money(&terms["min_spend"])),
            _ => what,
        }
    }

    fn item(&mut self, head: &str, item: &Value) {
        self.line(2, head);
        self.copy(3, &item["copy"]);
    }

    fn call(&mut self, call: &Value) {
        let mut text = format!("{} {}: {}", word(call, "stage"), word(call, "plugin"), word(call, "outcome"));
        if let Some(detail) = call["detail"].as_str() {
            write!(text, " ({detail})").expect("a string grows");
        }
        if call["fallback"] == true {
            text.push_str(", as fallback");
        }
        write!(text, ", fuel {}, {} us", call["fuel"], call["micros"]).expect("a string grows");
        if let Some(experiment) = call["experiment"].as_str() {
            let arm = call["arm"].as_str().unwrap_or("no arm");
            write!(text, ", {experiment} phase {} arm {arm}", call["phase"]).expect("a string grows");
        }
        self.line(2, &text);
    }

    fn copy(&mut self, depth: usize, lines: &Value) {
        lines.as_array().into_iter().flatten().for_each(|line| self.sentence(depth, line));
    }

    fn sentence(&mut self, depth: usize, line: &Value) {
        self.line(depth, &sentence(line));
    }

    fn money(&self, amount: &Value) -> String {
        match (amount.as_i64(), self.currency) {
            (Some(units), Some(currency)) => money(units, currency),
            _ => amount.to_string(),
        }
    }
}

fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// A line's segments, as the customer reads them.
fn sentence(line: &Value) -> String {
    let segments = line.as_array().map(Vec::as_slice).unwrap_or_default();
    segments
        .iter()
        .map(|segment| segment["literal"].as_str().unwrap_or_else(|| word(segment, "text")))
        .collect()
}

fn money(units: i64, currency: Currency) -> String {
    let digits = usize::try_from(currency.exponent()).unwrap_or(0);
    let sign = if units < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", units.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let point = if digits == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction} {currency}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (units, currency, want) in [
            (39_900, "CNY", "399.00 CNY"),
            (5, "CNY", "0.05 CNY"),
            (-5, "GBP", "-0.05 GBP"),
            (1200, "JPY", "1200 JPY"),
            (1, "BHD", "0.001 BHD"),
        ] {
            assert_eq!(money(units, Currency::new(currency).unwrap()), want);
        }
    }

    #[test]
    fn a_plan_is_told_with_the_refund_first_and_texts_put_together() {
        let plan = json!({
            "return_id": "r-1", "source": "shop", "event_id": "e-1", "currency": "CNY",
            "refund": {"amount": 19_900, "lines": [{"sku": "LIP-01", "quantity": 1, "amount": 19_900, "order_id": "o-1"}]},
            "segment": {"key": "fit", "confidence": 0.8, "evidence": [[{"literal": "sent back for its "}, {"fact": "reason", "value": "color", "text": "colour"}]]},
            "acknowledgement": [], "care": [], "follow_ups": [],
            "coupons": [{"code": "7K3M-9QXV-2DFT-A", "benefit": {"kind": "amount-off", "amount": 10_000}, "min_spend": 39_900,
                "expires_at": "2026-11-28T00:00:00Z", "copy": [[{"literal": "For you."}]]}],
            "draws": [{"drawn": 1, "total_weight": 10, "copy": [], "prizes": [
                {"weight": 1, "terms": {"benefit": {"kind": "percent-off", "share": 500}, "min_spend": 0}}, {"weight": 9}]}],
            "offers": [{"title": "Lip\u{1b}[31m balm", "sku": "LIP-02", "price": 9_900, "resolution": "exchange", "plugin": "rebound/upgrade@0.1.0",
                "hold": {"price": 9_900, "until": "2026-11-26T00:00:00Z"}, "copy": []}],
            "sharing": {"cards": [], "achievements": []}, "progress": {"steps": [{"title": [{"literal": "Asked"}], "done_at": null, "copy": []}]},
            "dropped": [{"template": "upgrade.stock", "fact": "stock_left", "reason": "not-low-stock"}],
            "trace": {"stages": [{"stage": "recommendation", "plugin": "rebound/upgrade@0.1.0", "outcome": "value", "fallback": false,
                "fuel": 31_500, "micros": 40, "experiment": "e", "phase": 1, "arm": "a"}], "proposals": [],
                "violations": [{"stage": "recommendation", "plugin": "acme/push@1.0.0", "template": "push.stock", "locale": "zh-CN", "rule": "stock-claim", "excerpt": "仅剩", "lines": 1}]},
        });
        let want = "\
return r-1 of shop e-1, made now
  refund 199.00 CNY
    LIP-01 x 1: 199.00 CNY, order o-1
  segment fit, confidence 0.80
    sent back for its colour
  offers
    Lip\\u{1b}[31m balm (LIP-02), 99.00 CNY, as exchange, held at 99.00 CNY until 2026-11-26T00:00:00Z, by rebound/upgrade@0.1.0
  coupons
    7K3M-9QXV-2DFT-A: amount-off 100.00 CNY from 399.00 CNY, until 2026-11-28T00:00:00Z
      For you.
  surprises
    outcome 1 was drawn
      0: 1 of 10: percent-off 500 basis points
      1: 9 of 10: no prize
  progress
    [ ] Asked
  not said
    upgrade.stock stock_left: not-low-stock
  said against the rules
    push.stock (zh-CN) of acme/push@1.0.0: stock-claim \"仅剩\"
  trace
    recommendation rebound/upgrade@0.1.0: value, fuel 31500, 40 us, e phase 1 arm a
";
        assert_eq!(text(&plan, "made now"), want);
    }
}
