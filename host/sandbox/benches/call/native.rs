//! The same strategy without a sandbox: the same context in the SDK's records, the same shelf behind the SDK's
//! catalogue.

use std::sync::Arc;

use rebound_domain::catalog::{Catalog, OrderBy, Query};
use rebound_domain::ids::ProductId;
use rebound_domain::money::Money;
use rebound_domain::product::Product;
use rebound_domain::situation;
use rebound_sdk::prelude;
use rebound_sdk::types;

/// A shelf as a strategy reaches it.
pub(crate) struct Shelf(pub(crate) Arc<dyn Catalog>);

impl prelude::Catalogue for Shelf {
    fn search(&self, query: &prelude::Query) -> Vec<prelude::Candidate> {
        let query = Query {
            categories: query.categories.clone(),
            brand: query.brand.clone(),
            any_tag: query.any_tag.clone(),
            price_min: query.price_min.map(Money),
            price_max: query.price_max.map(Money),
            similar_to: query.similar_to.map(ProductId),
            style_of: query.style_of.map(ProductId),
            exclude: query.exclude.iter().copied().map(ProductId).collect(),
            in_stock: query.in_stock,
            order_by: OrderBy::from_word(&query.order_by),
            limit: query.limit,
        };
        let mut found = self.0.search(&query);
        found.truncate(query.limit as usize);
        let candidate = |found: rebound_domain::catalog::Candidate| prelude::Candidate {
            id: found.id.0,
            price: found.price.0,
            similarity: found.similarity,
            affinity: found.affinity,
            switched_share: found.switched_share.map(|share| share.0),
            stock: found.stock,
            units_sold: found.units_sold,
            margin: found.margin,
        };
        found.into_iter().map(candidate).collect()
    }

    fn get(&self, ids: &[u32]) -> Vec<Option<types::Product>> {
        ids.iter().map(|id| self.0.get(ProductId(*id)).as_deref().map(product)).collect()
    }
}

/// What the guest is handed.
pub(crate) fn context(context: &situation::Context<'_>) -> types::Context {
    let situation::Situation { now, seed, locale, currency, event, customer, policy } = context.situation;
    types::Context {
        now: now.0,
        seed: *seed,
        slots: context.slots,
        locale: locale.clone(),
        currency: currency.to_string(),
        event: types::ReturnEvent {
            id: event.id.to_string(),
            requested_at: event.requested_at.0,
            requested_resolution: event.requested_resolution.clone(),
            lines: event.lines.iter().map(return_line).collect(),
            orders: event.orders.iter().map(order).collect(),
            channel: event.channel.clone(),
            extra: Vec::new(),
        },
        customer: self::customer(customer),
        policy: types::Policy {
            resolutions: policy.resolutions.clone(),
            window_ends: policy.window_ends.map(|at| at.0),
            partial_discount: policy.partial_discount.clone(),
            care: policy.care.clone(),
            budgets: policy.budgets.iter().map(allowance).collect(),
            incentive_max: policy.incentive_max.0,
            hold_max: policy.hold_max.0,
            extra: Vec::new(),
        },
        config: context.config.to_owned(),
        state: context.state.map(<[u8]>::to_vec),
    }
}

fn product(product: &Product) -> types::Product {
    types::Product {
        id: product.id.0,
        sku: product.sku.to_string(),
        title: product.title.clone(),
        category: product.category.clone(),
        brand: product.brand.clone(),
        price: product.price.0,
        tags: product.tags.clone(),
        style: product.style.clone(),
        options: Vec::new(),
        extra: Vec::new(),
    }
}

fn return_line(line: &situation::ReturnLine) -> types::ReturnLine {
    types::ReturnLine {
        product: product(&line.product),
        quantity: line.quantity,
        paid: line.paid.0,
        reason: line.reason.clone(),
        reason_code: line.reason_code.clone(),
        note: line.note.clone(),
        order: line.order,
        extra: Vec::new(),
    }
}

fn order(order: &situation::Order) -> types::Order {
    let line = |line: &situation::OrderLine| types::OrderLine {
        product: line.product.0,
        quantity: line.quantity,
        returned: line.returned,
        paid: line.paid.0,
        extra: Vec::new(),
    };
    types::Order {
        id: order.id.to_string(),
        ordered_at: order.ordered_at.map(|at| at.0),
        delivered_at: order.delivered_at.map(|at| at.0),
        lines: order.lines.iter().map(line).collect(),
        discount: order.discount.0,
        coupon: order.coupon.clone(),
        extra: Vec::new(),
    }
}

fn customer(customer: &situation::Customer) -> types::Customer {
    let purchase = |purchase: &situation::Purchase| types::Purchase {
        product: purchase.product.0,
        paid: purchase.paid.0,
        quantity: purchase.quantity,
        at: purchase.at.0,
        returned: purchase.returned,
    };
    types::Customer {
        orders: customer.orders,
        returns: customer.returns,
        exchanges: customer.exchanges,
        spent: customer.spent.0,
        refunded: customer.refunded.0,
        first_order_at: customer.first_order_at.map(|at| at.0),
        last_order_at: customer.last_order_at.map(|at| at.0),
        traits: customer.traits.clone(),
        purchases: customer.purchases.iter().map(purchase).collect(),
        prior: types::Prior {
            plans_30d: customer.prior.plans_30d,
            plans_this_order: customer.prior.plans_this_order,
            offers_shown: customer.prior.offers_shown.iter().map(|id| id.0).collect(),
            coupons_open: customer.prior.coupons_open,
            coupons_redeemed: customer.prior.coupons_redeemed,
            last_plan_at: customer.prior.last_plan_at.map(|at| at.0),
            extra: Vec::new(),
        },
        reachable: customer.reachable.clone(),
        extra: Vec::new(),
    }
}

fn allowance(allowance: &situation::Allowance) -> types::Allowance {
    types::Allowance {
        budget: allowance.budget.to_string(),
        benefits: allowance.benefits.clone(),
        max_value: allowance.max_value.0,
        left_for_customer: allowance.left_for_customer,
    }
}
