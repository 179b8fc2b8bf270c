//! Making a plan's promises: what goes into the plan's own batch.

use std::collections::BTreeMap;

use rebound_domain::coupon::Coupon;
use rebound_domain::ids::{BudgetId, PluginRef};
use rebound_domain::plan::{Plan, PlanOffer};
use rebound_domain::policy::Budget;
use rebound_storage::{Add, Batch};
use serde_json::json;

use super::due::DueRecord;
use super::{CouponIndex, CouponRecord, CouponState, HoldRecord};
use crate::customer::CustomerFile;
use crate::engine::Shared;
use crate::keys;
use crate::outbox::{self, OutboxEvent};
use crate::records::{encode, seal};

/// Adds a plan's coupons and price holds to its batch, with what their budgets are charged, when they end, and what
/// is to be told of them. The customer's file learns which coupons they hold.
pub(crate) fn make<'a>(
    shared: &Shared,
    file: &mut CustomerFile,
    plan: &Plan,
    budget: impl Fn(&BudgetId) -> Option<&'a Budget>,
    batch: &mut Batch,
) {
    let mut charges: BTreeMap<&BudgetId, i128> = BTreeMap::new();
    for (coupon, plugin, state) in coupons(plan) {
        make_coupon(shared, file, plan, coupon, plugin, state, batch);
        *charges.entry(&coupon.budget).or_default() += i128::from(coupon.charge);
        file.profile.got_coupon(coupon, state == CouponState::Issued);
    }
    for (id, charge) in charges {
        // The limit that holds now, not the one that the plan was made under.
        let limit = budget(id).map_or(0, |budget| i128::from(budget.limit.0));
        batch.add(keys::budget_charged(id), Add::by(charge).at_most(limit));
    }
    for offer in &plan.offers {
        make_hold(file, plan, offer, batch);
    }
    let coupons = plan.coupons.iter().filter_map(|coupon| coupon.coupon.code).map(|code| code.to_string());
    let data = json!({
        "return_id": plan.return_id,
        "customer_id": plan.customer_id,
        "segment": plan.segment.key,
        "offers": plan.offers.iter().map(|offer| &offer.recommendation_id).collect::<Vec<_>>(),
        "coupons": coupons.collect::<Vec<_>>(),
    });
    let decided = OutboxEvent::new(outbox::DECIDED, plan.return_id.as_str(), plan.decided_at, data);
    decided.write_of(&file.owner, &file.seal, batch);
}

/// Every coupon of a plan, with who proposed it.
fn coupons(plan: &Plan) -> impl Iterator<Item = (&Coupon, &PluginRef, CouponState)> {
    let issued = plan.coupons.iter().map(|it| (&it.coupon, &it.plugin, CouponState::Issued));
    let promised = plan.sharing.rewards().map(|it| (&it.coupon, &it.plugin, CouponState::Promised));
    issued.chain(promised)
}

fn make_coupon(
    shared: &Shared,
    file: &CustomerFile,
    plan: &Plan,
    coupon: &Coupon,
    plugin: &PluginRef,
    state: CouponState,
    batch: &mut Batch,
) {
    let Some(code) = coupon.code else { return };
    let key = file.keys.coupon(&shared.host_key, code);
    let record = CouponRecord {
        coupon: coupon.clone(),
        state,
        return_id: plan.return_id.clone(),
        plugin: plugin.clone(),
        minted_at: plan.decided_at,
    };
    let sealed = seal(&file.seal, &key.key, &record);
    let due = DueRecord::coupon(file.owner, &key.key, coupon);
    batch.put(keys::due(coupon.expires_at, &key.key), encode(&due));
    batch.expect_absent(key.clone()).put(key, sealed);
    let index = keys::coupon_index(&shared.host_key, code);
    batch.expect_absent(index.clone()).put(index, encode(&CouponIndex { owner: file.owner }));
    if state == CouponState::Issued {
        let data = json!({
            "code": code,
            "return_id": plan.return_id,
            "customer_id": plan.customer_id,
            "budget": coupon.budget,
            "value": coupon.value,
            "currency": plan.currency,
            "starts_at_ms": coupon.starts_at,
            "expires_at_ms": coupon.expires_at,
        });
        let issued = OutboxEvent::new(outbox::COUPON_ISSUED, code.to_string(), plan.decided_at, data);
        issued.write_of(&file.owner, &file.seal, batch);
    }
}

fn make_hold(file: &CustomerFile, plan: &Plan, offer: &PlanOffer, batch: &mut Batch) {
    let Some(hold) = offer.hold else { return };
    let key = file.keys.hold(&offer.recommendation_id);
    let record = HoldRecord {
        recommendation_id: offer.recommendation_id.clone(),
        product: offer.product,
        sku: offer.sku.clone(),
        price: hold.price,
        quantity: offer.quantity,
        until: hold.until,
        return_id: plan.return_id.clone(),
    };
    let due = DueRecord::hold(file.owner, &key.key);
    batch.put(keys::due(hold.until, &key.key), encode(&due));
    let sealed = seal(&file.seal, &key.key, &record);
    batch.put(key, sealed);
}
