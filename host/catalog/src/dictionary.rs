//! Every word, tag, brand, category and style in use, and the products that have it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::listing::{Listing, Orders, Place};
use crate::sorted::Sorted;
use crate::text::Field;
use crate::trie::Trie;

/// A term's number in one dictionary. Reused once no product has the term any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol(pub(crate) u32);

/// A term and the products that have it.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    field: Field,
    text: Arc<str>,
    pub(crate) listing: Listing,
}

impl Field {
    /// Nothing is ever listed by a word alone, and a style has few products.
    fn orders(self) -> Orders {
        match self {
            Self::Title | Self::Style => Orders::Id,
            Self::Tag | Self::Brand | Self::Category => Orders::All,
        }
    }
}

/// Persistent: cloning it is O(1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Dictionary {
    /// By hash of field and text; equal hashes are told apart by the text.
    index: Sorted<(u64, Symbol)>,
    terms: Trie<Option<Arc<Term>>>,
    /// `ln` of the number of products that have the term, apart from the rest because scoring reads only this.
    log_frequency: Trie<f64>,
    /// Symbols that no term has, all below `symbols_end`.
    free: Sorted<Symbol>,
    symbols_end: u32,
}

impl Dictionary {
    /// Terms in use.
    pub(crate) fn count(&self) -> usize {
        self.index.count()
    }

    pub(crate) fn find(&self, field: Field, text: &str) -> Option<Symbol> {
        self.find_hashed(hash(field, text), field, text)
    }

    pub(crate) fn listing(&self, symbol: Symbol) -> Option<&Listing> {
        self.terms.get(symbol.0)?.as_ref().map(|term| &term.listing)
    }

    pub(crate) fn log_frequency(&self, symbol: Symbol) -> f64 {
        self.log_frequency.get(symbol.0).copied().unwrap_or_default()
    }

    /// Notes that a product has this term.
    pub(crate) fn join(&mut self, field: Field, text: &str, place: Place) -> Symbol {
        let hash = hash(field, text);
        let symbol = self.find_hashed(hash, field, text).unwrap_or_else(|| self.add(hash, field, text));
        self.change(symbol, |term| term.listing.join(place, term.field.orders()));
        symbol
    }

    /// Notes that a product no longer has this term, and forgets a term that no product has.
    pub(crate) fn leave(&mut self, symbol: Symbol, place: Place) {
        if self.change(symbol, |term| term.listing.leave(place, term.field.orders())) == 0
            && let Some(term) = self.terms.slot(symbol.0).take()
        {
            self.index.remove(&(hash(term.field, &term.text), symbol));
            self.free.insert(symbol);
        }
    }

    /// Moves a product within the listing of a term it keeps.
    pub(crate) fn shift(&mut self, symbol: Symbol, from: Place, to: Place) {
        if let Some(term) = self.terms.slot(symbol.0)
            && term.field.orders() == Orders::All
        {
            Arc::make_mut(term).listing.shift(from, to);
        }
    }

    fn find_hashed(&self, hash: u64, field: Field, text: &str) -> Option<Symbol> {
        let same_hash = self.index.from(&(hash, Symbol(0))).take_while(|entry| entry.0 == hash);
        same_hash.map(|entry| entry.1).find(|symbol| {
            let term = self.terms.get(symbol.0).and_then(Option::as_ref);
            term.is_some_and(|term| term.field == field && *term.text == *text)
        })
    }

    fn add(&mut self, hash: u64, field: Field, text: &str) -> Symbol {
        let symbol = self.free.first().unwrap_or(Symbol(self.symbols_end));
        if !self.free.remove(&symbol) {
            self.symbols_end += 1;
        }
        *self.terms.slot(symbol.0) =
            Some(Arc::new(Term { field, text: Arc::from(text), listing: Listing::default() }));
        self.index.insert((hash, symbol));
        symbol
    }

    /// Applies a change and says how many products have the term now.
    fn change(&mut self, symbol: Symbol, change: impl FnOnce(&mut Term)) -> usize {
        let Some(term) = self.terms.slot(symbol.0) else { return 0 };
        let term = Arc::make_mut(term);
        let before = term.listing.by_id.count();
        change(term);
        let count = term.listing.by_id.count();
        if count != before {
            *self.log_frequency.slot(symbol.0) = (count as f64).ln();
        }
        count
    }
}

/// Of this process only: never stored, never compared with another's.
pub(crate) fn hash(field: impl Hash, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    field.hash(&mut hasher);
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use rebound_domain::ids::ProductId;
    use rebound_domain::money::Money;

    use super::*;

    fn place(id: u32) -> Place {
        Place { id: ProductId(id), price: Money(1), units: 0 }
    }

    #[test]
    fn terms_of_equal_hash_are_told_apart_by_field_and_text() {
        let mut dictionary = Dictionary::default();
        let red = dictionary.add(7, Field::Title, "red");
        let tag = dictionary.add(7, Field::Tag, "red");
        let blue = dictionary.add(7, Field::Title, "blue");
        assert_eq!(dictionary.find_hashed(7, Field::Title, "red"), Some(red));
        assert_eq!(dictionary.find_hashed(7, Field::Tag, "red"), Some(tag));
        assert_eq!(dictionary.find_hashed(7, Field::Title, "blue"), Some(blue));
        assert_eq!(dictionary.find_hashed(7, Field::Title, "green"), None);
        assert_eq!(dictionary.find_hashed(8, Field::Title, "red"), None);
    }

    #[test]
    fn a_term_that_no_product_has_is_forgotten_and_its_symbol_used_again() {
        let mut dictionary = Dictionary::default();
        let red = dictionary.join(Field::Title, "red", place(1));
        assert_eq!(dictionary.join(Field::Title, "red", place(2)), red);
        let before = dictionary.clone();
        dictionary.leave(red, place(1));
        assert_eq!(dictionary.find(Field::Title, "red"), Some(red));
        dictionary.leave(red, place(2));
        assert_eq!((dictionary.find(Field::Title, "red"), dictionary.count()), (None, 0));
        assert_eq!(dictionary.join(Field::Title, "blue", place(1)), red);
        assert_ne!(dictionary.join(Field::Title, "green", place(1)), red);
        assert_eq!(before.find(Field::Title, "red"), Some(red));
    }
}
