//! What a strategy may know, borrowed from the situation.

use rebound_domain::product;
use rebound_domain::situation;
use rebound_domain::time::Instant;
use wasmtime::component::{ComponentType, Lower};

use super::handed::all;

/// The growth hatch; a later host may fill it.
pub(crate) type Extra = &'static [Attribute<&'static str>];
pub(crate) const NO_EXTRA: Extra = &[];

/// `S` is a borrowed text on the way into a call and an owned one in an answer to the guest, which outlives
/// the borrow.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Attribute<S> {
    key: S,
    value: S,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Product<S> {
    id: u32,
    sku: S,
    title: S,
    category: Option<S>,
    brand: Option<S>,
    price: i64,
    tags: Vec<S>,
    style: Option<S>,
    options: Vec<Attribute<S>>,
    extra: Vec<Attribute<S>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct ReturnLine<'a> {
    product: Product<&'a str>,
    quantity: u32,
    paid: i64,
    reason: Option<&'a str>,
    #[component(name = "reason-code")]
    reason_code: Option<&'a str>,
    note: Option<&'a str>,
    order: Option<u32>,
    extra: Extra,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct OrderLine {
    product: u32,
    quantity: u32,
    returned: u32,
    paid: i64,
    extra: Extra,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Order<'a> {
    id: &'a str,
    #[component(name = "ordered-at")]
    ordered_at: Option<u64>,
    #[component(name = "delivered-at")]
    delivered_at: Option<u64>,
    lines: Vec<OrderLine>,
    discount: i64,
    coupon: Option<&'a str>,
    extra: Extra,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct ReturnEvent<'a> {
    id: &'a str,
    #[component(name = "requested-at")]
    requested_at: u64,
    #[component(name = "requested-resolution")]
    requested_resolution: Option<&'a str>,
    lines: Vec<ReturnLine<'a>>,
    orders: Vec<Order<'a>>,
    channel: &'a str,
    extra: Extra,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Purchase {
    product: u32,
    paid: i64,
    quantity: u32,
    at: u64,
    returned: u32,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Prior {
    #[component(name = "plans-30d")]
    plans_30d: u32,
    #[component(name = "plans-this-order")]
    plans_this_order: u32,
    #[component(name = "offers-shown")]
    offers_shown: Vec<u32>,
    #[component(name = "coupons-open")]
    coupons_open: u32,
    #[component(name = "coupons-redeemed")]
    coupons_redeemed: u32,
    #[component(name = "last-plan-at")]
    last_plan_at: Option<u64>,
    extra: Extra,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Customer<'a> {
    orders: u32,
    returns: u32,
    exchanges: u32,
    spent: i64,
    refunded: i64,
    #[component(name = "first-order-at")]
    first_order_at: Option<u64>,
    #[component(name = "last-order-at")]
    last_order_at: Option<u64>,
    traits: &'a [String],
    purchases: Vec<Purchase>,
    prior: Prior,
    reachable: &'a [String],
    extra: Extra,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Allowance<'a> {
    budget: &'a str,
    benefits: &'a [String],
    #[component(name = "max-value")]
    max_value: i64,
    #[component(name = "left-for-customer")]
    left_for_customer: u32,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Policy<'a> {
    resolutions: &'a [String],
    #[component(name = "window-ends")]
    window_ends: Option<u64>,
    #[component(name = "partial-discount")]
    partial_discount: &'a str,
    care: &'a [String],
    budgets: Vec<Allowance<'a>>,
    #[component(name = "incentive-max")]
    incentive_max: i64,
    #[component(name = "hold-max")]
    hold_max: u64,
    extra: Vec<Attribute<&'a str>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct Context<'a> {
    now: u64,
    seed: u64,
    slots: u32,
    locale: &'a str,
    currency: &'a str,
    event: ReturnEvent<'a>,
    customer: Customer<'a>,
    policy: Policy<'a>,
    config: &'a str,
    state: Option<&'a [u8]>,
}

impl<'a> From<&situation::Context<'a>> for Context<'a> {
    fn from(context: &situation::Context<'a>) -> Self {
        let situation = context.situation;
        Self {
            now: situation.now.0,
            seed: situation.seed,
            slots: context.slots,
            locale: &situation.locale,
            currency: situation.currency.as_str(),
            event: (&situation.event).into(),
            customer: (&situation.customer).into(),
            policy: (&situation.policy).into(),
            config: context.config,
            state: context.state,
        }
    }
}

impl<'a> From<&'a situation::ReturnEvent> for ReturnEvent<'a> {
    fn from(event: &'a situation::ReturnEvent) -> Self {
        Self {
            id: event.id.as_str(),
            requested_at: event.requested_at.0,
            requested_resolution: event.requested_resolution.as_deref(),
            lines: all(&event.lines),
            orders: all(&event.orders),
            channel: &event.channel,
            extra: NO_EXTRA,
        }
    }
}

impl<'a> From<&'a situation::ReturnLine> for ReturnLine<'a> {
    fn from(line: &'a situation::ReturnLine) -> Self {
        Self {
            product: (&*line.product).into(),
            quantity: line.quantity,
            paid: line.paid.0,
            reason: line.reason.as_deref(),
            reason_code: line.reason_code.as_deref(),
            note: line.note.as_deref(),
            order: line.order,
            extra: NO_EXTRA,
        }
    }
}

impl<'a, S: From<&'a str>> From<&'a product::Product> for Product<S> {
    fn from(product: &'a product::Product) -> Self {
        Self {
            id: product.id.0,
            sku: product.sku.as_str().into(),
            title: product.title.as_str().into(),
            category: product.category.as_deref().map(S::from),
            brand: product.brand.as_deref().map(S::from),
            price: product.price.0,
            tags: product.tags.iter().map(|tag| S::from(tag)).collect(),
            style: product.style.as_deref().map(S::from),
            options: all(&product.options),
            extra: all(&product.extra),
        }
    }
}

impl<'a, S: From<&'a str>> From<&'a product::Attribute> for Attribute<S> {
    fn from(attribute: &'a product::Attribute) -> Self {
        Self { key: S::from(&attribute.key), value: S::from(&attribute.value) }
    }
}

impl<'a> From<&'a situation::Order> for Order<'a> {
    fn from(order: &'a situation::Order) -> Self {
        Self {
            id: order.id.as_str(),
            ordered_at: order.ordered_at.map(millis),
            delivered_at: order.delivered_at.map(millis),
            lines: all(&order.lines),
            discount: order.discount.0,
            coupon: order.coupon.as_deref(),
            extra: NO_EXTRA,
        }
    }
}

impl From<&situation::OrderLine> for OrderLine {
    fn from(line: &situation::OrderLine) -> Self {
        Self {
            product: line.product.0,
            quantity: line.quantity,
            returned: line.returned,
            paid: line.paid.0,
            extra: NO_EXTRA,
        }
    }
}

impl<'a> From<&'a situation::Customer> for Customer<'a> {
    fn from(customer: &'a situation::Customer) -> Self {
        Self {
            orders: customer.orders,
            returns: customer.returns,
            exchanges: customer.exchanges,
            spent: customer.spent.0,
            refunded: customer.refunded.0,
            first_order_at: customer.first_order_at.map(millis),
            last_order_at: customer.last_order_at.map(millis),
            traits: &customer.traits,
            purchases: all(&customer.purchases),
            prior: (&customer.prior).into(),
            reachable: &customer.reachable,
            extra: NO_EXTRA,
        }
    }
}

impl From<&situation::Purchase> for Purchase {
    fn from(purchase: &situation::Purchase) -> Self {
        Self {
            product: purchase.product.0,
            paid: purchase.paid.0,
            quantity: purchase.quantity,
            at: purchase.at.0,
            returned: purchase.returned,
        }
    }
}

impl From<&situation::Prior> for Prior {
    fn from(prior: &situation::Prior) -> Self {
        Self {
            plans_30d: prior.plans_30d,
            plans_this_order: prior.plans_this_order,
            offers_shown: prior.offers_shown.iter().map(|product| product.0).collect(),
            coupons_open: prior.coupons_open,
            coupons_redeemed: prior.coupons_redeemed,
            last_plan_at: prior.last_plan_at.map(millis),
            extra: NO_EXTRA,
        }
    }
}

impl<'a> From<&'a situation::Allowed> for Policy<'a> {
    fn from(policy: &'a situation::Allowed) -> Self {
        Self {
            resolutions: &policy.resolutions,
            window_ends: policy.window_ends.map(millis),
            partial_discount: &policy.partial_discount,
            care: &policy.care,
            budgets: all(&policy.budgets),
            incentive_max: policy.incentive_max.0,
            hold_max: policy.hold_max.0,
            extra: all(&policy.extra),
        }
    }
}

impl<'a> From<&'a situation::Allowance> for Allowance<'a> {
    fn from(allowance: &'a situation::Allowance) -> Self {
        Self {
            budget: allowance.budget.as_str(),
            benefits: &allowance.benefits,
            max_value: allowance.max_value.0,
            left_for_customer: allowance.left_for_customer,
        }
    }
}

fn millis(instant: Instant) -> u64 {
    instant.0
}
