//! The forms a coupon can take, and which suits whom.

use std::collections::BTreeMap;

use rebound_sdk::{schemars, serde};

/// What kind of coupon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "rebound_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "rebound_sdk::schemars")]
pub enum Form {
    /// An amount off from a minimum spend.
    Threshold,
    /// A share off, bounded.
    Percent,
    /// Credit on top of the refund.
    StoreCredit,
    /// Shipping of the next order.
    FreeShipping,
    /// A product with the next order.
    Gift,
    /// One of several amounts or nothing, drawn by the host.
    Surprise,
}

macro_rules! parameters {
    ($($(#[$meta:meta])* struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ })+) => {
        $($(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(crate = "rebound_sdk::serde", deny_unknown_fields)]
        #[schemars(crate = "rebound_sdk::schemars")]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)+
        })+
    };
}

parameters! {
    /// "100 off from 399", minor units.
    struct Threshold {
        /// Taken off.
        #[schemars(range(min = 1))]
        amount: i64,
        /// Goods must reach this, before shipping.
        #[schemars(range(min = 0))]
        min_spend: i64,
    }

    /// "10 % off, at most a fifth of what you paid", basis points.
    struct Percent {
        /// Taken off the next order.
        #[schemars(range(min = 1, max = 10_000))]
        share_bp: u32,
        /// At most this share of what was paid for the return.
        #[schemars(range(min = 1, max = 10_000))]
        max_discount_bp: u32,
    }

    /// A share of what was paid for the return, basis points.
    struct Share {
        /// Credited.
        #[schemars(range(min = 1, max = 10_000))]
        share_bp: u32,
    }

    /// A product that comes with the next order.
    struct Gift {
        /// What a gift is tagged with in the catalogue.
        #[schemars(length(min = 1, max = 64))]
        tag: String,
        /// Goods of the order must reach this, before shipping; minor units.
        #[schemars(range(min = 0))]
        min_spend: i64,
    }

    /// One outcome of a surprise.
    struct Prize {
        /// Of what was paid for the return, basis points; 0 for no prize.
        #[schemars(range(max = 10_000))]
        share_bp: u32,
        /// Its odds are weight / sum of weights.
        #[schemars(range(min = 1, max = 1_000_000))]
        weight: u32,
    }
}

/// Each with a threshold to fall back on. Who was let down by quality gets a reason to come back for more than one
/// thing; who missed the size gets the next parcel sent for nothing; who counts every yuan gets a share off; who
/// buys on a whim gets a surprise; who stays gets credit or a gift; who sends much back gets a threshold alone.
pub(crate) fn by_segment() -> BTreeMap<String, Vec<Form>> {
    use Form::{FreeShipping, Gift, Percent, StoreCredit, Surprise, Threshold};
    let forms: [(&str, &[Form]); 8] = [
        ("quality-sensitive", &[Threshold, StoreCredit]),
        ("fit", &[FreeShipping, Threshold]),
        ("style", &[Gift, Threshold]),
        ("price-sensitive", &[Percent, Threshold]),
        ("impulse", &[Surprise, Threshold]),
        ("loyal", &[StoreCredit, Gift, Threshold]),
        ("first-timer", &[FreeShipping, Threshold]),
        ("serial-returner", &[Threshold]),
    ];
    forms.into_iter().map(|(segment, forms)| (segment.to_string(), forms.to_vec())).collect()
}
