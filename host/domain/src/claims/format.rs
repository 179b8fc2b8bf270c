//! How values are written in one locale.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_experimental::dimension::percent::formatter::PercentFormatter;

use super::Locale;
use super::currency::CurrencyFormat;
use super::moment::MomentFormat;
use crate::coupon::Odds;
use crate::money::{BasisPoints, Currency, Money};
use crate::time::{Instant, Zone};

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
    moment: MomentFormat,
}

impl Format {
    /// The customs of a locale; those of no locale in particular where nothing is known of it.
    #[must_use]
    pub fn new(locale: &Locale, currency: Currency) -> Self {
        let count = DecimalFormatter::try_new(locale.id().into(), Default::default())
            .or_else(|_| DecimalFormatter::try_new(Default::default(), Default::default()))
            .expect("the compiled data holds the root locale");
        let percent = PercentFormatter::try_new(locale.id().into(), Default::default()).ok();
        let (money, moment) = (CurrencyFormat::new(locale, currency), MomentFormat::new(locale));
        Self { count, percent, money, moment }
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
        self.percentage(&Decimal::from(percent))
    }

    /// A share, with as many digits as it has: 12.5%.
    #[must_use]
    pub fn share(&self, share: BasisPoints) -> String {
        let mut percent = Decimal::from(share.0);
        percent.multiply_pow10(-2);
        percent.absolute.trim_end();
        self.percentage(&percent)
    }

    fn percentage(&self, percent: &Decimal) -> String {
        match &self.percent {
            Some(format) => format.format(percent).to_string(),
            None => format!("{}%", self.count.format(percent)),
        }
    }

    /// Odds: in percent where that is exact, else as a fraction, 1/3.
    #[must_use]
    pub fn odds(&self, odds: Odds) -> String {
        match odds.basis_points() {
            Some(share) => self.share(BasisPoints(share)),
            None => {
                let Odds { prized, total } = odds.reduced();
                format!("{}/{}", self.whole(prized), self.whole(total))
            }
        }
    }

    fn whole(&self, number: u64) -> String {
        self.count.format(&Decimal::from(number)).to_string()
    }

    /// A moment on a place's clock, with that clock's distance from UTC: nobody has to guess whose four o'clock it is.
    #[must_use]
    pub fn moment(&self, at: Instant, zone: &dyn Zone) -> String {
        self.moment.format(at, zone)
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
