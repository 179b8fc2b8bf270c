//! What a line must satisfy before anything is looked up.

use rebound_domain::event::{CustomerRequest, OrderRequest, PastReturnRequest, ProductRequest};
use rebound_domain::ids::ProductId;
use rebound_domain::limits::Limits;
use rebound_domain::money::{Currency, INTEGER_MAX, Money};

use rebound_storage::VALUE_BYTES_MAX;

use crate::error::LineError;
use crate::records::{ProductRecord, encode};

/// A title, a tag, an option: what a page can show.
const TEXT_BYTES_MAX: usize = 1024;
/// Tags, options, traits, channels.
const WORDS_MAX: usize = 64;
/// What is said of one customer, encoded. The profile it goes into holds the customer's history too, and must stay
/// a value that can be stored.
const SAID_BYTES_MAX: usize = 16 * 1024;
/// A margin beyond ten times the price is a unit mistake.
const MARGIN_MAX: i32 = 100_000;

fn invalid(field: impl Into<String>, problem: impl Into<String>) -> LineError {
    LineError::Invalid { field: field.into(), problem: problem.into() }
}

/// Each part is within its bound, and all of them together are not: `field` is the first of those to shorten.
fn too_large(field: &str, others: &str, size: usize, size_max: usize) -> LineError {
    invalid(
        field,
        format!("and {others} take {size} bytes as stored, over the limit of {size_max}; shorten them"),
    )
}

fn currency(given: Currency, currency: Currency) -> Result<(), LineError> {
    if given == currency { Ok(()) } else { Err(LineError::Currency { given, currency }) }
}

fn money(field: &str, amount: Money) -> Result<(), LineError> {
    match amount.0 {
        0..=INTEGER_MAX => Ok(()),
        amount => Err(invalid(field, format!("is {amount}; use 0 to 2^53 - 1 minor units"))),
    }
}

fn text(field: &str, text: &str) -> Result<(), LineError> {
    match text.len() {
        size if size > TEXT_BYTES_MAX => {
            Err(invalid(field, format!("has {size} bytes, over the limit of {TEXT_BYTES_MAX}; shorten it")))
        }
        _ if text.trim().is_empty() => Err(invalid(field, "is empty; leave it out or give it a value")),
        _ => Ok(()),
    }
}

fn words<'a>(field: &str, words: impl ExactSizeIterator<Item = &'a str>) -> Result<(), LineError> {
    if words.len() > WORDS_MAX {
        return Err(invalid(field, format!("has {} entries, over the limit of {WORDS_MAX}", words.len())));
    }
    words.enumerate().try_for_each(|(index, word)| text(&format!("{field}[{index}]"), word))
}

/// Answers with the product's size as it will be stored.
pub(super) fn product(product: &ProductRequest, deployment: Currency) -> Result<usize, LineError> {
    currency(product.currency, deployment)?;
    money("price", product.price)?;
    text("title", &product.title)?;
    let optional = [("category", &product.category), ("brand", &product.brand), ("style", &product.style)];
    for (field, value) in optional {
        value.as_deref().map_or(Ok(()), |value| text(field, value))?;
    }
    words("tags", product.tags.iter().map(String::as_str))?;
    words("options", product.options.iter().map(|(name, _)| name.as_str()))?;
    words("options", product.options.iter().map(|(_, value)| value.as_str()))?;
    if let Some(margin) = product.margin
        && !(-MARGIN_MAX..=MARGIN_MAX).contains(&margin)
    {
        return Err(invalid(
            "margin",
            format!("is {margin} basis points; use -{MARGIN_MAX} to {MARGIN_MAX}"),
        ));
    }
    // The longest number it may be given.
    let size = encode(&ProductRecord { id: ProductId(u32::MAX), product: product.clone() }).len();
    match size {
        ..=VALUE_BYTES_MAX => Ok(size),
        _ => Err(too_large("tags", "options", size, VALUE_BYTES_MAX)),
    }
}

pub(super) fn order(order: &OrderRequest, deployment: Currency, limits: &Limits) -> Result<(), LineError> {
    currency(order.currency, deployment)?;
    order.discount.map_or(Ok(()), |discount| money("discount", discount))?;
    order.coupon.as_deref().map_or(Ok(()), |coupon| text("coupon", coupon))?;
    match order.lines.len() {
        0 => return Err(invalid("lines", "is empty; an order has at least one line")),
        count if count > limits.lines as usize => {
            return Err(invalid("lines", format!("has {count} entries, over the limit of {}", limits.lines)));
        }
        _ => {}
    }
    for (index, line) in order.lines.iter().enumerate() {
        money(&format!("lines[{index}].paid"), line.paid)?;
        if line.quantity == 0 {
            return Err(invalid(format!("lines[{index}].quantity"), "is 0; use at least 1"));
        }
    }
    if order.delivered_at.is_some_and(|delivered| delivered < order.ordered_at) {
        return Err(invalid("delivered_at", "is before ordered_at; check the time zone of both"));
    }
    Ok(())
}

pub(super) fn past_return(
    past: &PastReturnRequest,
    deployment: Currency,
    limits: &Limits,
) -> Result<(), LineError> {
    currency(past.currency, deployment)?;
    match past.lines.len() {
        0 => return Err(invalid("lines", "is empty; a return has at least one line")),
        count if count > limits.return_lines as usize => {
            let lines = limits.return_lines;
            return Err(invalid("lines", format!("has {count} entries, over the limit of {lines}")));
        }
        _ => {}
    }
    for (index, line) in past.lines.iter().enumerate() {
        money(&format!("lines[{index}].paid"), line.paid)?;
        if line.quantity == 0 {
            return Err(invalid(format!("lines[{index}].quantity"), "is 0; use at least 1"));
        }
    }
    Ok(())
}

pub(super) fn customer(customer: &CustomerRequest) -> Result<(), LineError> {
    words("traits", customer.traits.iter().map(String::as_str))?;
    words("consent", customer.consent.iter().map(String::as_str))?;
    customer.locale.as_deref().map_or(Ok(()), |locale| text("locale", locale))?;
    match encode(&(&customer.traits, &customer.consent, &customer.locale)).len() {
        ..=SAID_BYTES_MAX => Ok(()),
        size => Err(too_large("traits", "consent", size, SAID_BYTES_MAX)),
    }
}
