//! The stream, and each step of it as it is sent: products as they become known, orders, return documents.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::data::{Line, OnlineRetail, Order, Product, Return};
use super::prices::Prices;

/// A step of the stream.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A product enters the catalogue, or costs something else from now on.
    Listing(Listing<'a>),
    /// Something was sold.
    Order(&'a Order),
    /// Something came back.
    Return(&'a Return),
}

/// What the catalogue says of a product.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Its stock code.
    pub sku: &'a str,
    /// Pence.
    pub price: i64,
}

/// Orders and returns by time, at the same minute the order first; each product just before the document that first
/// names it, and each new price just after the order that settled it.
#[must_use]
pub fn stream(data: &OnlineRetail) -> Vec<Step<'_>> {
    let orders = data.orders.iter().map(Step::Order);
    let returns = data.returns.iter().map(Step::Return);
    let mut documents: Vec<Step<'_>> = orders.chain(returns).collect();
    documents.sort_by_key(|step| match step {
        Step::Listing(_) => (0, 0),
        Step::Order(order) => (order.at, 0),
        Step::Return(document) => (document.at, 1),
    });
    let mut prices = Prices::default();
    let mut steps = Vec::with_capacity(documents.len());
    for document in documents {
        let (lines, is_of_known_customer) = match document {
            Step::Listing(_) => continue,
            Step::Order(order) => (&order.lines, order.customer.is_some()),
            Step::Return(document) => (&document.lines, false),
        };
        for line in lines {
            if let Some(price) = prices.named(&line.sku, line.unit) {
                steps.push(Step::Listing(Listing { sku: &line.sku, price }));
            }
        }
        steps.push(document);
        for line in lines.iter().filter(|_| is_of_known_customer) {
            if let Some(price) = prices.sold(&line.sku, line.unit) {
                steps.push(Step::Listing(Listing { sku: &line.sku, price }));
            }
        }
    }
    steps
}

/// A product as it is sent.
#[must_use]
pub fn product_json(product: &Product, price: i64) -> Value {
    json!({"sku": product.sku, "title": product.title, "category": product.category, "price": price,
        "currency": "GBP"})
}

/// An order as it is sent.
#[must_use]
pub fn order_json(order: &Order) -> Value {
    let line = |line: &Line| json!({"sku": line.sku, "quantity": line.quantity, "paid": line.paid});
    let mut json = json!({"id": order.id, "ordered_at": rfc3339(order.at), "currency": "GBP",
        "lines": order.lines.iter().map(line).collect::<Vec<_>>()});
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
