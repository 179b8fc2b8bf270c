//! A small shop for tests: a catalogue, a customer who returns, and a strategy's manifest.

use std::collections::HashMap;
use std::sync::Arc;

use crate::answer::{
    Benefit, Classification, Grant, Offer, Proposal, Scope, Segment, Sentence, StateChange, Step, Subject,
    Terms,
};
use crate::catalog::{Candidate, Catalog, Query, Switched};
use crate::event::{ReturnRequest, ReturnRequestLine};
use crate::ids::{BudgetId, CustomerId, EventId, OrderId, ProductId, ReturnId, Sku, Source};
use crate::manifest::{Manifest, Persona, Stage, Template};
use crate::money::{Currency, Money};
use crate::policy::{Counts, Policy, Stacking};
use crate::product::Product;
use crate::situation::{Allowance, Allowed, Customer, ReturnEvent, ReturnLine, Situation};
use crate::time::{Duration, Instant};

pub(crate) const DRESS: ProductId = ProductId(1);
pub(crate) const COAT: ProductId = ProductId(2);
pub(crate) const SCARF: ProductId = ProductId(3);
pub(crate) const LIPSTICK: ProductId = ProductId(4);
/// No product of the shop.
pub(crate) const NOTHING: ProductId = ProductId(99);

pub(crate) const NOW: Instant = Instant(1_700_000_000_000);

/// The shop's catalogue. Stock and switches are for each test to fill in.
#[derive(Default)]
pub(crate) struct Shop {
    pub(crate) products: HashMap<ProductId, Arc<Product>>,
    pub(crate) stock: HashMap<ProductId, u32>,
    pub(crate) switched: HashMap<(ProductId, ProductId), Switched>,
}

impl Catalog for Shop {
    fn search(&self, _query: &Query) -> Vec<Candidate> {
        Vec::new()
    }
    fn get(&self, id: ProductId) -> Option<Arc<Product>> {
        self.products.get(&id).cloned()
    }
    fn stock(&self, id: ProductId) -> Option<u32> {
        self.stock.get(&id).copied()
    }
    fn switched(&self, from: ProductId, to: ProductId) -> Option<Switched> {
        self.switched.get(&(from, to)).copied()
    }
}

pub(crate) fn shop() -> Shop {
    let products = [
        (DRESS, "Linen dress", Some("Meadow"), 39_900),
        (COAT, "Wool coat", Some("Meadow"), 129_900),
        (SCARF, "Silk scarf", None, 9_900),
        (LIPSTICK, "哑光口红", Some("花间"), 19_900),
    ];
    let products = products.map(|(id, title, brand, price)| (id, Arc::new(product(id, title, brand, price))));
    Shop { products: products.into(), ..Shop::default() }
}

fn product(id: ProductId, title: &str, brand: Option<&str>, price: i64) -> Product {
    Product {
        id,
        sku: Sku::new(format!("sku-{id}")).unwrap(),
        title: title.to_owned(),
        category: None,
        brand: brand.map(str::to_owned),
        price: Money(price),
        tags: Vec::new(),
        style: None,
        options: Vec::new(),
        extra: Vec::new(),
    }
}

pub(crate) fn policy() -> Policy {
    Policy::standard(Currency::new("CNY").unwrap())
}

/// A customer who reads `locale` returns one of each of these.
pub(crate) fn returning(shop: &Shop, locale: &str, products: &[ProductId]) -> Situation {
    let line = |id| {
        let product = shop.get(id).unwrap();
        let paid = product.price;
        let reason = Some("size-too-small".to_owned());
        ReturnLine { product, quantity: 1, paid, reason, reason_code: None, note: None, order: None }
    };
    Situation {
        now: NOW,
        seed: 7,
        locale: locale.to_owned(),
        currency: Currency::new("CNY").unwrap(),
        event: ReturnEvent {
            id: EventId::new("e-1").unwrap(),
            requested_at: NOW,
            requested_resolution: None,
            lines: products.iter().copied().map(line).collect(),
            orders: Vec::new(),
            channel: "web".to_owned(),
        },
        customer: Customer { reachable: vec!["email".to_owned()], ..Customer::default() },
        policy: allowed(),
    }
}

fn allowed() -> Allowed {
    Allowed {
        resolutions: ["refund", "exchange", "store-credit"].map(str::to_owned).to_vec(),
        window_ends: Some(NOW + Duration::days(10)),
        partial_discount: "keep".to_owned(),
        care: vec!["priority-reship".to_owned()],
        budgets: vec![Allowance {
            budget: BudgetId::new("spring").unwrap(),
            benefits: Benefit::WORDS.map(str::to_owned).to_vec(),
            max_value: Money(10_000),
            left_for_customer: 2,
            counts: Counts::Spend,
            left: 100_000,
            stacking: Stacking::Exclusive,
        }],
        incentive_max: Money(8_000),
        hold_max: Duration::hours(24),
        extra: Vec::new(),
    }
}

/// The request that `situation` was made from.
pub(crate) fn request(situation: &Situation) -> ReturnRequest {
    let lines = situation.event.lines.iter().map(|line| ReturnRequestLine {
        sku: line.product.sku.clone(),
        quantity: line.quantity,
        paid: line.paid,
        order_id: Some(OrderId::new("o-1").unwrap()),
        reason: line.reason.clone(),
        reason_code: None,
        note: None,
    });
    ReturnRequest {
        source: Source::new("shop").unwrap(),
        id: situation.event.id.clone(),
        return_id: ReturnId::new("r-1").unwrap(),
        customer_id: CustomerId::new("c-1").unwrap(),
        requested_at: NOW,
        locale: situation.locale.clone(),
        currency: situation.currency,
        channel: None,
        lines: lines.collect(),
        requested_resolution: None,
    }
}

/// A manifest with these templates, as (key, locale, text), and one persona.
pub(crate) fn manifest(plugin: &str, templates: &[(&str, &str, &str)]) -> Manifest {
    let template = |&(key, locale, text): &(&str, &str, &str)| Template {
        key: key.to_owned(),
        locale: locale.to_owned(),
        text: text.to_owned(),
    };
    Manifest {
        plugin: plugin.parse().unwrap(),
        summary: "Tests".to_owned(),
        config_schema: "{}".to_owned(),
        state_version: 1,
        templates: templates.iter().map(template).collect(),
        personas: vec![Persona {
            key: "mei".to_owned(),
            locale: "en".to_owned(),
            name: "Mei".to_owned(),
            role: "Returns desk".to_owned(),
        }],
        stages: Stage::ALL.to_vec(),
    }
}

pub(crate) fn say(template: &str, about: Subject) -> Sentence {
    Sentence { template: template.to_owned(), about }
}

pub(crate) fn classification() -> Classification {
    Classification {
        segment: Segment {
            key: "quality-sensitive".to_owned(),
            confidence: 0.8,
            evidence: Vec::new(),
            traits: Vec::new(),
        },
        acknowledgement: Vec::new(),
        care: Vec::new(),
        state: StateChange::Keep,
    }
}

pub(crate) fn offer(product: ProductId) -> Offer {
    Offer {
        product,
        kind: "upgrade".to_owned(),
        resolution: None,
        for_line: None,
        quantity: 1,
        score: 1.0,
        copy: Vec::new(),
        price_hold: None,
    }
}

pub(crate) fn terms(benefit: Benefit) -> Terms {
    Terms {
        benefit,
        min_spend: Money(39_900),
        max_discount: None,
        scope: Scope::WholeOrder,
        starts_after: Duration(0),
        valid_for: Duration::days(30),
        budget: "spring".to_owned(),
    }
}

pub(crate) fn proposal(benefit: Benefit) -> Proposal {
    Proposal { grant: Grant::Fixed(terms(benefit)), copy: Vec::new() }
}

pub(crate) fn step(key: &str, title: &str) -> Step {
    Step {
        key: key.to_owned(),
        title: say(title, Subject::Plan),
        stands_for: vec![key.to_owned()],
        copy: Vec::new(),
        persona: None,
    }
}
