//! Similarity: the cosine of two products' TF-IDF vectors, exact at any moment.
//!
//! Weights are computed when asked, from the number of products that have each term now: nothing has to be
//! recomputed when a product arrives, and nothing can be out of date.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::dictionary::{Dictionary, Symbol};

/// A product's terms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    /// With their weight before idf, sorted by field and text.
    pub(crate) terms: Box<[(Symbol, f32)]>,
    /// All tags, sorted; similarity may count fewer.
    pub(crate) tags: Box<[Symbol]>,
    pub(crate) category: Option<Symbol>,
    pub(crate) brand: Option<Symbol>,
    pub(crate) style: Option<Symbol>,
}

/// `weight * ln((1 + products) / products that have the term)`: positive even for a term that all have, so two
/// equal products are alike in a catalogue of two.
#[derive(Debug, Clone, Copy)]
struct Idf<'a> {
    dictionary: &'a Dictionary,
    log_products: f64,
}

/// All points that a product can have: a half of what a `u32` holds, so that rounding up cannot overflow.
pub(crate) const ONE: f64 = 2_147_483_648.0;

/// A product's vector, to compare others with.
#[derive(Debug)]
pub(crate) struct Vector<'a> {
    idf: Idf<'a>,
    /// In the order of the document's terms.
    terms: Vec<(Symbol, f64)>,
    weights: HashMap<Symbol, f64, BuildHasherDefault<NumberHasher>>,
    norm: f64,
}

impl<'a> Vector<'a> {
    /// None for a document without terms: it is like and unlike everything.
    pub(crate) fn new(dictionary: &'a Dictionary, products: usize, document: &Document) -> Option<Self> {
        let idf = Idf { dictionary, log_products: ((1 + products) as f64).ln() };
        let terms: Vec<(Symbol, f64)> =
            document.terms.iter().map(|term| (term.0, idf.weigh(*term))).collect();
        let norm = terms.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        (norm > 0.0).then(|| Self { idf, weights: terms.iter().copied().collect(), terms, norm })
    }

    /// 0 to 1; none when the other has no terms. Sums run in the order of the document's terms, so the answer
    /// is the same to the last bit however the products arrived, and from either side.
    pub(crate) fn cosine(&self, other: &Document) -> Option<f32> {
        let (mut squares, mut dot) = (0.0, 0.0);
        for term in &other.terms {
            let weight = self.idf.weigh(*term);
            squares += weight * weight;
            if let Some(own) = self.weights.get(&term.0) {
                dot += own * weight;
            }
        }
        #[allow(clippy::cast_possible_truncation, reason = "the nearest f32 is meant")]
        (squares > 0.0).then(|| (dot / (self.norm * squares.sqrt())).min(1.0) as f32)
    }

    /// This vector's terms, the ones that say most about few products first, each with a bound: a product that
    /// has neither this term nor one before it has a cosine of at most that (Cauchy-Schwarz: only the rest of
    /// this vector can meet it).
    pub(crate) fn terms(&self) -> Vec<(Symbol, f64)> {
        let mut rest = 0.0;
        let terms = self.most_telling_first();
        let bounds = terms.iter().rev().map(|&(symbol, square, _)| {
            let bound = f64::sqrt(rest) / self.norm;
            rest += square;
            (symbol, bound)
        });
        let mut bounds: Vec<_> = bounds.collect();
        bounds.reverse();
        bounds
    }

    /// All terms, the ones that say most about few products first. With the points that having one gives: its part
    /// of this vector's squared norm, in units of [`ONE`], at least 1.
    pub(crate) fn telling(&self) -> impl Iterator<Item = (Symbol, u32)> {
        self.most_telling_first().into_iter().map(|(symbol, square, _)| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^31")]
            let points = (square / (self.norm * self.norm) * ONE) as u32;
            (symbol, points.max(1))
        })
    }

    /// Terms with their squared weight and the number of products that have them, by the quotient of the two; equals
    /// in the document's order.
    fn most_telling_first(&self) -> Vec<(Symbol, f64, usize)> {
        let count = |symbol| self.idf.dictionary.listing(symbol).map_or(0, |it| it.by_id.count());
        let terms = self.terms.iter().map(|&(symbol, weight)| (symbol, weight * weight, count(symbol)));
        let mut terms: Vec<_> = terms.collect();
        terms.sort_by(|a, b| (b.1 / b.2 as f64).total_cmp(&(a.1 / a.2 as f64)));
        terms
    }
}

impl Idf<'_> {
    fn weigh(self, (symbol, weight): (Symbol, f32)) -> f64 {
        f64::from(weight) * (self.log_products - self.dictionary.log_frequency(symbol))
    }
}

impl Document {
    /// Every term the product has, each once.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        let terms = self.terms.iter().map(|term| term.0).chain(self.tags.iter().copied());
        let mut symbols: Vec<Symbol> = terms.chain(self.style).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }
}

/// For numbers the host gave out itself, dense and harmless: one multiplication.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        // Fibonacci hashing: 2^64 divided by the golden ratio spreads neighbours over the high bits, and the
        // rotation brings them to the low ones, which choose the bucket.
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}
