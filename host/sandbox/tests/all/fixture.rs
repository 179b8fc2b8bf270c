//! A small shop, one return, and sandboxes to decide it in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rebound_domain::answer::{CustodyEvent, Segment};
use rebound_domain::catalog::{Candidate, Catalog, Query, Switched};
use rebound_domain::ids::{BudgetId, EventId, OrderId, ProductId, Sku};
use rebound_domain::limits::Limits;
use rebound_domain::money::{Currency, Money};
use rebound_domain::policy::{Counts, Stacking};
use rebound_domain::product::Product;
use rebound_domain::situation::{
    Allowance, Allowed, Context, Customer, Order, OrderLine, Prior, Purchase, ReturnEvent, ReturnLine,
    Situation,
};
use rebound_domain::time::{Duration, Instant};
use rebound_sandbox::{CacheOptions, Class, Compiler, Plugin, Sandbox, SandboxOptions};

/// Candidates for an upgrade of product 1.
pub(crate) const CANDIDATE_COUNT: u32 = 50;
const NOW: Instant = Instant(1_700_000_000_000);

/// Product 1, fifty that cost up to a fifth more, and as many that cost too much.
pub(crate) struct Shelf {
    products: BTreeMap<ProductId, Arc<Product>>,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let price = |id: u32| match id {
            1 => 10_000,
            id if id <= CANDIDATE_COUNT + 1 => 10_000 + i64::from(id) * 30,
            id => 20_000 + i64::from(id),
        };
        let product = |id: u32| Product {
            id: ProductId(id),
            sku: Sku::new(format!("sku-{id}")).unwrap(),
            title: format!("Linen dress with pockets, number {id}"),
            category: Some("dresses".to_owned()),
            brand: Some("Meadow".to_owned()),
            price: Money(price(id)),
            tags: vec!["linen".to_owned(), "summer".to_owned()],
            style: None,
            options: Vec::new(),
            extra: Vec::new(),
        };
        let products = (1..=2 * CANDIDATE_COUNT + 1).map(|id| (ProductId(id), Arc::new(product(id))));
        Self { products: products.collect() }
    }
}

impl Catalog for Shelf {
    fn search(&self, query: &Query) -> Vec<Candidate> {
        let is_wanted = |product: &&Arc<Product>| {
            query.price_min.is_none_or(|min| product.price >= min)
                && query.price_max.is_none_or(|max| product.price <= max)
                && query.similar_to != Some(product.id)
                && !query.exclude.contains(&product.id)
        };
        let candidate = |product: &Arc<Product>| Candidate {
            id: product.id,
            price: product.price,
            similarity: Some(0.9),
            affinity: Some(0.1),
            switched_share: None,
            stock: Some(3),
            units_sold: Some(product.id.0),
            margin: None,
        };
        // One more than was asked for: the sandbox is to hold the guest to its limit by itself.
        let wanted = self.products.values().filter(is_wanted);
        wanted.take(query.limit as usize + 1).map(candidate).collect()
    }
    fn get(&self, id: ProductId) -> Option<Arc<Product>> {
        self.products.get(&id).cloned()
    }
    fn stock(&self, _: ProductId) -> Option<u32> {
        Some(3)
    }
    fn switched(&self, _: ProductId, _: ProductId) -> Option<Switched> {
        None
    }
}

pub(crate) fn catalog() -> Arc<dyn Catalog> {
    static SHELF: OnceLock<Arc<Shelf>> = OnceLock::new();
    let shelf: &Arc<Shelf> = SHELF.get_or_init(|| Arc::new(Shelf::new()));
    Arc::clone(shelf) as Arc<dyn Catalog>
}

/// A customer with a full history returns product 1.
pub(crate) fn situation() -> Situation {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let purchase = |n: u32| Purchase {
        product: ProductId(n),
        paid: Money(i64::from(n) * 100),
        quantity: 1,
        at: Instant(NOW.0 - u64::from(n) * 86_400_000),
        returned: 0,
    };
    let line = ReturnLine {
        product: catalog().get(ProductId(1)).unwrap(),
        quantity: 1,
        paid: Money(10_000),
        reason: Some("color".to_owned()),
        reason_code: None,
        note: Some("颜色和图片不一样".to_owned()),
        order: Some(0),
    };
    let order_line = OrderLine { product: ProductId(1), quantity: 1, returned: 0, paid: Money(10_000) };
    let order = Order {
        id: OrderId::new("order-1").unwrap(),
        ordered_at: Some(Instant(NOW.0 - 5 * 86_400_000)),
        delivered_at: Some(Instant(NOW.0 - 2 * 86_400_000)),
        lines: vec![order_line],
        discount: Money(0),
        coupon: None,
    };
    Situation {
        now: NOW,
        seed: 42,
        locale: "zh-CN".to_owned(),
        currency: Currency::new("CNY").unwrap(),
        event: ReturnEvent {
            id: EventId::new("event-1").unwrap(),
            requested_at: NOW,
            requested_resolution: Some("refund".to_owned()),
            lines: vec![line],
            orders: vec![order],
            channel: "app".to_owned(),
        },
        customer: Customer {
            orders: 60,
            returns: 2,
            exchanges: 1,
            spent: Money(1_000_000),
            refunded: Money(20_000),
            first_order_at: Some(Instant(NOW.0 - 400 * 86_400_000)),
            last_order_at: Some(Instant(NOW.0 - 5 * 86_400_000)),
            traits: words(&["vip"]),
            purchases: (1..=50).map(purchase).collect(),
            prior: Prior::default(),
            reachable: words(&["sms"]),
        },
        policy: Allowed {
            resolutions: words(&["refund", "exchange"]),
            window_ends: Some(Instant(NOW.0 + 5 * 86_400_000)),
            partial_discount: "keep".to_owned(),
            care: words(&["priority-reship"]),
            budgets: vec![Allowance {
                budget: BudgetId::new("returns").unwrap(),
                benefits: words(&["amount-off"]),
                max_value: Money(5_000),
                left_for_customer: 1,
                counts: Counts::Spend,
                left: 1_000_000,
                stacking: Stacking::Exclusive,
            }],
            incentive_max: Money(5_000),
            hold_max: Duration::hours(24),
            extra: Vec::new(),
        },
    }
}

pub(crate) fn context<'a>(situation: &'a Situation, config: &'a str) -> Context<'a> {
    Context { situation, slots: 3, config, state: None }
}

pub(crate) fn timeline() -> Vec<CustodyEvent> {
    vec![CustodyEvent { custody: "received".to_owned(), at: NOW, line: None }]
}

/// Limits under which only what a test is about can happen: on a busy machine a call may wait long for its turn.
pub(crate) fn patient() -> Limits {
    Limits { deadline: Duration(60_000), ..Limits::default() }
}

/// A sandbox with room for three instances. All share one cache folder, so that a guest compiles once.
pub(crate) fn sandbox(limits: Limits) -> Sandbox {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| tempfile::tempdir().unwrap());
    sandbox_in(cache.path(), limits, Compiler::InProcess)
}

pub(crate) fn sandbox_in(cache: &Path, limits: Limits, compiler: Compiler) -> Sandbox {
    let cache = CacheOptions { dir: cache.to_owned(), key: [7; 32] };
    Sandbox::start(SandboxOptions { limits, cache, compiler, concurrency: 2 }).unwrap()
}

#[track_caller]
pub(crate) fn publish(sandbox: &Sandbox, component: &[u8]) -> Plugin {
    let (plugin, _) = sandbox.publish(Class::Standard, component).unwrap();
    plugin
}

pub(crate) fn unknown() -> Segment {
    Segment::unknown()
}
