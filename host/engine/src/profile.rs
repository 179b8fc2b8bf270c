//! What the host remembers of a customer, in one record: what every decision needs and nothing else.
//!
//! Orders may arrive late and in any order; every rule here gives the same profile whichever way they came.

use std::collections::BTreeMap;

use rebound_domain::coupon::Coupon;
use rebound_domain::event::CustomerRequest;
use rebound_domain::ids::{BudgetId, Digest, OrderId, ProductId};
use rebound_domain::money::Money;
use rebound_domain::situation::{Customer, Prior, Purchase};
use rebound_domain::time::{Duration, Instant};
use rebound_storage::VALUE_BYTES_MAX;
use serde::{Deserialize, Serialize};

use crate::identity::SEAL_BYTES;
use crate::records::{OrderRecord, encode};

/// Plans kept for `prior`; a customer with more in 30 days is told no less by the count stopping here.
const PLANS_KEPT: usize = 64;

/// Open coupons kept; a customer with more is told of the ones that end last.
const COUPONS_KEPT: usize = 64;

/// Most bytes of a sealed profile: a larger one could not be written, and the customer never be served again.
const PROFILE_BYTES_MAX: usize = VALUE_BYTES_MAX - SEAL_BYTES;

/// How far back `prior` looks.
const PRIOR_WINDOW: Duration = Duration::days(30);

/// A customer's history.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Profile {
    pub(crate) orders: u32,
    pub(crate) returns: u32,
    pub(crate) exchanges: u32,
    pub(crate) spent: Money,
    pub(crate) refunded: Money,
    pub(crate) first_order_at: Option<Instant>,
    pub(crate) last_order_at: Option<Instant>,
    pub(crate) traits: Vec<String>,
    pub(crate) consent: Vec<String>,
    pub(crate) locale: Option<String>,
    /// The latest, newest first.
    purchases: Vec<Purchase>,
    /// The latest, newest first.
    plans: Vec<PastPlan>,
    /// Coupons got from each budget, promised ones included.
    coupons_had: BTreeMap<BudgetId, u32>,
    /// Coupons that have not ended, soonest end first.
    coupons_open: Vec<OpenCoupon>,
}

/// A coupon this customer can use, or could.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct OpenCoupon {
    expires_at: Instant,
    /// What it gives, where that is a fixed amount.
    amount: Money,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PastPlan {
    at: Instant,
    /// Of the orders' ids: a return may name 200 orders, and they are only ever compared.
    #[serde(default)]
    from: Vec<u64>,
    offers: Vec<ProductId>,
}

/// Stands for an order's id.
fn short(order: &OrderId) -> u64 {
    let digest = Digest::of(order.as_str().as_bytes());
    let bytes = digest.as_bytes();
    u64::from_be_bytes(std::array::from_fn(|index| bytes[index]))
}

impl Profile {
    /// Takes in an order that was not known before.
    pub(crate) fn ordered(&mut self, order: &OrderRecord, purchases_max: usize) {
        let paid: Money = order.lines.iter().map(|(.., paid)| *paid).sum();
        self.orders = self.orders.saturating_add(1);
        self.spent = self.spent + paid;
        self.first_order_at = self.first_order_at.into_iter().chain([order.ordered_at]).min();
        self.last_order_at = self.last_order_at.max(Some(order.ordered_at));
        self.purchases.extend(order.lines.iter().map(|&(product, quantity, returned, paid)| Purchase {
            product,
            paid,
            quantity,
            at: order.ordered_at,
            returned,
        }));
        // A total order, so that the same orders leave the same list whichever came first.
        self.purchases.sort_by_key(|it| (std::cmp::Reverse(it.at), it.product, it.quantity, it.paid));
        self.purchases.truncate(purchases_max);
    }

    /// Takes in a decided return: what came back, and what was offered.
    pub(crate) fn decided(
        &mut self,
        at: Instant,
        back: &[Returned],
        orders: &[OrderId],
        offers: Vec<ProductId>,
    ) {
        self.gave_back(back);
        self.plans.insert(0, PastPlan { at, from: orders.iter().map(short).collect(), offers });
        self.plans.sort_by_key(|plan| std::cmp::Reverse(plan.at));
        self.plans.truncate(PLANS_KEPT);
    }

    /// Takes in a return, whoever dealt with it.
    pub(crate) fn gave_back(&mut self, back: &[Returned]) {
        self.returns = self.returns.saturating_add(1);
        for line in back {
            self.refunded = self.refunded + line.paid;
            self.take_back(line);
        }
    }

    /// Marks units as returned: of the order they come from, when it is known, else those bought last first.
    fn take_back(&mut self, line: &Returned) {
        let is_it = |purchase: &&mut Purchase| {
            purchase.product == line.product && line.bought_at.is_none_or(|at| purchase.at == at)
        };
        let mut quantity = line.quantity;
        for purchase in self.purchases.iter_mut().filter(is_it) {
            let taken = quantity.min(purchase.quantity.saturating_sub(purchase.returned));
            purchase.returned += taken;
            quantity -= taken;
        }
    }

    /// Takes in a coupon of a plan; one that is only promised counts against its budget and cannot be used yet.
    pub(crate) fn got_coupon(&mut self, coupon: &Coupon, is_issued: bool) {
        let had = self.coupons_had.entry(coupon.budget.clone()).or_default();
        *had = had.saturating_add(1);
        if is_issued {
            self.coupons_open
                .push(OpenCoupon { expires_at: coupon.expires_at, amount: coupon.fixed_amount() });
            self.coupons_open.sort_by_key(|coupon| coupon.expires_at);
            let surplus = self.coupons_open.len().saturating_sub(COUPONS_KEPT);
            self.coupons_open.drain(..surplus);
        }
    }

    /// Forgets coupons that have ended.
    pub(crate) fn forget_ended_coupons(&mut self, now: Instant) {
        self.coupons_open.retain(|coupon| coupon.expires_at > now);
    }

    /// Coupons this customer has had from a budget.
    pub(crate) fn had_of(&self, budget: &BudgetId) -> u32 {
        self.coupons_had.get(budget).copied().unwrap_or(0)
    }

    /// The budgets that this customer has had coupons from.
    pub(crate) fn budgets(&self) -> impl Iterator<Item = &BudgetId> {
        self.coupons_had.keys()
    }

    /// What this customer may still use of coupons and credit of a fixed amount.
    pub(crate) fn unused_benefits(&self, now: Instant) -> Money {
        self.open_coupons(now).map(|coupon| coupon.amount).sum()
    }

    fn open_coupons(&self, now: Instant) -> impl Iterator<Item = &OpenCoupon> {
        self.coupons_open.iter().filter(move |coupon| coupon.expires_at > now)
    }

    /// Encoded, so that it can be stored: what is oldest is forgotten when it takes more room than there is, plans
    /// before purchases.
    pub(crate) fn bounded(&self) -> Vec<u8> {
        let mut bytes = encode(self);
        let mut kept = self.clone();
        while bytes.len() > PROFILE_BYTES_MAX {
            if kept.plans.pop().is_none() && kept.purchases.pop().is_none() {
                break;
            }
            bytes = encode(&kept);
        }
        bytes
    }

    /// Takes in what the merchant says of the customer, replacing what it said before.
    pub(crate) fn described(&mut self, request: &CustomerRequest) {
        self.traits.clone_from(&request.traits);
        self.consent.clone_from(&request.consent);
        self.locale.clone_from(&request.locale);
    }

    /// What strategies may know at `now`, for a return from `orders`.
    pub(crate) fn customer(&self, now: Instant, orders: &[OrderId]) -> Customer {
        let recent = || self.plans.iter().filter(|plan| now.since(plan.at) < PRIOR_WINDOW);
        let mut offers_shown: Vec<ProductId> =
            recent().flat_map(|plan| plan.offers.iter().copied()).collect();
        offers_shown.sort_unstable();
        offers_shown.dedup();
        let orders: Vec<u64> = orders.iter().map(short).collect();
        let this_order = |plan: &&PastPlan| plan.from.iter().any(|order| orders.contains(order));
        Customer {
            orders: self.orders,
            returns: self.returns,
            exchanges: self.exchanges,
            spent: self.spent,
            refunded: self.refunded,
            first_order_at: self.first_order_at,
            last_order_at: self.last_order_at,
            traits: self.traits.clone(),
            purchases: self.purchases.clone(),
            prior: Prior {
                plans_30d: count(recent().count()),
                plans_this_order: count(self.plans.iter().filter(this_order).count()),
                offers_shown,
                coupons_open: count(self.open_coupons(now).count()),
                coupons_redeemed: 0,
                last_plan_at: self.plans.first().map(|plan| plan.at),
            },
            reachable: self.consent.clone(),
        }
    }
}

/// One line of a decided return.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Returned {
    pub(crate) product: ProductId,
    pub(crate) quantity: u32,
    pub(crate) paid: Money,
    /// When the order was placed that it comes from; none when the host does not know the order.
    pub(crate) bought_at: Option<Instant>,
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, at: u64, lines: &[(u32, u32, i64)]) -> OrderRecord {
        OrderRecord {
            id: OrderId::new(id).unwrap(),
            ordered_at: Instant(at),
            delivered_at: None,
            lines: lines
                .iter()
                .map(|&(product, units, paid)| (ProductId(product), units, 0, Money(paid)))
                .collect(),
            discount: Money::ZERO,
            coupon: None,
        }
    }

    #[test]
    fn orders_leave_the_same_profile_in_any_order() {
        let orders = [
            order("a", 10, &[(1, 1, 100), (2, 2, 50)]),
            order("b", 10, &[(3, 1, 70)]),
            order("c", 5, &[(1, 4, 400)]),
            order("d", 20, &[(9, 1, 1)]),
        ];
        let profile = |indices: [usize; 4]| {
            let mut profile = Profile::default();
            indices.iter().for_each(|&index| profile.ordered(&orders[index], 3));
            profile
        };
        let want = profile([0, 1, 2, 3]);
        assert_eq!(want.purchases.len(), 3);
        assert_eq!((want.orders, want.spent), (4, Money(621)));
        assert_eq!((want.first_order_at, want.last_order_at), (Some(Instant(5)), Some(Instant(20))));
        for indices in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
            assert_eq!(profile(indices), want);
        }
    }

    #[test]
    fn returned_units_are_taken_from_the_latest_purchases() {
        let mut profile = Profile::default();
        profile.ordered(&order("a", 1, &[(1, 2, 20)]), 50);
        profile.ordered(&order("b", 2, &[(1, 1, 10)]), 50);
        let back = Returned { product: ProductId(1), quantity: 2, paid: Money(20), bought_at: None };
        profile.decided(Instant(3), &[back], &[], vec![]);
        let returned: Vec<_> = profile.purchases.iter().map(|purchase| purchase.returned).collect();
        assert_eq!(returned, [1, 1]);
        assert_eq!((profile.returns, profile.refunded), (1, Money(20)));
    }

    #[test]
    fn returned_units_are_taken_from_the_order_they_come_from() {
        let mut profile = Profile::default();
        profile.ordered(&order("a", 1, &[(1, 2, 20)]), 50);
        profile.ordered(&order("b", 2, &[(1, 2, 20)]), 50);
        let back =
            Returned { product: ProductId(1), quantity: 1, paid: Money(10), bought_at: Some(Instant(1)) };
        profile.decided(Instant(3), &[back], &[], vec![]);
        let returned: Vec<_> = profile.purchases.iter().map(|it| (it.at.0, it.returned)).collect();
        assert_eq!(returned, [(2, 0), (1, 1)]);
    }

    #[test]
    fn a_profile_always_fits_a_value() {
        let mut profile = Profile::default();
        let ids: Vec<_> = (0..200).map(|index| OrderId::new(format!("{index:0>256}")).unwrap()).collect();
        for day in 0..64 {
            profile.decided(Instant(Duration::days(day).0), &[], &ids, (0..8 * 32).map(ProductId).collect());
        }
        let bytes = profile.bounded();
        assert!(bytes.len() <= PROFILE_BYTES_MAX, "{}", bytes.len());
        let kept: Profile = serde_json::from_slice(&bytes).unwrap();
        let now = Instant(Duration::days(63).0);
        let prior = kept.customer(now, &ids[199..]).prior;
        assert_eq!((prior.last_plan_at, kept.returns), (Some(now), 64), "the newest is kept");
        assert!(prior.plans_this_order > 2, "many are kept: {}", prior.plans_this_order);
        profile.plans.truncate(1);
        assert_eq!(profile.bounded(), encode(&profile), "what fits is kept whole");
    }

    #[test]
    fn prior_looks_back_thirty_days_and_no_further() {
        let mut profile = Profile::default();
        let day = Duration::days(1).0;
        profile.decided(Instant(0), &[], &[OrderId::new("o").unwrap()], vec![ProductId(4)]);
        profile.decided(Instant(20 * day), &[], &[], vec![ProductId(7), ProductId(7)]);
        let customer = profile.customer(Instant(30 * day), &[OrderId::new("o").unwrap()]);
        assert_eq!((customer.prior.plans_30d, customer.prior.plans_this_order), (1, 1));
        assert_eq!(customer.prior.offers_shown, [ProductId(7)]);
        assert_eq!(profile.customer(Instant(30 * day - 1), &[]).prior.plans_30d, 2);
    }
}
