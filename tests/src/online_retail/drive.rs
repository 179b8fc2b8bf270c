//! Sends the stream: every order before the first return that follows it, every return by itself.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Client, Method};

use super::data::{Line, OnlineRetail, Order, Return};

/// Orders in one request.
const ORDERS_PER_REQUEST: usize = 500;
/// Products in one request.
const PRODUCTS_PER_REQUEST: usize = 1000;

/// A step of the stream.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Something was sold.
    Order(&'a Order),
    /// Something came back.
    Return(&'a Return),
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

/// One pass over the stream.
pub struct Pass<'a> {
    /// In the order of the stream.
    pub replies: Vec<Reply<'a>>,
    /// Orders that were new to the service.
    pub orders_created: u64,
    /// Spent on returns alone.
    pub deciding: Duration,
}

/// Orders and returns by time; at the same minute the order comes first.
#[must_use]
pub fn stream(data: &OnlineRetail) -> Vec<Step<'_>> {
    let orders = data.orders.iter().map(Step::Order);
    let returns = data.returns.iter().map(Step::Return);
    let mut steps: Vec<Step<'_>> = orders.chain(returns).collect();
    steps.sort_by_key(|step| match step {
        Step::Order(order) => (order.at, 0),
        Step::Return(document) => (document.at, 1),
    });
    steps
}

/// Sends the catalogue.
///
/// # Errors
/// When a product is refused.
pub fn send_products(client: &Client, data: &OnlineRetail) -> Result<()> {
    let products: Vec<Value> = data
        .products
        .values()
        .map(|product| {
            json!({"sku": product.sku, "title": product.title, "category": product.category, "price": product.price,
                "currency": "GBP"})
        })
        .collect();
    for products in products.chunks(PRODUCTS_PER_REQUEST) {
        import(client, "/v1/catalog", products)?;
    }
    Ok(())
}

/// Sends the stream once.
///
/// # Errors
/// When an order or a return is refused.
pub fn send_stream<'a>(client: &Client, steps: &[Step<'a>], label: &'static str) -> Result<Pass<'a>> {
    let style =
        ProgressStyle::with_template("{prefix:>12} {wide_bar} {pos}/{len} {eta}").expect("a valid template");
    let progress = ProgressBar::new(steps.len() as u64).with_style(style).with_prefix(label);
    let mut pass = Pass { replies: Vec::new(), orders_created: 0, deciding: Duration::ZERO };
    let mut waiting: Vec<Value> = Vec::new();
    let flush = |waiting: &mut Vec<Value>, created: &mut u64| -> Result<()> {
        if !waiting.is_empty() {
            *created += import(client, "/v1/orders", waiting)?;
            waiting.clear();
        }
        Ok(())
    };
    for step in steps {
        match step {
            Step::Order(order) => {
                waiting.push(order_json(order));
                if waiting.len() == ORDERS_PER_REQUEST {
                    flush(&mut waiting, &mut pass.orders_created)?;
                }
            }
            Step::Return(document) => {
                flush(&mut waiting, &mut pass.orders_created)?;
                let body = serde_json::to_vec(&return_json(document))?;
                let answer = client.send(Method::Post, "/v1/returns", "application/json", &body)?;
                ensure!(
                    matches!(answer.status, 200 | 201),
                    "{}: {} {}",
                    document.id,
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                );
                pass.deciding += answer.took;
                let (status, body, took) = (answer.status, answer.body, answer.took);
                pass.replies.push(Reply { document, status, body, took });
            }
        }
        progress.inc(1);
    }
    flush(&mut waiting, &mut pass.orders_created)?;
    progress.finish_and_clear();
    Ok(pass)
}

/// Sends NDJSON; every line must be taken. Answers how many were new.
fn import(client: &Client, path: &str, lines: &[Value]) -> Result<u64> {
    let mut body = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut body, line)?;
        body.push(b'\n');
    }
    let answer = client.send(Method::Post, path, "application/x-ndjson", &body)?;
    let result = answer.json()?;
    ensure!(answer.status == 200 && result["rejected"] == 0, "{path}: {} {result}", answer.status);
    result["created"].as_u64().with_context(|| format!("{path}: no count of created lines in {result}"))
}

/// An order as it is sent.
#[must_use]
pub fn order_json(order: &Order) -> Value {
    let mut json = json!({"id": order.id, "ordered_at": rfc3339(order.at), "currency": "GBP",
        "lines": order.lines.iter().map(|line| json!({"sku": line.sku, "quantity": line.quantity, "paid": line.paid}))
            .collect::<Vec<_>>()});
    if let Some(customer) = &order.customer {
        json["customer_id"] = json!(customer);
    }
    json
}

/// A return as it is sent. Nothing in it is known only later.
#[must_use]
pub fn return_json(document: &Return) -> Value {
    let line = |line: &Line| {
        let mut json = json!({"sku": line.sku, "quantity": line.quantity, "paid": line.paid});
        if let Some(order) = &line.order {
            json["order_id"] = json!(order);
        }
        json
    };
    json!({"source": "online-retail", "id": format!("return-{}", document.id), "return_id": document.id,
        "customer_id": document.customer, "requested_at": rfc3339(document.at), "locale": "en-GB", "currency": "GBP",
        "lines": document.lines.iter().map(line).collect::<Vec<_>>()})
}

fn rfc3339(at: i64) -> String {
    Timestamp::from_millisecond(at).expect("a time of 2010 or 2011").to_string()
}
