//! What can be imported, and the fields that each takes.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What an import brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Products: what can be bought, returned and offered.
    Catalog,
    /// Orders: the customers' history, and what similar tastes are learned from.
    Orders,
    /// Returns that were dealt with before Rebound: what customers gave back. They get no plan.
    Returns,
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
    required("id", Form::Text),
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

const RETURN: &[Field] = &[
    required("return_id", Form::Text),
    required("customer_id", Form::Text),
    required("requested_at", Form::Time),
    optional("currency", Form::Currency),
];

const RETURN_LINE: &[Field] = &[
    required("sku", Form::Text),
    required("quantity", Form::Count { min: 1 }),
    required("paid", Form::Money),
    optional("order_id", Form::Text),
];

const CUSTOMER: &[Field] = &[
    required("customer_id", Form::Text),
    optional("traits", Form::Words),
    optional("consent", Form::Words),
    optional("locale", Form::Text),
];

impl Kind {
    /// Fields of a whole record.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Kind::Catalog => PRODUCT,
            Kind::Orders => ORDER,
            Kind::Returns => RETURN,
            Kind::Customers => CUSTOMER,
        }
    }

    /// Fields of each of its lines; none where a record is one row.
    pub(super) fn line_fields(self) -> &'static [Field] {
        match self {
            Kind::Orders => ORDER_LINE,
            Kind::Returns => RETURN_LINE,
            Kind::Catalog | Kind::Customers => &[],
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Kind::Catalog => "/v1/catalog",
            Kind::Orders => "/v1/orders",
            Kind::Returns => "/v1/past-returns",
            Kind::Customers => "/v1/customers",
        }
    }

    /// The field that names a record.
    pub(super) fn id(self) -> &'static str {
        self.fields()[0].name
    }

    /// One record, in a sentence.
    pub(super) fn one(self) -> &'static str {
        match self {
            Kind::Catalog => "product",
            Kind::Orders => "order",
            Kind::Returns => "return",
            Kind::Customers => "customer",
        }
    }

    /// What records are called.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Kind::Catalog => "products",
            Kind::Orders => "orders",
            Kind::Returns => "returns",
            Kind::Customers => "customers",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Catalog => "catalog",
            Kind::Orders => "orders",
            Kind::Returns => "returns",
            Kind::Customers => "customers",
        })
    }
}
