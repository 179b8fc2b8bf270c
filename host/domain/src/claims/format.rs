//! How values are written in one locale.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_experimental::dimension::percent::formatter::PercentFormatter;

use super::Locale;
use super::currency::CurrencyFormat;
use crate::money::{Currency, Money};

/// Formats kept per thread. A shop's customers read a few languages; a sender of made-up locales only makes the host
/// start over.
const KEPT_MAX: usize = 64;

thread_local! {
    static KEPT: RefCell<HashMap<(Locale, Currency), Rc<Format>>> = RefCell::default();
}

/// Writes counts, percentages and amounts of one currency as one locale does.
pub struct Format {
    count: DecimalFormatter,
    percent: Option<PercentFormatter<DecimalFormatter>>,
    money: CurrencyFormat,
}

impl Format {
    /// The customs of a locale; those of no locale in particular where nothing is known of it.
    #[must_use]
    pub fn new(locale: &Locale, currency: Currency) -> Self {
        let count = DecimalFormatter::try_new(locale.id().into(), Default::default())
            .or_else(|_| DecimalFormatter::try_new(Default::default(), Default::default()))
            .expect("the compiled data holds the root locale");
        let percent = PercentFormatter::try_new(locale.id().into(), Default::default()).ok();
        Self { count, percent, money: CurrencyFormat::new(locale, currency) }
    }

    /// The same, kept for the next plan of this thread: making one takes as long as a hundred amounts (25 us).
    #[must_use]
    pub fn kept(locale: &Locale, currency: Currency) -> Rc<Self> {
        KEPT.with_borrow_mut(|kept| {
            let key = (locale.clone(), currency);
            if kept.len() >= KEPT_MAX && !kept.contains_key(&key) {
                kept.clear();
            }
            Rc::clone(kept.entry(key).or_insert_with(|| Rc::new(Self::new(locale, currency))))
        })
    }

    /// A count: 1,234.
    #[must_use]
    pub fn count(&self, count: u32) -> String {
        self.count.format(&Decimal::from(count)).to_string()
    }

    /// Whole percent: 37%.
    #[must_use]
    pub fn percent(&self, percent: u32) -> String {
        let percent_value = Decimal::from(percent);
        match &self.percent {
            Some(format) => format.format(&percent_value).to_string(),
            None => format!("{}%", self.count(percent)),
        }
    }

    /// An amount, exact to the minor unit: $1,234.50, ￥1,234.
    #[must_use]
    pub fn money(&self, amount: Money) -> String {
        self.money.format(&self.count, amount)
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Format").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
