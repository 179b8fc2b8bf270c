//! Sends the stream: what is known of products and orders before the return that follows it, every return by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::client::{Client, Method};

use super::data::{OnlineRetail, Return};
use super::stream::{Step, order_json, product_json, return_json};

/// Orders in one request.
const ORDERS_PER_REQUEST: usize = 500;

/// A request as it went out.
pub struct Sent {
    /// Where to.
    pub path: &'static str,
    /// Byte for byte.
    pub body: Vec<u8>,
}

/// What the service answered to one return.
pub struct Reply<'a> {
    /// The document.
    pub document: &'a Return,
    /// 201 when decided, 200 when it was known.
    pub status: u16,
    /// The plan, byte for byte.
    pub body: Vec<u8>,
    /// From the first byte sent to the last received.
    pub took: Duration,
}

/// What became of imported lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// New to the service.
    pub created: u64,
    /// Known, and other from now on.
    pub updated: u64,
    /// Known as they are.
    pub unchanged: u64,
}

/// One pass over the stream.
#[derive(Default)]
pub struct Pass<'a> {
    /// In the order of the stream.
    pub replies: Vec<Reply<'a>>,
    /// Everything that went out, in order.
    pub sent: Vec<Sent>,
    /// Products.
    pub products: Imported,
    /// Orders.
    pub orders: Imported,
    /// Spent on returns alone.
    pub deciding: Duration,
}

/// Sends the stream once.
///
/// # Errors
/// When a product, an order or a return is refused.
pub fn send_stream<'a>(
    client: &Client,
    data: &OnlineRetail,
    steps: &[Step<'a>],
    label: &'static str,
) -> Result<Pass<'a>> {
    let style =
        ProgressStyle::with_template("{prefix:>12} {wide_bar} {pos}/{len} {eta}").expect("a valid template");
    let progress = ProgressBar::new(steps.len() as u64).with_style(style).with_prefix(label);
    let mut pass = Pass::default();
    let mut waiting = Waiting::default();
    for step in steps {
        match step {
            Step::Listing(listing) => {
                waiting.products.insert(listing.sku, listing.price);
            }
            Step::Order(order) => {
                waiting.orders.push(order_json(order));
                if waiting.orders.len() == ORDERS_PER_REQUEST {
                    waiting.send(client, data, &mut pass)?;
                }
            }
            Step::Return(document) => {
                waiting.send(client, data, &mut pass)?;
                decide(client, document, &mut pass)?;
            }
        }
        progress.inc(1);
    }
    waiting.send(client, data, &mut pass)?;
    progress.finish_and_clear();
    Ok(pass)
}

/// Sends the catalogue as it stands at the stream's end. A service that has seen the stream learns nothing from it.
///
/// # Errors
/// When a product is refused.
pub fn send_last_catalogue(client: &Client, data: &OnlineRetail, steps: &[Step<'_>]) -> Result<Imported> {
    let mut waiting = Waiting::default();
    waiting.products.extend(steps.iter().filter_map(|step| match step {
        Step::Listing(listing) => Some((listing.sku, listing.price)),
        _ => None,
    }));
    let mut pass = Pass::default();
    waiting.send(client, data, &mut pass)?;
    Ok(pass.products)
}

fn decide<'a>(client: &Client, document: &'a Return, pass: &mut Pass<'a>) -> Result<()> {
    const PATH: &str = "/v1/returns";
    let body = serde_json::to_vec(&return_json(document))?;
    let answer = client.send(Method::Post, PATH, "application/json", &body)?;
    let said = || String::from_utf8_lossy(&answer.body);
    ensure!(matches!(answer.status, 200 | 201), "{}: {} {}", document.id, answer.status, said());
    pass.sent.push(Sent { path: PATH, body });
    pass.deciding += answer.took;
    let (status, body, took) = (answer.status, answer.body, answer.took);
    pass.replies.push(Reply { document, status, body, took });
    Ok(())
}

/// What is known and not sent yet. No decision lies between, so the last price of a product is the one that counts.
#[derive(Default)]
struct Waiting<'a> {
    products: BTreeMap<&'a str, i64>,
    orders: Vec<Value>,
}

impl Waiting<'_> {
    /// Products first: an order names them.
    fn send(&mut self, client: &Client, data: &OnlineRetail, pass: &mut Pass<'_>) -> Result<()> {
        let products = std::mem::take(&mut self.products);
        let products: Vec<Value> =
            products.into_iter().map(|(sku, price)| product_json(&data.products[sku], price)).collect();
        import(client, "/v1/catalog", &products, &mut pass.sent, &mut pass.products)?;
        let orders = std::mem::take(&mut self.orders);
        import(client, "/v1/orders", &orders, &mut pass.sent, &mut pass.orders)
    }
}

/// Sends NDJSON; every line must be taken.
fn import(
    client: &Client,
    path: &'static str,
    lines: &[Value],
    sent: &mut Vec<Sent>,
    imported: &mut Imported,
) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut body = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut body, line)?;
        body.push(b'\n');
    }
    let answer = client.send(Method::Post, path, "application/x-ndjson", &body)?;
    let result = answer.json()?;
    ensure!(answer.status == 200 && result["rejected"] == 0, "{path}: {} {result}", answer.status);
    let count = |of: &str| result[of].as_u64().with_context(|| format!("{path}: no {of} in {result}"));
    imported.created += count("created")?;
    imported.updated += count("updated")?;
    imported.unchanged += count("unchanged")?;
    sent.push(Sent { path, body });
    Ok(())
}
