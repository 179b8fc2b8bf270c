//! What the merchant allows, as the operator writes it down.

mod check;

use serde::{Deserialize, Serialize};

use crate::ids::{BudgetId, PluginRef};
use crate::money::{BasisPoints, Currency, Money};
use crate::situation::{Allowance, Allowed, Order};
use crate::time::{Duration, Instant};

pub use check::PolicyError;

/// What becomes of an order's discount when part of the order comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartialDiscount {
    /// The customer keeps it.
    #[default]
    Keep,
    /// The refund stands, the lost discount is charged.
    Rebill,
    /// The lost discount is taken off the refund.
    Reclaim,
}

impl PartialDiscount {
    /// The contract's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PartialDiscount::Keep => "keep",
            PartialDiscount::Rebill => "rebill",
            PartialDiscount::Reclaim => "reclaim",
        }
    }
}

/// The merchant's policy. One per deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The one currency of catalogue, orders and returns.
    pub currency: Currency,
    /// IANA name; decides days, months and quiet hours.
    pub timezone: String,
    /// Allowed resolutions; always holds `refund`.
    pub resolutions: Vec<String>,
    /// From delivery (or the order, when delivery is unknown).
    pub return_window: Duration,
    /// Order discounts at partial returns.
    pub partial_discount: PartialDiscount,
    /// Allowed care actions.
    pub care: Vec<String>,
    /// The dearest incentive, as a share of the paid price.
    pub incentive_share_max: BasisPoints,
    /// The longest price hold.
    pub hold_max: Duration,
    /// Stock is said only at or below this many units.
    pub low_stock: u32,
    /// What becomes of a template whose own words break a rule.
    #[serde(default)]
    pub claims: ClaimsMode,
    /// Namespaces of plugins whose texts are the operator's own; those of all others are read and approved first.
    #[serde(default = "own_namespaces")]
    pub own_namespaces: Vec<String>,
}

/// What becomes of a template whose own words break a rule (`docs/claims.md`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimsMode {
    /// It is not published, and where it is, not said.
    #[default]
    Enforce,
    /// It is published and said, and every plan that says it tells so.
    Report,
}

/// The namespace of the strategies that come with the host.
fn own_namespaces() -> Vec<String> {
    vec!["rebound".to_owned()]
}

impl Policy {
    /// The policy of a deployment that has said nothing but its currency: refunds, exchanges and credit within
    /// the 7 days of Chinese law at least (30 here, the wider custom), nothing given away beyond 20 %.
    #[must_use]
    pub fn standard(currency: Currency) -> Self {
        Self {
            currency,
            timezone: "UTC".to_owned(),
            resolutions: ["refund", "exchange", "store-credit"].map(str::to_owned).to_vec(),
            return_window: Duration::days(30),
            partial_discount: PartialDiscount::Keep,
            care: ["priority-reship", "inspection-report"].map(str::to_owned).to_vec(),
            incentive_share_max: BasisPoints(2_000),
            hold_max: Duration::hours(24),
            low_stock: 10,
            claims: ClaimsMode::Enforce,
            own_namespaces: own_namespaces(),
        }
    }

    /// Whether a plugin's texts are the operator's own.
    #[must_use]
    pub fn owns(&self, plugin: &PluginRef) -> bool {
        let namespace = plugin.name.as_str().split('/').next().unwrap_or_default();
        self.own_namespaces.iter().any(|own| own == namespace)
    }

    /// Until when all of it may be returned: the earliest end over the orders, each counted from its delivery, or
    /// from its placing when the delivery is unknown. Unknown when it is unknown of any order, or without one.
    fn window_ends<'a>(&self, orders: impl IntoIterator<Item = Option<&'a Order>>) -> Option<Instant> {
        let ends = |order: Option<&Order>| {
            let order = order?;
            order.delivered_at.or(order.ordered_at).map(|at| at + self.return_window)
        };
        orders.into_iter().map(ends).collect::<Option<Vec<_>>>()?.into_iter().min()
    }
}

/// The policy as it bears on one return: `paid` for all that comes back, from these orders; none for an order that
/// a line names and the host does not know. No coupon has been minted yet, so every budget still has its whole share
/// for every customer.
#[must_use]
pub fn allowed_for<'a>(
    policy: &Policy,
    budgets: impl IntoIterator<Item = &'a Budget>,
    paid: Money,
    orders: impl IntoIterator<Item = Option<&'a Order>>,
) -> Allowed {
    let allowances = budgets.into_iter().map(|budget| Allowance {
        budget: budget.id.clone(),
        benefits: budget.benefits.clone(),
        max_value: budget.max_value,
        left_for_customer: budget.per_customer,
    });
    Allowed {
        resolutions: policy.resolutions.clone(),
        window_ends: policy.window_ends(orders),
        partial_discount: policy.partial_discount.word().to_owned(),
        care: policy.care.clone(),
        budgets: allowances.collect(),
        incentive_max: paid.share(policy.incentive_share_max),
        hold_max: policy.hold_max,
        extra: Vec::new(),
    }
}

/// A coupon budget, as the operator declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Its id.
    pub id: BudgetId,
    /// The deployment's.
    pub currency: Currency,
    /// All coupons of it together, at their maximum value.
    pub limit: Money,
    /// Which benefits it pays for.
    pub benefits: Vec<String>,
    /// The dearest single coupon.
    pub max_value: Money,
    /// Whether its coupons combine with others.
    pub stacking: Stacking,
    /// How many coupons one customer may ever get from it.
    pub per_customer: u32,
}

/// Whether coupons combine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stacking {
    /// With no other.
    #[default]
    Exclusive,
    /// With any other that says so too.
    Combinable,
}

#[cfg(test)]
mod tests;
