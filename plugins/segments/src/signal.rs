//! What speaks for each segment: a word, how sure it is, and the sentence that says why.

use rebound_sdk::prelude::*;

use crate::Config;
use crate::preference::Preference;
use crate::wording;

pub(crate) const QUALITY: &str = "quality-sensitive";
pub(crate) const REGULAR: &str = "regular";

/// One thing that holds of this customer or this return.
#[derive(Debug, PartialEq)]
pub(crate) struct Signal {
    pub(crate) key: &'static str,
    /// 0 to 1.
    pub(crate) confidence: f32,
    pub(crate) evidence: Template,
    pub(crate) about: Subject,
}

/// Every signal that holds, never empty: a customer of whom nothing special is known is a regular one.
pub(crate) fn all(context: &Context, config: &Config, preferences: &[Preference]) -> Vec<Signal> {
    let mut signals = told(&context.event.lines);
    let of_customer =
        [newcomer(context), serial(&context.customer, config), loyal(&context.customer, config)];
    signals.extend(of_customer.into_iter().flatten());
    signals.extend(preferences.iter().map(careful));
    let of_return = [impulse(context, config), discounted(&context.event), dear(context, config)];
    signals.extend(of_return.into_iter().flatten());
    if signals.is_empty() {
        let (evidence, about) = (wording::REGULAR, Subject::Plan);
        signals.push(Signal { key: REGULAR, confidence: 0.3, evidence, about });
    }
    signals
}

/// The line's reason, when it tells something and can be named.
pub(crate) fn telling(line: &ReturnLine) -> Option<&str> {
    line.reason.as_deref().filter(|reason| !["unknown", "other"].contains(reason))
}

/// Which segment a reason speaks for.
fn spoken_for(reason: &str) -> Option<&'static str> {
    let segment = match reason {
        "not-as-described" | "defective" | "missing-parts" | "damaged" | "counterfeit" => QUALITY,
        "size-too-small" | "size-too-large" => "fit",
        "color" | "style" | "ordered-for-comparison" => "style",
        "price-dropped" => "price-sensitive",
        "unwanted" => "impulse",
        _ => return None,
    };
    Some(segment)
}

/// A reason speaks the louder the more of what was paid it stands for. One signal per line, so that each
/// line's own words are the evidence.
fn told(lines: &[ReturnLine]) -> Vec<Signal> {
    let total: i64 = lines.iter().map(|line| line.paid).sum();
    let segments: Vec<Option<&str>> = lines.iter().map(|line| spoken_for(telling(line)?)).collect();
    let share = |segment: &str| {
        let same = lines.iter().zip(&segments).filter(|(_, of)| **of == Some(segment));
        let share = match total {
            // Nothing was paid, or nobody knows: every line counts alike.
            ..=0 => same.count() as f32 / lines.len() as f32,
            _ => same.map(|(line, _)| line.paid).sum::<i64>() as f32 / total as f32,
        };
        // A line that was paid less than nothing must not make another count for more than all.
        share.clamp(0.0, 1.0)
    };
    let signals = (0..).zip(&segments).filter_map(|(index, segment)| {
        let key = (*segment)?;
        let confidence = 0.6 + 0.35 * share(key);
        Some(Signal { key, confidence, evidence: wording::TOLD, about: Subject::Returned(index) })
    });
    signals.collect()
}

fn newcomer(context: &Context) -> Option<Signal> {
    // The host resolves a line's order among this customer's own. Where it could not, the one order known may be
    // another than the one that comes back.
    let all_known = context.event.lines.iter().all(|line| line.order.is_some());
    let evidence = if all_known { wording::NEW_HERE } else { wording::FEW_ORDERS };
    let (key, confidence) = ("first-timer", 0.75);
    (context.customer.orders <= 1).then_some(Signal { key, confidence, evidence, about: Subject::Plan })
}

fn serial(customer: &Customer, config: &Config) -> Option<Signal> {
    /// Fewer purchases than this prove nothing.
    const PURCHASES_MIN: usize = 10;
    let purchases = &customer.purchases;
    let enough = customer.returns >= config.serial_returns && purchases.len() >= PURCHASES_MIN;
    let lines_back = purchases.iter().filter(|purchase| purchase.returned > 0).count();
    let share =
        share_bp(lines_back as i64, purchases.len() as i64).max(share_bp(customer.refunded, customer.spent));
    let (key, confidence, evidence) = ("serial-returner", 0.8, wording::SENT_BACK);
    (enough && share >= config.serial_returned_bp.into()).then_some(Signal {
        key,
        confidence,
        evidence,
        about: Subject::Plan,
    })
}

fn loyal(customer: &Customer, config: &Config) -> Option<Signal> {
    let keeps =
        customer.spent > 0 && share_bp(customer.refunded, customer.spent) <= config.loyal_returned_bp.into();
    let (key, confidence, evidence) = ("loyal", 0.7, wording::LOYAL);
    (keeps && customer.orders >= config.loyal_orders).then_some(Signal {
        key,
        confidence,
        evidence,
        about: Subject::Plan,
    })
}

/// Says which tag, where there are words for it.
fn careful(preference: &Preference) -> Signal {
    let evidence = match preference.tag.as_str() {
        "organic-cotton" => wording::ORGANIC_COTTON,
        "no-fluorescent-agent" => wording::NO_FLUORESCENT_AGENT,
        _ => wording::MATERIALS,
    };
    Signal { key: QUALITY, confidence: 0.68, evidence, about: Subject::Plan }
}

fn impulse(context: &Context, config: &Config) -> Option<Signal> {
    let soon = |line: &ReturnLine| {
        let ordered_at = order(&context.event, line)?.ordered_at?;
        let age = context.event.requested_at.checked_sub(ordered_at)?;
        (age <= config.impulse_ms).then_some(())
    };
    let index = (0..).zip(&context.event.lines).find(|(_, line)| soon(line).is_some())?.0;
    let about = Subject::Returned(index);
    Some(Signal { key: "impulse", confidence: 0.72, evidence: wording::SOON, about })
}

fn discounted(event: &ReturnEvent) -> Option<Signal> {
    let used = |line: &ReturnLine| {
        order(event, line).is_some_and(|order| order.coupon.is_some() || order.discount > 0)
    };
    let index = (0..).zip(&event.lines).find(|(_, line)| used(line))?.0;
    let about = Subject::Returned(index);
    Some(Signal { key: "price-sensitive", confidence: 0.65, evidence: wording::DISCOUNTED, about })
}

/// The first line that cost much more than the customer's usual (median) product.
fn dear(context: &Context, config: &Config) -> Option<Signal> {
    /// Fewer purchases than this are no habit.
    const PURCHASES_MIN: usize = 5;
    let of_unit = |paid: i64, quantity: u32| paid / i64::from(quantity.max(1));
    let purchases = &context.customer.purchases;
    let mut units: Vec<i64> =
        purchases.iter().map(|purchase| of_unit(purchase.paid, purchase.quantity)).collect();
    if units.len() < PURCHASES_MIN {
        return None;
    }
    let middle = units.len() / 2;
    let usual = *units.select_nth_unstable(middle).1;
    let least = i128::from(usual) * i128::from(config.dear_percent);
    let is_dear = |line: &ReturnLine| i128::from(of_unit(line.paid, line.quantity)) * 100 >= least;
    let lines = (0..).zip(&context.event.lines);
    let index = lines.filter(|_| usual > 0).find(|(_, line)| is_dear(line))?.0;
    let about = Subject::Returned(index);
    Some(Signal { key: "price-sensitive", confidence: 0.6, evidence: wording::DEAR, about })
}

fn order<'a>(event: &'a ReturnEvent, line: &ReturnLine) -> Option<&'a Order> {
    event.orders.get(line.order? as usize)
}

/// Basis points, rounded down; nothing of nothing is 0.
fn share_bp(part: i64, whole: i64) -> i128 {
    match whole {
        ..=0 => 0,
        _ => i128::from(part) * 10_000 / i128::from(whole),
    }
}
