//! A generated shop: the same for the same size.

use std::sync::Arc;

use rebound_catalog::{Catalogue, CustomerKey, Item, Sale};
use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::money::Money;
use rebound_domain::product::Product;
use rebound_domain::time::{Duration, Instant};

/// A year of orders ends here.
pub(crate) const NOW: Instant = Instant(1_700_000_000_000);
const DAYS: u32 = 365;
const ORDERS_MAX: u32 = 200_000;

pub(crate) struct Shop {
    pub(crate) items: Vec<Item>,
    categories: u32,
}

/// An order, and perhaps the return of its first line.
pub(crate) struct Order {
    customer: Option<CustomerKey>,
    at: Instant,
    pub(crate) lines: Vec<(ProductId, u32)>,
    returned_at: Option<Instant>,
}

impl Order {
    pub(crate) fn teach(&self, catalogue: &mut Catalogue) {
        catalogue.order(&Sale { customer: self.customer, at: self.at, lines: &self.lines });
        if let (Some(customer), Some(at)) = (self.customer, self.returned_at) {
            catalogue.returned(customer, at, &[self.lines[0].0]);
        }
    }
}

impl Shop {
    pub(crate) fn new(size: u32) -> Self {
        let mut random = Random::new(1);
        let categories = 20 + size / 2_000;
        let items = (0..size).map(|id| item(id, size, categories, &mut random)).collect();
        Self { items, categories }
    }

    pub(crate) fn any(&self, random: &mut Random) -> &Item {
        &self.items[random.below(u32::try_from(self.items.len()).expect("sizes are u32")) as usize]
    }

    pub(crate) fn category_after(&self, product: &Product, step: u32) -> String {
        let own =
            product.category.as_deref().and_then(|it| it.strip_prefix("category ")?.parse::<u32>().ok());
        format!("category {}", (own.unwrap_or(0) + step) % self.categories)
    }

    /// Six orders per product, about thirteen lines each.
    pub(crate) fn orders(&self) -> Vec<Order> {
        let mut random = Random::new(2);
        let size = u32::try_from(self.items.len()).expect("sizes are u32");
        (0..(size * 6).min(ORDERS_MAX)).map(|_| order(self.items.len(), size, &mut random)).collect()
    }
}

fn order(products: usize, customers: u32, random: &mut Random) -> Order {
    let number = u128::from(random.skewed(customers as usize));
    let customer = (random.below(5) > 0).then(|| CustomerKey(((number << 64) | (number * 77)).to_be_bytes()));
    let count = if random.below(100) == 0 { 100 + random.below(300) } else { 1 + random.skewed(40) };
    let lines = (0..count).map(|_| (ProductId(random.skewed(products)), 1 + random.skewed(24))).collect();
    let day = u64::from(random.below(DAYS));
    let at = Instant(NOW.0 - Duration::days(day).0 - u64::from(random.below(86_400_000)));
    let returned_at = (random.below(7) == 0).then(|| at + Duration::days(random.below(20).into()));
    Order { customer, at, lines, returned_at }
}

fn item(id: u32, size: u32, categories: u32, random: &mut Random) -> Item {
    let word = |random: &mut Random| format!("word{}", random.skewed(1_000 + size as usize / 4));
    let title: Vec<String> = (0..3 + random.below(5)).map(|_| word(random)).collect();
    let price = 50 + i64::from(random.skewed(20_000));
    let product = Product {
        id: ProductId(id),
        sku: Sku::new(format!("sku-{id}")).expect("printable"),
        title: title.join(" "),
        category: Some(format!("category {}", random.below(categories))),
        brand: (random.below(10) > 0).then(|| format!("brand {}", random.skewed(20 + size as usize / 100))),
        price: Money(price),
        tags: (0..random.below(5)).map(|_| format!("tag {}", random.skewed(300))).collect(),
        style: (random.below(2) > 0).then(|| format!("style {}", id / 5)),
        options: Vec::new(),
        extra: Vec::new(),
    };
    let stock = Some(random.below(40));
    Item { product: Arc::new(product), stock, margin: Some(3_000) }
}

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).expect("below a u32")
    }

    /// Small numbers much more often: the cube of a uniform draw, so 10 % of the range get 46 % of the draws.
    pub(crate) fn skewed(&mut self, end: usize) -> u32 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32")]
        let drawn = (uniform.powi(3) * end as f64) as u32;
        drawn
    }
}
