//! What claims cost: checking templates at publish, and saying a plan's lines.
//! `cargo bench -p rebound-domain --bench claims`.
//!
//! Thirty lines of one and of four facts, in Chinese and in English, about one offer; the median of many rounds.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, reason = "a program that prints a table")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Clock;

use rebound_domain::answer::{Offer, Sentence, Subject};
use rebound_domain::catalog::{Candidate, Catalog, Query, Switched};
use rebound_domain::claims::{Book, Ledger, Speaker, Templates};
use rebound_domain::ids::{EventId, ProductId, Sku};
use rebound_domain::manifest::{Manifest, Stage, Template};
use rebound_domain::money::{Currency, Money};
use rebound_domain::policy::Policy;
use rebound_domain::product::Product;
use rebound_domain::situation::{Allowed, Customer, ReturnEvent, ReturnLine, Situation};
use rebound_domain::time::Instant;

const LINES: usize = 30;
const ROUNDS: usize = 2_001;

const TEXTS: [(&str, &str, &str); 4] = [
    ("price", "zh-CN", "{item}，现价{price}。"),
    (
        "all",
        "zh-CN",
        "{brand}的{item}，现价{price}，库存仅剩{stock_left}件，以往的退货里有{switched_share}换购了它。",
    ),
    ("price", "en", "{item}, now at {price}."),
    (
        "all",
        "en",
        "{item} by {brand}, now at {price}: {stock_left} left, {switched_share} of returns switched to it.",
    ),
];

struct Shop(Arc<Product>);

impl Catalog for Shop {
    fn search(&self, _: &Query) -> Vec<Candidate> {
        Vec::new()
    }
    fn get(&self, _: ProductId) -> Option<Arc<Product>> {
        Some(Arc::clone(&self.0))
    }
    fn stock(&self, _: ProductId) -> Option<u32> {
        Some(3)
    }
    fn switched(&self, _: ProductId, _: ProductId) -> Option<Switched> {
        Some(Switched { switched: 37, returns: 100 })
    }
}

fn main() {
    let manifest = manifest();
    let templates = Templates::new(&manifest).unwrap();
    assert!(templates.violations().is_empty());
    let checked = median(|| drop(black_box(Templates::new(&manifest).unwrap())));
    println!("{:<44} {:>8.1} us each", "a template parsed and checked", checked / TEXTS.len() as f64);
    for locale in ["zh-CN", "en"] {
        for key in ["price", "all"] {
            let took = plan(&templates, locale, key);
            println!("{:<44} {took:>8.1} us", format!("{LINES} lines of `{key}` in {locale}"));
        }
    }
}

fn plan(templates: &Templates, locale: &str, key: &str) -> f64 {
    let shop = Shop(product());
    let situation = situation(locale);
    let offers = [offer()];
    let (book, policy) = (Book::default(), Policy::standard(situation.currency));
    let plugin = "rebound/bench@1.0.0".parse().unwrap();
    let sentence = Sentence { template: key.to_owned(), about: Subject::Offered(0) };
    median(|| {
        let ledger = Ledger {
            situation: &situation,
            catalog: &shop,
            low_stock: 10,
            offers: &offers,
            proposals: &[],
            minted: &[],
            unused_benefits: Money::ZERO,
            zone: &rebound_domain::time::Utc,
        };
        let speaker = Speaker::new(ledger, &book);
        for _ in 0..LINES {
            // What composing a plan asks before each line.
            black_box(book.standing(&policy, &plugin, templates));
            assert!(speaker.unsaid_constant(templates, &sentence).is_none());
            black_box(speaker.say(templates, &sentence).unwrap());
        }
    })
}

/// Microseconds, after a warm-up of as many rounds.
fn median(mut work: impl FnMut()) -> f64 {
    (0..ROUNDS).for_each(|_| work());
    let mut took: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Clock::now();
            work();
            start.elapsed().as_nanos() as f64 / 1000.0
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took[ROUNDS / 2]
}

fn manifest() -> Manifest {
    let template = |(key, locale, text): (&str, &str, &str)| Template {
        key: key.to_owned(),
        locale: locale.to_owned(),
        text: text.to_owned(),
    };
    Manifest {
        plugin: "rebound/bench@1.0.0".parse().unwrap(),
        summary: "Bench".to_owned(),
        config_schema: "{}".to_owned(),
        state_version: 1,
        templates: TEXTS.map(template).into(),
        personas: Vec::new(),
        stages: vec![Stage::Recommendation],
    }
}

fn product() -> Arc<Product> {
    let product = Product {
        id: ProductId(1),
        sku: Sku::new("COAT-01").unwrap(),
        title: "Wool coat".to_owned(),
        category: None,
        brand: Some("Meadow".to_owned()),
        price: Money(129_900),
        tags: Vec::new(),
        style: None,
        options: Vec::new(),
        extra: Vec::new(),
    };
    Arc::new(product)
}

fn offer() -> Offer {
    Offer {
        product: ProductId(1),
        kind: "upgrade".to_owned(),
        resolution: None,
        for_line: Some(0),
        quantity: 1,
        score: 1.0,
        copy: Vec::new(),
        price_hold: None,
    }
}

fn situation(locale: &str) -> Situation {
    let line = ReturnLine {
        product: product(),
        quantity: 1,
        paid: Money(129_900),
        reason: None,
        reason_code: None,
        note: None,
        order: None,
    };
    Situation {
        now: Instant(1_700_000_000_000),
        seed: 7,
        locale: locale.to_owned(),
        currency: Currency::new("CNY").unwrap(),
        event: ReturnEvent {
            id: EventId::new("e-1").unwrap(),
            requested_at: Instant(1_700_000_000_000),
            requested_resolution: None,
            lines: vec![line],
            orders: Vec::new(),
            channel: "web".to_owned(),
        },
        customer: Customer::default(),
        policy: Allowed::default(),
    }
}
