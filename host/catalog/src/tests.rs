//! The indexed catalogue against the plain recomputation, and what an example says best.

use std::sync::Arc;

use proptest::prelude::*;
use rebound_domain::catalog::{Candidate, Catalog, OrderBy, Query, Switched};
use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::money::{BasisPoints, Money};
use rebound_domain::product::Product;
use rebound_domain::route::Access;
use rebound_domain::time::{Duration, Instant};

use crate::bounds::Bounds;
use crate::model::Model;
use crate::switching::PAIRS_MAX;
use crate::{Catalogue, CustomerKey, Item, Sale, Snapshot, View};

mod bounded;
mod examples;
mod properties;
mod recount;

/// One thing that arrives.
#[derive(Debug, Clone)]
enum Event {
    Upsert(Item),
    Order { customer: Option<u8>, at: Instant, lines: Vec<(ProductId, u32)> },
    Return { customer: u8, at: Instant, products: Vec<ProductId> },
}

fn key(customer: u8) -> CustomerKey {
    CustomerKey([customer; 16])
}

fn day(day: u64) -> Instant {
    Instant::default() + Duration::days(day)
}

fn learn(catalogue: &mut Catalogue, events: &[Event]) {
    for event in events {
        match event {
            Event::Upsert(item) => catalogue.upsert(item.clone()),
            Event::Order { customer, at, lines } => {
                catalogue.order(&Sale { customer: customer.map(key), at: *at, lines });
            }
            Event::Return { customer, at, products } => catalogue.returned(key(*customer), *at, products),
        }
    }
}

fn catalogue(events: &[Event]) -> Catalogue {
    learned(Catalogue::new(), events)
}

fn learned(mut catalogue: Catalogue, events: &[Event]) -> Catalogue {
    learn(&mut catalogue, events);
    catalogue
}

fn model(events: &[Event]) -> Model {
    bounded_model(Bounds::default(), events)
}

fn bounded_model(bounds: Bounds, events: &[Event]) -> Model {
    let mut model = Model::bounded(bounds);
    for event in events {
        match event {
            Event::Upsert(item) => model.upsert(item.clone()),
            Event::Order { customer, at, lines } => model.order(customer.map(key), *at, lines),
            Event::Return { customer, at, products } => model.returned(key(*customer), *at, products),
        }
    }
    model
}

fn product(id: u32) -> Product {
    Product {
        id: ProductId(id),
        sku: Sku::new(format!("sku-{id}")).unwrap(),
        title: String::new(),
        category: None,
        brand: None,
        price: Money(100),
        tags: Vec::new(),
        style: None,
        options: Vec::new(),
        extra: Vec::new(),
    }
}

fn item(product: Product) -> Item {
    Item { product: Arc::new(product), stock: None, margin: None }
}

fn ids(found: &[Candidate]) -> Vec<u32> {
    found.iter().map(|candidate| candidate.id.0).collect()
}
