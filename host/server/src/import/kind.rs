//! What can be imported, and the fields that each takes.

use std::fmt;

use clap::ValueEnum;
use serde::Deserialize;

/// What an import brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Products: what can be bought, returned and offered.
    Catalog,
    /// Orders: the customers' history, and what similar tastes are learned from.
    Orders,
    /// What the merchant says of customers: traits, consent, locale.
    Customers,
}

/// A field of what is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) need: Need,
}

/// How a field's text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is, without the white space around it.
    Text,
    /// An amount: whole minor units, or a decimal number, as the map says.
    Money,
    /// A whole number from here on.
    Count {
        /// The least that stands.
        min: u32,
    },
    /// Basis points, may be negative.
    Margin,
    /// An instant, or a local time in the map's time zone.
    Time,
    /// Several texts in one.
    Words,
    /// ISO 4217.
    Currency,
}

/// Whether a field may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It may not.
    Required,
    /// It may; empty means unknown.
    Optional,
}

const fn required(name: &'static str, form: Form) -> Field {
    Field { name, form, need: Need::Required }
}

const fn optional(name: &'static str, form: Form) -> Field {
    Field { name, form, need: Need::Optional }
}

const PRODUCT: &[Field] = &[
    required("sku", Form::Text),
    required("title", Form::Text),
    optional("category", Form::Text),
    optional("brand", Form::Text),
    required("price", Form::Money),
    optional("currency", Form::Currency),
    optional("tags", Form::Words),
    optional("style", Form::Text),
    optional("stock", Form::Count { min: 0 }),
    optional("margin", Form::Margin),
];

const ORDER: &[Field] = &[
    required(ORDER_ID, Form::Text),
    optional("customer_id", Form::Text),
    required("ordered_at", Form::Time),
    optional("delivered_at", Form::Time),
    optional("currency", Form::Currency),
    optional("discount", Form::Money),
    optional("coupon", Form::Text),
];

const ORDER_LINE: &[Field] = &[
    required("sku", Form::Text),
    required("quantity", Form::Count { min: 1 }),
    required("paid", Form::Money),
];

const CUSTOMER: &[Field] = &[
    required("customer_id", Form::Text),
    optional("traits", Form::Words),
    optional("consent", Form::Words),
    optional("locale", Form::Text),
];

/// The field that says which rows are one order.
pub(super) const ORDER_ID: &str = "id";

impl Kind {
    /// Fields of a whole record.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Kind::Catalog => PRODUCT,
            Kind::Orders => ORDER,
            Kind::Customers => CUSTOMER,
        }
    }

    /// Fields of each of its lines; none where a record is one row.
    pub(super) fn line_fields(self) -> &'static [Field] {
        match self {
            Kind::Orders => ORDER_LINE,
            Kind::Catalog | Kind::Customers => &[],
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Kind::Catalog => "/v1/catalog",
            Kind::Orders => "/v1/orders",
            Kind::Customers => "/v1/customers",
        }
    }

    /// What one record is called.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Kind::Catalog => "products",
            Kind::Orders => "orders",
            Kind::Customers => "customers",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Catalog => "catalog",
            Kind::Orders => "orders",
            Kind::Customers => "customers",
        })
    }
}
