//! What a return must satisfy before anything is looked up.

use rebound_domain::event::{REASONS, RESOLUTIONS, ReturnRequest};
use rebound_domain::limits::Limits;
use rebound_domain::money::INTEGER_MAX;

use super::oversize;
use crate::error::DecideError;

/// The customer's own words: what a person types into a form.
const NOTE_BYTES_MAX: usize = 4096;
/// Locales, channels, reason codes.
const WORD_BYTES_MAX: usize = 128;

fn invalid(field: impl Into<String>, problem: impl Into<String>) -> DecideError {
    DecideError::Invalid { field: field.into(), problem: problem.into() }
}

fn bounded(field: impl Fn() -> String, text: &str, size_max: usize) -> Result<(), DecideError> {
    match text.len() {
        0 => Err(invalid(field(), "is empty; leave it out or give it a value")),
        size if size > size_max => {
            Err(invalid(field(), format!("has {size} bytes, over the limit of {size_max}; shorten it")))
        }
        _ => Ok(()),
    }
}

fn one_of(field: impl Fn() -> String, word: &str, words: &[&str]) -> Result<(), DecideError> {
    match words.contains(&word) {
        true => Ok(()),
        false => {
            let word = word.escape_debug();
            Err(invalid(field(), format!("is `{word}`; use one of {}", words.join(", "))))
        }
    }
}

pub(super) fn request(request: &ReturnRequest, limits: &Limits) -> Result<(), DecideError> {
    bounded(|| "locale".to_owned(), &request.locale, WORD_BYTES_MAX)?;
    if let Some(channel) = &request.channel {
        bounded(|| "channel".to_owned(), channel, WORD_BYTES_MAX)?;
    }
    if let Some(resolution) = &request.requested_resolution {
        one_of(|| "requested_resolution".to_owned(), resolution, &RESOLUTIONS)?;
    }
    match request.lines.len() {
        0 => return Err(invalid("lines", "is empty; a return has at least one line")),
        count if count > limits.return_lines as usize => {
            return Err(invalid(
                "lines",
                format!("has {count} entries, over the limit of {}", limits.return_lines),
            ));
        }
        _ => {}
    }
    for (index, line) in request.lines.iter().enumerate() {
        let field = |name: &str| format!("lines[{index}].{name}");
        if line.quantity == 0 {
            return Err(invalid(field("quantity"), "is 0; use at least 1"));
        }
        if !(0..=INTEGER_MAX).contains(&line.paid.0) {
            return Err(invalid(field("paid"), format!("is {}; use 0 to 2^53 - 1 minor units", line.paid.0)));
        }
        if let Some(reason) = &line.reason {
            one_of(|| field("reason"), reason, &REASONS)?;
        }
        if let Some(code) = &line.reason_code {
            bounded(|| field("reason_code"), code, WORD_BYTES_MAX)?;
        }
        if let Some(note) = &line.note {
            bounded(|| field("note"), note, NOTE_BYTES_MAX)?;
        }
    }
    let paid: i128 = request.lines.iter().map(|line| i128::from(line.paid.0)).sum();
    if paid > i128::from(INTEGER_MAX) {
        return Err(invalid("lines", format!("have `paid` sums of {paid} together; use at most 2^53 - 1")));
    }
    match (oversize::lines_bytes(request), oversize::lines_bytes_max(limits)) {
        (size, size_max) if size > size_max => Err(invalid(
            "lines",
            format!(
                "take {size} bytes of the plan, over the limit of {size_max}; split the return in several"
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rebound_domain::event::ReturnRequestLine;
    use rebound_domain::ids::{CustomerId, EventId, OrderId, ReturnId, Sku, Source};
    use rebound_domain::money::{Currency, Money};
    use rebound_domain::time::Instant;

    use super::*;

    pub(in crate::decide) fn fine() -> ReturnRequest {
        ReturnRequest {
            source: Source::new("shop").unwrap(),
            id: EventId::new("e-1").unwrap(),
            return_id: ReturnId::new("r-1").unwrap(),
            customer_id: CustomerId::new("c-1").unwrap(),
            requested_at: Instant(1),
            locale: "zh-CN".to_owned(),
            currency: Currency::new("CNY").unwrap(),
            channel: None,
            lines: vec![ReturnRequestLine {
                sku: Sku::new("s").unwrap(),
                quantity: 1,
                paid: Money(1),
                order_id: None,
                reason: None,
                reason_code: None,
                note: None,
            }],
            requested_resolution: None,
        }
    }

    #[track_caller]
    fn refused(field: &str, change: impl FnOnce(&mut ReturnRequest)) {
        let mut given = fine();
        change(&mut given);
        match request(&given, &Limits::default()) {
            Err(DecideError::Invalid { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{field}: {other:?}"),
        }
    }

    #[test]
    fn every_field_out_of_range_is_named() {
        assert!(request(&fine(), &Limits::default()).is_ok());
        refused("locale", |it| it.locale.clear());
        refused("channel", |it| it.channel = Some("x".repeat(129)));
        refused("requested_resolution", |it| it.requested_resolution = Some("money".to_owned()));
        refused("lines", |it| it.lines.clear());
        refused("lines", |it| {
            it.lines = vec![it.lines[0].clone(); Limits::default().return_lines as usize + 1]
        });
        refused("lines[0].quantity", |it| it.lines[0].quantity = 0);
        refused("lines[0].paid", |it| it.lines[0].paid = Money(-1));
        refused("lines[0].paid", |it| it.lines[0].paid = Money(1 << 53));
        refused("lines[0].reason", |it| it.lines[0].reason = Some("bored".to_owned()));
        refused("lines[0].reason_code", |it| it.lines[0].reason_code = Some(String::new()));
        refused("lines", |it| {
            it.lines = vec![it.lines[0].clone(); 2];
            it.lines.iter_mut().for_each(|line| line.paid = Money(INTEGER_MAX / 2 + 1));
        });
        refused("lines[0].note", |it| it.lines[0].note = Some("x".repeat(4097)));
    }

    #[test]
    fn lines_that_fill_the_plan_by_themselves_are_refused() {
        let limits = Limits::default();
        let mut given = fine();
        // A quotation mark takes two bytes in the plan.
        let line = |id: &str| ReturnRequestLine {
            sku: Sku::new(id).unwrap(),
            order_id: Some(OrderId::new(id).unwrap()),
            ..fine().lines[0].clone()
        };
        given.lines = vec![line(&"x".repeat(40)); limits.return_lines as usize];
        assert!(request(&given, &limits).is_ok(), "200 lines of an ordinary shop fit");
        given.lines = vec![line(&"x".repeat(256)); 50];
        assert!(request(&given, &limits).is_ok());
        given.lines = vec![line(&"\"".repeat(256)); 50];
        let refused = request(&given, &limits);
        assert!(matches!(refused, Err(DecideError::Invalid { field, .. }) if field == "lines"));
    }
}
