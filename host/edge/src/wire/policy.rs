//! What the merchant allows, and the budgets that coupons draw on.

use rebound_domain::ids::BudgetId;
use rebound_domain::money::{Currency, Money};
use rebound_domain::policy as domain;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::read::or_default;
use super::scalar::{Amount, Count, Millis, Share};

/// The merchant's policy. What is left out of a `PUT` gets the standard value again.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// ISO 4217: the one currency of catalogue, orders and returns. Fixed once there are products.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CNY")]
    currency: Currency,
    /// IANA name; decides days, months and quiet hours. Standard: UTC.
    timezone: Option<String>,
    /// Allowed resolutions: refund (always), exchange, store-credit, repair, keep-item. Standard: the first three.
    resolutions: Option<Vec<String>>,
    /// From delivery, or the order where delivery is unknown. Standard: 30 days.
    return_window_ms: Option<Millis>,
    /// Order discounts at partial returns. Standard: keep.
    partial_discount: Option<PartialDiscount>,
    /// Allowed care actions. Standard: priority-reship, inspection-report.
    care: Option<Vec<String>>,
    /// The dearest incentive, of the paid price. Standard: 2,000.
    #[schema(maximum = 10_000)]
    incentive_share_max: Option<Share>,
    /// The longest price hold. Standard: 24 hours.
    hold_max_ms: Option<Millis>,
    /// Stock is said only at or below this many units. Standard: 10.
    low_stock: Option<Count>,
    /// Smaller incentives for those who return often. Standard: from the third return in 30 days on, each takes a
    /// quarter off.
    diminishing: Option<Diminishing>,
    /// From which return of the same order on no incentive is given. Standard: 3.
    #[schema(minimum = 1)]
    hidden_from_probe: Option<Count>,
    /// What becomes of a text that says what only facts may say: enforce refuses it when it is published, report
    /// publishes it and tells on every plan that says it. Standard: enforce.
    claims: Option<ClaimsMode>,
    /// Namespaces of plugins whose texts are the operator's own; those of all others need an approval. Standard: rebound.
    own_namespaces: Option<Vec<String>>,
}

/// How incentives shrink with a customer's returns.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Diminishing {
    /// Returns of the last 30 days, before this one, that cost nothing.
    free_returns: Count,
    /// What each further one takes off the incentive, of the whole.
    #[schema(maximum = 10_000)]
    step: Share,
}

/// What becomes of a text that says what only facts may say.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClaimsMode {
    /// It is refused.
    Enforce,
    /// It is told of.
    Report,
}

/// What becomes of an order's discount when part of the order comes back.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PartialDiscount {
    /// The customer keeps it.
    Keep,
    /// The refund stands, the lost discount is charged.
    Rebill,
    /// The lost discount is taken off the refund.
    Reclaim,
}

/// A coupon budget.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// ISO 4217; the deployment's.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CNY")]
    currency: Currency,
    /// What the limit counts: money (at what coupons are worth at most), or coupons. Money when left out.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    counts: Counts,
    /// All coupons of it together: in minor units, or how many.
    #[schema(minimum = 0)]
    limit: Amount,
    /// The dearest single coupon.
    #[schema(minimum = 0)]
    max_value: Amount,
    /// Which benefits it pays for: amount-off, percent-off, store-credit, free-shipping, gift.
    benefits: Vec<String>,
    /// Whether its coupons combine with others; exclusive when left out.
    #[serde(default, deserialize_with = "or_default")]
    #[schema(nullable)]
    stacking: Stacking,
    /// How many coupons one customer may ever get from it; 1 when left out.
    #[serde(default = "one", deserialize_with = "or_one")]
    #[schema(nullable)]
    per_customer: Count,
}

/// Every coupon budget, with what it was charged.
#[derive(Serialize, ToSchema)]
pub(crate) struct BudgetList {
    /// By id.
    pub(crate) budgets: Vec<BudgetState>,
}

/// A coupon budget, and what is left of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct BudgetState {
    /// Its id.
    id: String,
    /// What the operator declared.
    budget: Budget,
    /// What coupons that have not ended unused have charged it: minor units, or how many.
    charged: Amount,
    /// What is left.
    left: Amount,
}

impl From<(domain::Budget, i128)> for BudgetState {
    fn from((budget, charged): (domain::Budget, i128)) -> Self {
        let charged = Money(i64::try_from(charged).unwrap_or(i64::MAX));
        let left = (budget.limit - charged).max(Money::ZERO);
        Self { id: budget.id.to_string(), budget: budget.into(), charged: charged.into(), left: left.into() }
    }
}

/// What a budget's limit counts.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Counts {
    /// Money, at what coupons are worth at most.
    #[default]
    Spend,
    /// Coupons, whatever they are worth.
    Uses,
}

/// Whether coupons combine.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stacking {
    /// With no other.
    #[default]
    Exclusive,
    /// With any other that says so too.
    Combinable,
}

fn one() -> Count {
    Count(1)
}

fn or_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(one))
}

impl From<Policy> for domain::Policy {
    fn from(policy: Policy) -> Self {
        let standard = Self::standard(policy.currency);
        Self {
            currency: policy.currency,
            timezone: policy.timezone.unwrap_or(standard.timezone),
            resolutions: policy.resolutions.unwrap_or(standard.resolutions),
            return_window: policy.return_window_ms.map_or(standard.return_window, Into::into),
            partial_discount: policy.partial_discount.map_or(standard.partial_discount, Into::into),
            care: policy.care.unwrap_or(standard.care),
            incentive_share_max: policy.incentive_share_max.map_or(standard.incentive_share_max, Into::into),
            hold_max: policy.hold_max_ms.map_or(standard.hold_max, Into::into),
            low_stock: policy.low_stock.map_or(standard.low_stock, |stock| stock.0),
            diminishing: policy.diminishing.map_or(standard.diminishing, Into::into),
            hidden_from_probe: policy.hidden_from_probe.map_or(standard.hidden_from_probe, |count| count.0),
            claims: match policy.claims {
                None => standard.claims,
                Some(ClaimsMode::Enforce) => domain::ClaimsMode::Enforce,
                Some(ClaimsMode::Report) => domain::ClaimsMode::Report,
            },
            own_namespaces: policy.own_namespaces.unwrap_or(standard.own_namespaces),
        }
    }
}

impl From<domain::Policy> for Policy {
    fn from(policy: domain::Policy) -> Self {
        Self {
            currency: policy.currency,
            timezone: Some(policy.timezone),
            resolutions: Some(policy.resolutions),
            return_window_ms: Some(policy.return_window.into()),
            partial_discount: Some(policy.partial_discount.into()),
            care: Some(policy.care),
            incentive_share_max: Some(policy.incentive_share_max.into()),
            hold_max_ms: Some(policy.hold_max.into()),
            low_stock: Some(Count(policy.low_stock)),
            diminishing: Some(policy.diminishing.into()),
            hidden_from_probe: Some(Count(policy.hidden_from_probe)),
            claims: Some(match policy.claims {
                domain::ClaimsMode::Enforce => ClaimsMode::Enforce,
                domain::ClaimsMode::Report => ClaimsMode::Report,
            }),
            own_namespaces: Some(policy.own_namespaces),
        }
    }
}

impl From<Diminishing> for domain::Diminishing {
    fn from(given: Diminishing) -> Self {
        Self { free_returns: given.free_returns.0, step: given.step.into() }
    }
}

impl From<domain::Diminishing> for Diminishing {
    fn from(given: domain::Diminishing) -> Self {
        Self { free_returns: Count(given.free_returns), step: given.step.into() }
    }
}

impl From<PartialDiscount> for domain::PartialDiscount {
    fn from(discount: PartialDiscount) -> Self {
        match discount {
            PartialDiscount::Keep => Self::Keep,
            PartialDiscount::Rebill => Self::Rebill,
            PartialDiscount::Reclaim => Self::Reclaim,
        }
    }
}

impl From<domain::PartialDiscount> for PartialDiscount {
    fn from(discount: domain::PartialDiscount) -> Self {
        match discount {
            domain::PartialDiscount::Keep => Self::Keep,
            domain::PartialDiscount::Rebill => Self::Rebill,
            domain::PartialDiscount::Reclaim => Self::Reclaim,
        }
    }
}

impl Budget {
    pub(crate) fn into_domain(self, id: BudgetId) -> domain::Budget {
        domain::Budget {
            id,
            currency: self.currency,
            counts: match self.counts {
                Counts::Spend => domain::Counts::Spend,
                Counts::Uses => domain::Counts::Uses,
            },
            limit: self.limit.into(),
            benefits: self.benefits,
            max_value: self.max_value.into(),
            stacking: match self.stacking {
                Stacking::Exclusive => domain::Stacking::Exclusive,
                Stacking::Combinable => domain::Stacking::Combinable,
            },
            per_customer: self.per_customer.0,
        }
    }
}

impl From<domain::Budget> for Budget {
    fn from(budget: domain::Budget) -> Self {
        Self {
            currency: budget.currency,
            counts: match budget.counts {
                domain::Counts::Spend => Counts::Spend,
                domain::Counts::Uses => Counts::Uses,
            },
            limit: budget.limit.into(),
            max_value: budget.max_value.into(),
            benefits: budget.benefits,
            stacking: budget.stacking.into(),
            per_customer: Count(budget.per_customer),
        }
    }
}

impl From<domain::Stacking> for Stacking {
    fn from(stacking: domain::Stacking) -> Self {
        match stacking {
            domain::Stacking::Exclusive => Self::Exclusive,
            domain::Stacking::Combinable => Self::Combinable,
        }
    }
}
