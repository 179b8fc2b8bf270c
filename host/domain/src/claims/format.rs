//! How values are written in one locale.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_experimental::dimension::percent::formatter::PercentFormatter;

use super::Locale;
use super::currency::CurrencyFormat;
use crate::money::{Currency, Money};

/// Writes counts, percentages and amounts of one currency as one locale does. Made once per plan.
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
