//! A generated market of any size: the same for the same size.
//!
//! Ranks of words, tags, brands and categories follow Zipf's law, those of products and buyers in orders Zipf and
//! Mandelbrot's (the head is flattened, else one buyer would place a fourteenth of all orders). Two pairs of terms
//! are made to hurt: category 0 hardly ever meets tag 1, and category 1 meets tag 2 among cheap products only.

use std::sync::Arc;

use rebound_catalog::{Catalogue, CustomerKey, Item, Sale};
use rebound_domain::ids::{ProductId, Sku};
use rebound_domain::money::Money;
use rebound_domain::product::Product;
use rebound_domain::time::{Duration, Instant};

/// A year of orders ends here.
pub(crate) const NOW: Instant = Instant(1_700_000_000_000);
const DAYS: u32 = 365;
/// Orders beyond this many would measure the patience of who runs the bench.
const ORDERS_MAX: u32 = 200_000;
const TAGS: u32 = 20_000;
const VARIANTS_MAX: u32 = 20;

pub(crate) struct Market {
    pub(crate) size: u32,
    pub(crate) items: Vec<Item>,
}

impl Market {
    pub(crate) fn new(size: u32) -> Self {
        let mut random = Random(1);
        let mut items = Vec::with_capacity(size as usize);
        for style in 0.. {
            let variants = 1 + random.below(VARIANTS_MAX);
            let model = model(style, size, &mut random);
            for _ in 0..variants {
                let id = u32::try_from(items.len()).expect("sizes are u32");
                if id == size {
                    return Self { size, items };
                }
                items.push(variant(id, &model, &mut random));
            }
        }
        unreachable!("styles never end")
    }

    /// Teaches two orders per product, of three lines on average, and a return of every eighth; says how many
    /// lines that was.
    pub(crate) fn teach(&self, catalogue: &mut Catalogue) -> usize {
        let mut random = Random(2);
        let mut count = 0;
        for _ in 0..(self.size * 2).min(ORDERS_MAX) {
            let number = u128::from(random.flattened(50, self.size / 2));
            let customer = (random.below(5) > 0)
                .then(|| CustomerKey(((number << 64) | (number.wrapping_mul(77))).to_be_bytes()));
            let line =
                |random: &mut Random| (ProductId(random.flattened(20, self.size)), 1 + random.below(3));
            let lines: Vec<_> = (0..1 + random.below(5)).map(|_| line(&mut random)).collect();
            let at = Instant(NOW.0 - Duration::days(random.below(DAYS).into()).0);
            catalogue.order(&Sale { customer, at, lines: &lines });
            if let Some(customer) = customer.filter(|_| random.below(8) == 0) {
                catalogue.returned(customer, at + Duration::days(random.below(20).into()), &[lines[0].0]);
            }
            count += lines.len();
        }
        count
    }
}

/// What the variants of a style share.
fn model(style: u32, size: u32, random: &mut Random) -> Product {
    let words = 4 + random.below(9);
    let title: Vec<String> = (0..words).map(|_| format!("word{}", random.zipf(2_000 + size / 20))).collect();
    let category = random.zipf(20 + size / 5_000);
    let price = 100 + i64::from(random.zipf(500_000));
    let met = |tag: u32, random: &mut Random| match category {
        0 => tag != 1 || random.below(5_000) == 0,
        1 => tag != 2 || price < 200,
        _ => true,
    };
    let mut tags: Vec<u32> = (0..random.below(7)).map(|_| random.zipf(TAGS)).collect();
    tags.retain(|tag| met(*tag, random));
    Product {
        id: ProductId(0),
        sku: Sku::new("model").expect("printable"),
        title: title.join(" "),
        category: Some(format!("category {category}")),
        brand: (random.below(10) > 0).then(|| format!("brand {}", random.zipf(20 + size / 100))),
        price: Money(price),
        tags: tags.into_iter().map(|tag| format!("tag {tag}")).collect(),
        style: Some(format!("style {style}")),
        options: Vec::new(),
        extra: Vec::new(),
    }
}

fn variant(id: u32, model: &Product, random: &mut Random) -> Item {
    let product = Product {
        id: ProductId(id),
        sku: Sku::new(format!("sku-{id}")).expect("printable"),
        title: format!("{} size{}", model.title, random.below(12)),
        ..model.clone()
    };
    let stock = (random.below(7) > 0).then(|| random.below(40));
    Item {
        product: Arc::new(product),
        stock,
        margin: Some(i32::try_from(random.below(6_000)).expect("small")),
    }
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
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

    /// Ranks from 0 with a frequency of about one over the rank.
    pub(crate) fn zipf(&mut self, end: u32) -> u32 {
        self.flattened(1, end)
    }

    /// Ranks from 0 with a frequency of about one over `offset` and the rank: the exponential of a uniform draw.
    pub(crate) fn flattened(&mut self, offset: u32, end: u32) -> u32 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let (low, high) = (f64::from(offset).ln(), f64::from(offset + end).ln());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32")]
        let drawn = (low + uniform * (high - low)).exp() as u32;
        (drawn - offset.min(drawn)).min(end - 1)
    }
}
