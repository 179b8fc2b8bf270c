//! Coupons, surprises and rewards as a plan tells them.

use rebound_domain::answer as domain;
use rebound_domain::coupon::Coupon as DomainCoupon;
use rebound_domain::plan::{PlanCoupon, PlanDraw, PlanReward};
use serde::Serialize;
use utoipa::ToSchema;

use super::plan::{Line, lines};
use super::policy::Stacking;
use super::scalar::{Amount, Instant, Millis, Share};

/// A coupon that exists.
#[derive(Serialize, ToSchema)]
pub(crate) struct Coupon<'a> {
    /// What the customer types: Crockford's base 32 with a check symbol. Left out of a dry run, which makes no coupon.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "7K3M-9QXV-2DFT-A")]
    code: Option<String>,
    /// Who proposed it: `namespace/name@version`.
    plugin: String,
    /// What it gives.
    benefit: Benefit,
    /// Eligible goods must reach this, before shipping.
    min_spend: Amount,
    /// The most it takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_discount: Option<Amount>,
    /// What it may be used on.
    scope: Scope<'a>,
    /// Whether it combines with others.
    stacking: Stacking,
    /// From when it can be used.
    starts_at: Instant,
    /// From when it can no longer be used.
    expires_at: Instant,
    /// Of a coupon that was drawn: which of `draws`, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    draw: Option<u32>,
    /// What the customer reads.
    copy: Vec<Line<'a>>,
}

/// A surprise, with its published odds.
#[derive(Serialize, ToSchema)]
pub(crate) struct Draw<'a> {
    /// Who proposed it: `namespace/name@version`.
    plugin: String,
    /// What it was drawn from; the odds of each are its weight through `total_weight`.
    prizes: Vec<Prize<'a>>,
    /// The sum of all weights.
    total_weight: u64,
    /// Which of the prizes was drawn, from 0. Left out of a dry run, which draws nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    drawn: Option<u32>,
    /// What the customer reads where no coupon was drawn; else that stands with the coupon.
    copy: Vec<Line<'a>>,
}

/// What is promised for something still to be done. Its code is told once it is earned.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reward<'a> {
    /// What it gives.
    benefit: Benefit,
    /// Eligible goods must reach this, before shipping.
    min_spend: Amount,
    /// The most it takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_discount: Option<Amount>,
    /// What it may be used on.
    scope: Scope<'a>,
    /// The promise ends then.
    expires_at: Instant,
}

/// One outcome of a surprise.
#[derive(Serialize, ToSchema)]
pub(crate) struct Prize<'a> {
    /// Its odds are this through the sum of all weights.
    weight: u32,
    /// Left out where nothing is won.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<Terms<'a>>,
}

/// A coupon's terms.
#[derive(Serialize, ToSchema)]
pub(crate) struct Terms<'a> {
    /// What it gives.
    benefit: Benefit,
    /// Eligible goods must reach this.
    min_spend: Amount,
    /// The most it takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_discount: Option<Amount>,
    /// What it may be used on.
    scope: Scope<'a>,
    /// After it is minted.
    starts_after_ms: Millis,
    /// From its start.
    valid_for_ms: Millis,
    /// The budget that pays.
    budget: &'a str,
}

/// What a coupon gives.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub(crate) enum Benefit {
    /// A fixed amount.
    AmountOff {
        /// How much.
        amount: Amount,
    },
    /// A share; the terms cap it.
    PercentOff {
        /// How much.
        share: Share,
    },
    /// Credit with the merchant.
    StoreCredit {
        /// How much.
        amount: Amount,
    },
    /// Shipping paid.
    FreeShipping,
    /// A product, counted at its catalogue price.
    Gift {
        /// The host's number for it.
        product_id: u32,
    },
}

/// What a coupon may be used on.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub(crate) enum Scope<'a> {
    /// Everything.
    WholeOrder,
    /// Any of these categories.
    Categories {
        /// The merchant's words.
        categories: &'a [String],
    },
    /// Any of these products.
    Products {
        /// The host's numbers for them.
        product_ids: Vec<u32>,
    },
}

impl<'a> From<&'a PlanCoupon> for Coupon<'a> {
    fn from(given: &'a PlanCoupon) -> Self {
        let PlanCoupon { plugin, coupon, draw, copy } = given;
        let DomainCoupon { code, terms, stacking, starts_at, expires_at, .. } = coupon;
        Self {
            code: code.map(|code| code.to_string()),
            plugin: plugin.to_string(),
            benefit: terms.benefit.into(),
            min_spend: terms.min_spend.into(),
            max_discount: terms.max_discount.map(Into::into),
            scope: (&terms.scope).into(),
            stacking: (*stacking).into(),
            starts_at: (*starts_at).into(),
            expires_at: (*expires_at).into(),
            draw: *draw,
            copy: lines(copy),
        }
    }
}

impl<'a> From<&'a PlanDraw> for Draw<'a> {
    fn from(draw: &'a PlanDraw) -> Self {
        Self {
            plugin: draw.plugin.to_string(),
            prizes: draw.prizes.iter().map(Into::into).collect(),
            total_weight: draw.prizes.iter().map(|prize| u64::from(prize.weight)).sum(),
            drawn: draw.drawn,
            copy: lines(&draw.copy),
        }
    }
}

impl<'a> From<&'a PlanReward> for Reward<'a> {
    fn from(reward: &'a PlanReward) -> Self {
        let DomainCoupon { terms, expires_at, .. } = &reward.coupon;
        Self {
            benefit: terms.benefit.into(),
            min_spend: terms.min_spend.into(),
            max_discount: terms.max_discount.map(Into::into),
            scope: (&terms.scope).into(),
            expires_at: (*expires_at).into(),
        }
    }
}

impl<'a> From<&'a domain::Prize> for Prize<'a> {
    fn from(prize: &'a domain::Prize) -> Self {
        Self { weight: prize.weight, terms: prize.terms.as_ref().map(Into::into) }
    }
}

impl<'a> From<&'a domain::Terms> for Terms<'a> {
    fn from(terms: &'a domain::Terms) -> Self {
        Self {
            benefit: terms.benefit.into(),
            min_spend: terms.min_spend.into(),
            max_discount: terms.max_discount.map(Into::into),
            scope: (&terms.scope).into(),
            starts_after_ms: terms.starts_after.into(),
            valid_for_ms: terms.valid_for.into(),
            budget: &terms.budget,
        }
    }
}

impl From<domain::Benefit> for Benefit {
    fn from(benefit: domain::Benefit) -> Self {
        match benefit {
            domain::Benefit::AmountOff(amount) => Self::AmountOff { amount: amount.into() },
            domain::Benefit::PercentOff(share) => Self::PercentOff { share: share.into() },
            domain::Benefit::StoreCredit(amount) => Self::StoreCredit { amount: amount.into() },
            domain::Benefit::FreeShipping => Self::FreeShipping,
            domain::Benefit::Gift(product) => Self::Gift { product_id: product.0 },
        }
    }
}

impl<'a> From<&'a domain::Scope> for Scope<'a> {
    fn from(scope: &'a domain::Scope) -> Self {
        match scope {
            domain::Scope::WholeOrder => Self::WholeOrder,
            domain::Scope::Categories(categories) => Self::Categories { categories },
            domain::Scope::Products(products) => {
                Self::Products { product_ids: products.iter().map(|product| product.0).collect() }
            }
        }
    }
}
