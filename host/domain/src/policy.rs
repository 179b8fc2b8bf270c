//! What the merchant allows, as the operator writes it down.

mod check;

use serde::{Deserialize, Serialize};

use crate::ids::{BudgetId, Namespace, PluginRef};
use crate::money::{BasisPoints, Currency, Money};
use crate::situation::{Allowance, Allowed, Order, Prior};
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
    /// Smaller incentives for those who return often.
    #[serde(default)]
    pub diminishing: Diminishing,
    /// From which return of the same order on no incentive is given: whoever sends an order back piece by piece is
    /// looking for the best one. 3 by default.
    #[serde(default = "hidden_from_probe")]
    pub hidden_from_probe: u32,
    /// What becomes of a template whose own words break a rule.
    #[serde(default)]
    pub claims: ClaimsMode,
    /// Namespaces of plugins whose texts are the operator's own; those of all others are read and approved first.
    #[serde(default = "own_namespaces")]
    pub own_namespaces: Vec<String>,
}

/// How incentives shrink with a customer's returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diminishing {
    /// Returns of the last 30 days, before this one, that cost nothing.
    pub free_returns: u32,
    /// What each further one takes off the incentive, of the whole.
    pub step: BasisPoints,
}

impl Default for Diminishing {
    /// Two returns a month are ordinary; from the third on each takes a quarter, and the sixth leaves nothing.
    fn default() -> Self {
        Self { free_returns: 2, step: BasisPoints(2_500) }
    }
}

impl Diminishing {
    /// The share of the incentive that is left after so many returns in 30 days.
    #[must_use]
    pub fn share(self, returns: u32) -> BasisPoints {
        let taken = returns.saturating_sub(self.free_returns).saturating_mul(self.step.0);
        BasisPoints(BasisPoints::WHOLE.0.saturating_sub(taken))
    }
}

fn hidden_from_probe() -> u32 {
    3
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
            diminishing: Diminishing::default(),
            hidden_from_probe: hidden_from_probe(),
            claims: ClaimsMode::Enforce,
            own_namespaces: own_namespaces(),
        }
    }

    /// Whether a plugin's texts are the operator's own.
    #[must_use]
    pub fn owns(&self, plugin: &PluginRef) -> bool {
        self.owns_namespace(&plugin.name.namespace())
    }

    /// Whether a namespace is the operator's own.
    #[must_use]
    pub fn owns_namespace(&self, namespace: &Namespace) -> bool {
        self.own_namespaces.iter().any(|own| own == namespace.as_str())
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

/// A budget, and what is left of it for one customer.
#[derive(Debug, Clone, Copy)]
pub struct BudgetLeft<'a> {
    /// The budget.
    pub budget: &'a Budget,
    /// What it was charged so far: minor units, or uses.
    pub charged: i128,
    /// Coupons this customer has had from it.
    pub had: u32,
}

/// The policy as it bears on one return: `paid` for all that comes back, from these orders; none for an order that
/// a line names and the host does not know.
///
/// Nothing may be given away on the third return of one order (see [`Policy::hidden_from_probe`]); a budget that is
/// spent, or of which this customer has had all, is not there.
#[must_use]
pub fn allowed_for<'a>(
    policy: &Policy,
    budgets: impl IntoIterator<Item = BudgetLeft<'a>>,
    prior: &Prior,
    paid: Money,
    orders: impl IntoIterator<Item = Option<&'a Order>>,
) -> Allowed {
    let is_hidden = prior.plans_this_order.saturating_add(1) >= policy.hidden_from_probe;
    let share = if is_hidden { BasisPoints(0) } else { policy.diminishing.share(prior.plans_30d) };
    let incentive_max = paid.share(policy.incentive_share_max).share(share);
    let allowances = budgets.into_iter().filter(|_| !is_hidden).filter_map(BudgetLeft::allowance);
    Allowed {
        resolutions: policy.resolutions.clone(),
        window_ends: policy.window_ends(orders),
        partial_discount: policy.partial_discount.word().to_owned(),
        care: policy.care.clone(),
        budgets: allowances.collect(),
        incentive_max,
        hold_max: policy.hold_max,
        extra: Vec::new(),
    }
}

impl BudgetLeft<'_> {
    /// What this customer may get; none when there is nothing to get.
    fn allowance(self) -> Option<Allowance> {
        let Self { budget, charged, had } = self;
        let left = (i128::from(budget.limit.0) - charged).clamp(0, i64::MAX.into());
        let left = i64::try_from(left).expect("clamped to what fits");
        let left_for_customer = budget.per_customer.saturating_sub(had);
        let max_value = match budget.counts {
            Counts::Spend => budget.max_value.min(Money(left)),
            Counts::Uses => budget.max_value,
        };
        (left > 0 && left_for_customer > 0).then(|| Allowance {
            budget: budget.id.clone(),
            benefits: budget.benefits.clone(),
            max_value,
            left_for_customer,
            counts: budget.counts,
            left,
            stacking: budget.stacking,
        })
    }
}

/// A coupon budget, as the operator declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Its id.
    pub id: BudgetId,
    /// The deployment's.
    pub currency: Currency,
    /// What its limit counts.
    #[serde(default)]
    pub counts: Counts,
    /// All coupons of it together: at their maximum value, or how many there may be.
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

/// What a budget's limit counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// Money, at what coupons are worth at most.
    #[default]
    Spend,
    /// Coupons, whatever they are worth.
    Uses,
}

impl Counts {
    /// The interface's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Counts::Spend => "spend",
            Counts::Uses => "uses",
        }
    }
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
