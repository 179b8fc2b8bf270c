//! What a strategy knows: the contract's `context`, in the host's own types.
//!
//! A [`Situation`] is made once per decision and shared by every stage; a [`Context`] adds what differs per
//! call. Field meanings and units are those of `wit/0.1.0/types.wit`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{BudgetId, EventId, OrderId, ProductId};
use crate::money::{Currency, Money};
use crate::policy::{Counts, Stacking};
use crate::product::{Attribute, Product};
use crate::time::{Duration, Instant};

/// What all stages of one decision share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// The moment of the decision.
    pub now: Instant,
    /// Below 2^53, for tie breaks only.
    pub seed: u64,
    /// BCP 47.
    pub locale: String,
    /// The deployment's.
    pub currency: Currency,
    /// The return.
    pub event: ReturnEvent,
    /// The customer's history up to now.
    pub customer: Customer,
    /// What the merchant allows for this event.
    pub policy: Allowed,
}

/// One call's view of a situation.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What all stages share.
    pub situation: &'a Situation,
    /// How many answers there is room for.
    pub slots: u32,
    /// JSON that satisfies the plugin's schema.
    pub config: &'a str,
    /// This plugin's state for this customer.
    pub state: Option<&'a [u8]>,
}

/// The return itself, its lines resolved to products.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReturnEvent {
    /// The event's id.
    pub id: EventId,
    /// When the customer asked.
    pub requested_at: Instant,
    /// What the customer asked for.
    pub requested_resolution: Option<String>,
    /// At least one.
    pub lines: Vec<ReturnLine>,
    /// The orders these lines come from.
    pub orders: Vec<Order>,
    /// `unknown` when nobody said.
    pub channel: String,
}

/// One line of what comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReturnLine {
    /// What.
    #[serde(with = "shared")]
    pub product: Arc<Product>,
    /// Units, at least 1.
    pub quantity: u32,
    /// Paid for these units after discounts, tax included.
    pub paid: Money,
    /// One of [`crate::event::REASONS`].
    pub reason: Option<String>,
    /// The merchant's own code.
    pub reason_code: Option<String>,
    /// The customer's words. Untrusted.
    pub note: Option<String>,
    /// Index into the event's orders.
    pub order: Option<u32>,
}

/// An order this return comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The merchant's name for it.
    pub id: OrderId,
    /// When it was placed.
    pub ordered_at: Option<Instant>,
    /// When it arrived.
    pub delivered_at: Option<Instant>,
    /// What it held.
    pub lines: Vec<OrderLine>,
    /// Taken off the whole order.
    pub discount: Money,
    /// The coupon code used on it.
    pub coupon: Option<String>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// What.
    pub product: ProductId,
    /// Units ordered.
    pub quantity: u32,
    /// Units returned so far, this return not counted.
    pub returned: u32,
    /// Paid for the line after discounts, tax included.
    pub paid: Money,
}

/// One line of an earlier order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// What.
    pub product: ProductId,
    /// Paid for the line after discounts, tax included.
    pub paid: Money,
    /// Units.
    pub quantity: u32,
    /// When.
    pub at: Instant,
    /// Units returned since.
    pub returned: u32,
}

/// The customer's history up to now. Never an identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Orders placed.
    pub orders: u32,
    /// Returns asked for, this one not counted.
    pub returns: u32,
    /// Exchanges taken.
    pub exchanges: u32,
    /// Paid over all orders.
    pub spent: Money,
    /// Returned value over all returns, this one not counted.
    pub refunded: Money,
    /// The first order.
    pub first_order_at: Option<Instant>,
    /// The latest order.
    pub last_order_at: Option<Instant>,
    /// The merchant's own words.
    pub traits: Vec<String>,
    /// The latest 50 lines, newest first.
    pub purchases: Vec<Purchase>,
    /// What this customer was already told.
    pub prior: Prior,
    /// Channels with consent now.
    pub reachable: Vec<String>,
}

/// What this customer was already told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// Plans of the last 30 days.
    pub plans_30d: u32,
    /// Plans for the orders of this return.
    pub plans_this_order: u32,
    /// Products offered in the last 30 days.
    pub offers_shown: Vec<ProductId>,
    /// Coupons that can still be redeemed.
    pub coupons_open: u32,
    /// Coupons redeemed.
    pub coupons_redeemed: u32,
    /// The latest plan.
    pub last_plan_at: Option<Instant>,
}

/// One budget a coupon may draw on, for this customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Which budget.
    pub budget: BudgetId,
    /// Which benefits it pays for.
    pub benefits: Vec<String>,
    /// The dearest single coupon.
    pub max_value: Money,
    /// How many more this customer may get.
    pub left_for_customer: u32,
    /// What the budget counts; not told to strategies.
    pub counts: Counts,
    /// What is left in it: minor units, or uses. Not told to strategies, which see it in `max_value` only.
    pub left: i64,
    /// Whether its coupons combine with others; not told to strategies.
    pub stacking: Stacking,
}

/// The merchant's policy as it bears on this event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// Allowed resolutions.
    pub resolutions: Vec<String>,
    /// When the right to return ends, if known.
    pub window_ends: Option<Instant>,
    /// keep, rebill or reclaim.
    pub partial_discount: String,
    /// Allowed care actions.
    pub care: Vec<String>,
    /// Budgets that coupons may draw on.
    pub budgets: Vec<Allowance>,
    /// The dearest incentive for this return.
    pub incentive_max: Money,
    /// The longest price hold.
    pub hold_max: Duration,
    /// For keys of a later contract.
    pub extra: Vec<Attribute>,
}

/// How what is shared in memory is recorded: by its value.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}
