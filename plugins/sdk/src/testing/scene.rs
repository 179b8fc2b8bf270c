//! What one call sees, ready to be altered by a test.

use super::check::{Check, Checked};
use super::{Item, Shop};
use crate::prelude::{Classification, Compensation, CustodyEvent, Recommendations, ShareKit, Step, Usual};
use crate::types::{
    Context, Customer, Failure, Offer, Order, OrderLine, Policy, Prior, Proposal, Purchase, ReturnEvent,
    ReturnLine, Segment, StateChange,
};
use crate::{Call, Coupon, Progress, Recommendation, Segmentation, Sharing, Strategy};

/// 2026-01-01T00:00:00Z, the moment of every decision unless a test says otherwise.
const NOW: u64 = 1_767_225_600_000;

/// A return, its customer, the policy and the shop. Fields are public: a test alters what it is about.
///
/// A new scene is bare: a customer without history, a policy that allows refund, exchange and store
/// credit and neither care, budgets nor holds, three slots, config `{}`.
#[derive(Debug, Clone)]
pub struct Scene {
    /// What the strategy is told.
    pub context: Context,
    /// The catalogue.
    pub shop: Shop,
    /// What segmentation answered.
    pub segment: Segment,
    /// What recommendation answered.
    pub offers: Vec<Offer>,
    /// What the coupon stage answered.
    pub proposals: Vec<Proposal>,
    /// What has happened to the return.
    pub timeline: Vec<CustodyEvent>,
    /// How long it usually takes.
    pub usual: Vec<Usual>,
}

impl Scene {
    /// One unit of `item` comes back, at the price it was paid for. The shop holds it.
    pub fn returning(item: &Item) -> Scene {
        let scene = Scene {
            context: context(),
            shop: Shop::default(),
            segment: Segment {
                key: "unknown".to_string(),
                confidence: 0.0,
                evidence: Vec::new(),
                traits: Vec::new(),
            },
            offers: Vec::new(),
            proposals: Vec::new(),
            timeline: Vec::new(),
            usual: Vec::new(),
        };
        scene.and(item)
    }

    /// One unit of `item` comes back as well.
    pub fn and(mut self, item: &Item) -> Scene {
        let product = item.product.clone();
        self.context.event.lines.push(ReturnLine {
            paid: product.price,
            product,
            quantity: 1,
            reason: None,
            reason_code: None,
            note: None,
            order: None,
            extra: Vec::new(),
        });
        self.shop.add(item.clone());
        self
    }

    /// Every line that gave no reason gives this one.
    pub fn because(mut self, reason: &str) -> Scene {
        for line in self.context.event.lines.iter_mut().filter(|line| line.reason.is_none()) {
            line.reason = Some(reason.to_string());
        }
        self
    }

    /// Every line comes from one order of just these lines, placed `days` before now.
    pub fn ordered(mut self, days: u64) -> Scene {
        let event = &mut self.context.event;
        let lines = event.lines.iter().map(|line| OrderLine {
            product: line.product.id,
            quantity: line.quantity,
            returned: 0,
            paid: line.paid,
            extra: Vec::new(),
        });
        event.orders = vec![Order {
            id: "order".to_string(),
            ordered_at: Some(self.context.now - days * DAY),
            delivered_at: None,
            lines: lines.collect(),
            discount: 0,
            coupon: None,
            extra: Vec::new(),
        }];
        event.lines.iter_mut().for_each(|line| line.order = Some(0));
        self
    }

    /// The customer bought `quantity` of a product for `paid` minor units and has sent `returned` back.
    pub fn bought(mut self, product: u32, quantity: u32, paid: i64, returned: u32) -> Scene {
        let at = self.context.now - 30 * DAY;
        self.context.customer.purchases.push(Purchase { product, paid, quantity, at, returned });
        self
    }

    /// The route's configuration, JSON.
    pub fn config(mut self, config: &str) -> Scene {
        self.context.config = config.to_string();
        self
    }

    /// Does with the customer's state what an answer asks for.
    pub fn remember(&mut self, change: &StateChange) {
        match change {
            StateChange::Keep => {}
            StateChange::Clear => self.context.state = None,
            StateChange::Put(bytes) => self.context.state = Some(bytes.clone()),
        }
    }

    /// Runs stage 1.
    ///
    /// # Errors
    /// The strategy's own.
    ///
    /// # Panics
    /// When the host would refuse the answer; it says why.
    #[track_caller]
    pub fn classify<S: Segmentation>(&self) -> Result<Classification, Failure> {
        let answer = S::classify(&Call::new(&self.context, &self.shop)?)?;
        stands::<S>(Check::new::<S>(self).classification(&answer));
        Ok(answer)
    }

    /// Runs stage 2.
    ///
    /// # Errors
    /// The strategy's own.
    ///
    /// # Panics
    /// When the host would refuse the answer; it says why.
    #[track_caller]
    pub fn recommend<S: Recommendation>(&self) -> Result<Recommendations, Failure> {
        let answer = S::recommend(&Call::new(&self.context, &self.shop)?, &self.segment)?;
        stands::<S>(Check::new::<S>(self).recommendations(&answer));
        Ok(answer)
    }

    /// Runs stage 3.
    ///
    /// # Errors
    /// The strategy's own.
    ///
    /// # Panics
    /// When the host would refuse the answer; it says why.
    #[track_caller]
    pub fn compensate<S: Coupon>(&self) -> Result<Compensation, Failure> {
        let answer = S::compensate(&Call::new(&self.context, &self.shop)?, &self.segment, &self.offers)?;
        stands::<S>(Check::new::<S>(self).compensation(&answer));
        Ok(answer)
    }

    /// Runs stage 4.
    ///
    /// # Errors
    /// The strategy's own.
    ///
    /// # Panics
    /// When the host would refuse the answer; it says why.
    #[track_caller]
    pub fn compose<S: Sharing>(&self) -> Result<ShareKit, Failure> {
        let call = Call::new(&self.context, &self.shop)?;
        let answer = S::compose(&call, &self.segment, &self.offers, &self.proposals)?;
        stands::<S>(Check::new::<S>(self).share_kit(&answer));
        Ok(answer)
    }

    /// Runs stage 5.
    ///
    /// # Errors
    /// The strategy's own.
    ///
    /// # Panics
    /// When the host would refuse the answer; it says why.
    #[track_caller]
    pub fn narrate<S: Progress>(&self) -> Result<Vec<Step>, Failure> {
        let call = Call::new(&self.context, &self.shop)?;
        let answer = S::narrate(&call, &self.segment, &self.timeline, &self.usual)?;
        stands::<S>(Check::new::<S>(self).steps(&answer));
        Ok(answer)
    }
}

#[track_caller]
fn stands<S: Strategy>(checked: Checked) {
    if let Err(why) = checked {
        panic!("the host refuses the answer of {}: {why}", S::NAME);
    }
}

/// Milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1_000;

fn context() -> Context {
    Context {
        now: NOW,
        seed: 1,
        slots: 3,
        locale: "en".to_string(),
        currency: "CNY".to_string(),
        event: ReturnEvent {
            id: "return".to_string(),
            requested_at: NOW,
            requested_resolution: None,
            lines: Vec::new(),
            orders: Vec::new(),
            channel: "unknown".to_string(),
            extra: Vec::new(),
        },
        customer: customer(),
        policy: Policy {
            resolutions: ["refund", "exchange", "store-credit"].map(String::from).to_vec(),
            window_ends: None,
            partial_discount: "keep".to_string(),
            care: Vec::new(),
            budgets: Vec::new(),
            incentive_max: 0,
            hold_max: 0,
            extra: Vec::new(),
        },
        config: "{}".to_string(),
        state: None,
    }
}

fn customer() -> Customer {
    Customer {
        orders: 0,
        returns: 0,
        exchanges: 0,
        spent: 0,
        refunded: 0,
        first_order_at: None,
        last_order_at: None,
        traits: Vec::new(),
        purchases: Vec::new(),
        prior: Prior {
            plans_30d: 0,
            plans_this_order: 0,
            offers_shown: Vec::new(),
            coupons_open: 0,
            coupons_redeemed: 0,
            last_plan_at: None,
            extra: Vec::new(),
        },
        reachable: Vec::new(),
        extra: Vec::new(),
    }
}
