//! What keeps learning and searching short in a catalogue of any size. Part of what answers mean: `docs/catalogue.md`.

use crate::buyers::BUYERS_MAX;
use crate::switching::PAIRS_MAX;

/// How much is kept, and which products a search by a score compares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Buyers kept per product.
    pub(crate) buyers_max: usize,
    /// Pairs of what one return brought back and one order bought.
    pub(crate) pairs_max: usize,
    /// In a catalogue of at most so many products all that match are compared.
    pub(crate) catalogue_max: usize,
    /// So are they where one condition leaves at most so many.
    pub(crate) source_max: usize,
    /// Otherwise candidates by similarity are found by reading so many entries of a product's terms
    pub(crate) read_max: usize,
    /// and counting so many that may match;
    pub(crate) terms_max: usize,
    /// those by affinity by counting so many entries of its buyers' baskets;
    pub(crate) baskets_max: usize,
    /// and so many of those that match are compared.
    pub(crate) compared_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            buyers_max: BUYERS_MAX,
            pairs_max: PAIRS_MAX,
            catalogue_max: 4_096,
            source_max: 1_024,
            read_max: 65_536,
            terms_max: 16_384,
            baskets_max: 12_288,
            compared_max: 320,
        }
    }
}
