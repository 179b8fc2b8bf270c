//! Amounts of money in a locale. ICU4X's currency formatting is still experimental: all of it that we use is here.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_experimental::dimension::currency::CurrencyType;
use icu_experimental::dimension::currency::formatter::CurrencyFormatter;

use super::Locale;
use crate::money::{Currency, Money};

/// Writes amounts of one currency as one locale does.
pub(super) struct CurrencyFormat {
    currency: Currency,
    customary: Option<Customary>,
}

/// A locale's own way to write a currency.
struct Customary {
    format: CurrencyFormatter<DecimalFormatter>,
    /// The smallest amount it writes: CLDR leaves out the hundredths of the forint, which ISO 4217 has.
    granule: Money,
}

impl CurrencyFormat {
    pub(super) fn new(locale: &Locale, currency: Currency) -> Self {
        Self { currency, customary: Customary::new(locale, currency) }
    }

    /// An amount, exact to the minor unit: by custom where custom rounds nothing away, else by the currency's code
    /// and all of its digits, as `plain` writes them.
    pub(super) fn format(&self, plain: &DecimalFormatter, amount: Money) -> String {
        let digits = decimal(self.currency, amount);
        match &self.customary {
            Some(Customary { format, granule }) if amount.0 % granule.0 == 0 => {
                format.format_fixed_decimal(&digits).to_string()
            }
            _ => format!("{}\u{a0}{}", self.currency, plain.format(&digits)),
        }
    }
}

impl Customary {
    fn new(locale: &Locale, currency: Currency) -> Option<Self> {
        let code = CurrencyType::try_from_str(currency.as_str()).ok()?;
        let format = CurrencyFormatter::try_new_symbol(locale.id().into(), code, Default::default()).ok()?;
        let text = |amount| format.format_fixed_decimal(&decimal(currency, amount)).to_string();
        let granules = [1, 10, 100, 1_000, 10_000];
        let granule =
            granules.into_iter().find(|&granule| text(Money(granule)) != text(Money(2 * granule)))?;
        Some(Self { format, granule: Money(granule) })
    }
}

/// An amount in major units, with as many fraction digits as the currency has.
fn decimal(currency: Currency, amount: Money) -> Decimal {
    let mut decimal = Decimal::from(amount.0);
    decimal.multiply_pow10(-currency.exponent());
    decimal
}
