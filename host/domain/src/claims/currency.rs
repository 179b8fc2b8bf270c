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
    /// None where CLDR's customs would round a minor unit away: a price is said exactly or not at all.
    customary: Option<CurrencyFormatter<DecimalFormatter>>,
}

impl CurrencyFormat {
    pub(super) fn new(locale: &Locale, currency: Currency) -> Self {
        let customary = CurrencyType::try_from_str(currency.as_str()).ok().and_then(|code| {
            CurrencyFormatter::try_new_symbol(locale.id().into(), code, Default::default()).ok()
        });
        let is_exact = |format: &CurrencyFormatter<DecimalFormatter>| {
            let text = |amount| format.format_fixed_decimal(&decimal(currency, amount)).to_string();
            text(Money(1)) != text(Money(2))
        };
        Self { currency, customary: customary.filter(is_exact) }
    }

    /// `plain` writes the digits where there is no custom.
    pub(super) fn format(&self, plain: &DecimalFormatter, amount: Money) -> String {
        let amount = decimal(self.currency, amount);
        match &self.customary {
            Some(customary) => customary.format_fixed_decimal(&amount).to_string(),
            None => format!("{}\u{a0}{}", self.currency, plain.format(&amount)),
        }
    }
}

/// An amount in major units, with as many fraction digits as the currency has.
fn decimal(currency: Currency, amount: Money) -> Decimal {
    let mut decimal = Decimal::from(amount.0);
    decimal.multiply_pow10(-currency.exponent());
    decimal
}
