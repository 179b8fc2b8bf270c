//! Coupons and price holds: made with the plan or not at all, within what the operator allows, and kept to their end.

use std::sync::Arc;

use rebound_domain::coupon::Coupon;
use rebound_domain::ids::{CustomerId, OrderId, Sku};
use rebound_domain::manifest::Stage;
use rebound_domain::money::Money;
use rebound_domain::plan::Plan;
use rebound_domain::policy::{Budget, Counts};
use rebound_domain::time::{Duration, Instant};
use rebound_engine::{HoldQuery, Mode};
use rebound_storage::{Entry, Key, Storage};

use crate::hooked::Hooked;
use crate::house::{DAY, House, body, budget, entry, order, request};

pub(crate) const LIMIT: i64 = 1_000;

/// A house that gives coupons as `config` says, of a budget of 10.00.
pub(crate) async fn giving(config: &str, counts: Counts, limit: i64, per_customer: u32) -> House {
    let house = House::with_products(&["a", "b"]).await;
    let budget = Budget { counts, limit: Money(limit), max_value: Money(LIMIT), per_customer, ..budget() };
    house.engine.set_budget(budget).await.unwrap();
    let plugin = house.hostile().await;
    let config = format!("\"{config}\"");
    house.engine.set_route(Stage::Coupon, vec![entry(&plugin, &config)]).await.unwrap();
    house
}

/// Decides return number `number`, of 50.00, so that the incentive is 10.00.
pub(crate) async fn decide(house: &House, number: usize, customer: &str) -> Plan {
    let mut event = request(&format!("e-{number}"), &format!("r-{number}"), customer, &["a"]);
    event.lines[0].paid = Money(5_000);
    house.decide(&event).await.unwrap().plan
}

pub(crate) async fn charged(house: &House) -> i128 {
    let read = house.storage.get(vec![Key::new("budget", "spring")]).await.unwrap();
    read.value[0].as_ref().and_then(Entry::counter).unwrap_or(0)
}

fn coupons(plan: &Plan) -> Vec<&Coupon> {
    plan.coupons.iter().map(|coupon| &coupon.coupon).collect()
}

fn refusals(plan: &Plan) -> Vec<&str> {
    plan.trace.proposals.iter().map(|refused| refused.reason.as_str()).collect()
}

/// Kinds of the events that wait to be told.
async fn outbox(house: &House) -> Vec<String> {
    let told = house.engine.outbox().await.unwrap();
    crate::emitted::check(&told);
    told.into_iter().map(|event| event.kind).collect()
}

async fn outbox_count(house: &House) -> usize {
    outbox(house).await.len()
}

#[tokio::test]
async fn a_coupon_is_made_with_its_plan_and_its_budget_is_charged_once() {
    let house = giving("gives 300", Counts::Spend, LIMIT, 9).await;
    let plan = decide(&house, 1, "c-1").await;
    let [coupon] = coupons(&plan)[..] else { panic!("{plan:?}") };
    assert_eq!((coupon.value, coupon.charge), (Money(300), 300));
    assert_eq!(coupon.expires_at, plan.decided_at + Duration::days(1));
    let code = coupon.code.expect("it exists").to_string();
    let said = serde_json::to_string(&plan.coupons[0].copy).unwrap();
    assert!(said.contains(&code), "{said}");
    assert_eq!(charged(&house).await, 300);
    let mut told = outbox(&house).await;
    told.sort_unstable();
    assert_eq!(told, ["rebound.coupon.issued", "rebound.return.decided"]);
    // The same event again, also after a restart, is the same promise.
    let again = decide(&house, 1, "c-1").await;
    assert_eq!(again, plan);
    assert_eq!(charged(&house).await, 300);
    let plan = decide(&house.restarted().await, 1, "c-1").await;
    assert_eq!(plan, again);
}

#[tokio::test]
async fn operators_read_what_was_promised() {
    let house = giving("gives 300", Counts::Spend, LIMIT, 9).await;
    decide(&house, 1, "c-1").await;
    let budgets = house.engine.budgets().await.unwrap();
    assert_eq!(
        budgets.iter().map(|(budget, charged)| (budget.id.as_str(), *charged)).collect::<Vec<_>>(),
        [("spring", 300)]
    );
    let figures = house.engine.figures();
    assert!(
        figures.contains(r#"rebound_coupons_total{plugin="tests/hostile@0.1.0",outcome="issued"} 1"#),
        "{figures}"
    );
}

#[tokio::test]
async fn a_dry_run_promises_nothing_and_draws_nothing() {
    let house = giving("draws 300", Counts::Spend, LIMIT, 9).await;
    let before = house.records().await;
    let mut event = request("e-1", "r-1", "c-1", &["a"]);
    event.lines[0].paid = Money(5_000);
    let plan = house.engine.decide(event.clone(), body(&event), Mode::DryRun).await.unwrap().plan;
    assert_eq!((plan.coupons.len(), plan.draws[0].drawn), (0, None));
    assert_eq!(plan.draws[0].prizes.len(), 2, "the odds are shown");
    assert_eq!(house.records().await, before);
}

#[tokio::test]
async fn a_budget_is_never_charged_beyond_its_limit_however_many_come_at_once() {
    let house = Arc::new(giving("gives 300", Counts::Spend, LIMIT, 9).await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12 {
        let house = house.clone();
        tasks.spawn(async move { decide(&house, number, &format!("c-{number}")).await });
    }
    let plans = tasks.join_all().await;
    let given = plans.iter().filter(|plan| !plan.coupons.is_empty()).count();
    assert_eq!(
        (given, charged(&house).await),
        (3, 900),
        "the fourth does not fit; every return has its plan"
    );
}

#[tokio::test]
async fn a_budget_of_uses_counts_coupons() {
    let house = giving("gives 300", Counts::Uses, 2, 9).await;
    for (number, given) in [(1, 1), (2, 1), (3, 0)] {
        let plan = decide(&house, number, &format!("c-{number}")).await;
        assert_eq!(plan.coupons.len(), given, "{number}");
    }
    assert_eq!(charged(&house).await, 2);
}

#[tokio::test]
async fn one_customer_gets_no_more_of_a_budget_than_its_limit_per_customer() {
    let house = giving("gives 100", Counts::Spend, LIMIT, 1).await;
    assert_eq!(decide(&house, 1, "c-1").await.coupons.len(), 1);
    assert_eq!(decide(&house, 2, "c-1").await.coupons.len(), 0);
    assert_eq!(decide(&house.restarted().await, 3, "c-1").await.coupons.len(), 0);
    assert_eq!(decide(&house, 4, "c-2").await.coupons.len(), 1);
}

#[tokio::test]
async fn coupons_of_one_plan_together_stay_within_the_share_of_the_paid_price() {
    let house = giving("gives-twice 600", Counts::Spend, 100_000, 9).await;
    let plan = decide(&house, 1, "c-1").await;
    assert_eq!((plan.coupons.len(), refusals(&plan)), (1, vec!["over-incentive-max"]));
}

#[tokio::test]
async fn whoever_returns_often_gets_less_and_then_nothing() {
    let house = giving("gives 100", Counts::Spend, 100_000, 99).await;
    // 1,000 three times, then 750, 500 and 250, which all have room for 100, and then nothing.
    for number in 0..8 {
        let plan = decide(&house, number, "c-1").await;
        assert_eq!(plan.coupons.len(), usize::from(number < 6), "return {number}");
    }
}

#[tokio::test]
async fn the_third_return_of_one_order_is_given_nothing() {
    let house = giving("gives 100", Counts::Spend, 100_000, 99).await;
    house.engine.import_orders(vec![order("o-1", Some("c-1"), 99 * DAY, &["a", "b"])]).await.unwrap();
    for number in 0..4 {
        let mut event = request(&format!("e-{number}"), &format!("r-{number}"), "c-1", &["a"]);
        event.lines[0].paid = Money(5_000);
        event.lines[0].order_id = Some(OrderId::new("o-1").unwrap());
        let plan = house.decide(&event).await.unwrap().plan;
        assert_eq!(plan.coupons.len(), usize::from(number < 2), "return {number}");
    }
}

#[tokio::test]
async fn a_surprise_ends_as_it_was_drawn_for_every_reader() {
    let house = giving("draws 100", Counts::Spend, 100_000, 99).await;
    let mut won = 0;
    for number in 0..64 {
        let plan = decide(&house, number, &format!("c-{number}")).await;
        let drawn = plan.draws[0].drawn.expect("it is no dry run");
        assert_eq!(plan.coupons.len(), drawn as usize, "outcome 1 is the prize");
        won += plan.coupons.len();
        let stored = house.engine.plan(&plan.return_id).await.unwrap();
        assert_eq!(stored, Some(plan));
    }
    assert!((16..=48).contains(&won), "{won} of 64 at even odds");
    assert_eq!(charged(&house).await, 100 * won as i128);
}

#[tokio::test]
async fn a_coupon_that_ends_gives_its_budget_back_and_is_told_once() {
    let house = giving("gives 300", Counts::Spend, LIMIT, 9).await;
    let plan = decide(&house, 1, "c-1").await;
    let end = plan.coupons[0].coupon.expires_at;
    assert_eq!(house.engine.run_due(Instant(end.0 - 1)).await.unwrap(), 0);
    assert_eq!(charged(&house).await, 300);
    let told = outbox_count(&house).await;
    // Two hosts look at the same time.
    let other = house.restarted().await;
    let done = house.engine.run_due(end).await.unwrap() + other.engine.run_due(end).await.unwrap();
    assert_eq!((done, charged(&house).await), (1, 0));
    assert_eq!(outbox_count(&house).await, told + 1);
    assert_eq!(outbox(&house).await.last().unwrap(), "rebound.coupon.expired");
    assert_eq!(house.engine.run_due(end).await.unwrap(), 0);
}

#[tokio::test]
async fn open_coupons_are_told_to_strategies_until_they_end() {
    let house = giving("gives 100", Counts::Spend, LIMIT, 9).await;
    decide(&house, 1, "c-1").await;
    let segmenter = house.hostile().await;
    house.engine.set_route(Stage::Segmentation, vec![entry(&segmenter, "\"open\"")]).await.unwrap();
    assert_eq!(decide(&house, 2, "c-1").await.segment.key, "open-1");
    let mut later = request("e-3", "r-3", "c-1", &["a"]);
    later.requested_at = Instant(later.requested_at.0 + 2 * DAY);
    assert_eq!(house.decide(&later).await.unwrap().plan.segment.key, "open-0");
}

/// A house whose offers hold their price for an hour.
async fn holding() -> House {
    let house = House::with_products(&["a", "b"]).await;
    let plugin = house.hostile().await;
    house.engine.set_route(Stage::Recommendation, vec![entry(&plugin, "\"holds 3600000\"")]).await.unwrap();
    house
}

fn of(customer: &str) -> HoldQuery {
    HoldQuery { customer_id: CustomerId::new(customer).unwrap(), sku: None, recommendation_id: None }
}

#[tokio::test]
async fn a_price_hold_is_honoured_until_its_end_whatever_the_catalogue_says() {
    let house = holding().await;
    let plan = house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap().plan;
    let offer = &plan.offers[0];
    let hold = offer.hold.expect("it was asked for");
    assert_eq!((hold.price, hold.until), (offer.price, plan.decided_at + Duration::hours(1)));
    let mut dearer = crate::house::product("b", 9_999);
    dearer.stock = Some(1);
    house.engine.import_products(vec![dearer]).await.unwrap();
    let held = house.restarted().await;
    held.decide(&request("e-2", "r-2", "c-9", &["a"])).await.unwrap();
    let holds = held.engine.holds(&of("c-1")).await.unwrap();
    assert_eq!(holds.len(), 1);
    assert_eq!((holds[0].price, holds[0].sku.as_str()), (hold.price, "b"));
    assert_eq!(holds[0].recommendation_id, offer.recommendation_id);
    assert!(held.engine.holds(&of("c-2")).await.unwrap().is_empty(), "another customer was promised nothing");
    let other = HoldQuery { sku: Some(Sku::new("a").unwrap()), ..of("c-1") };
    assert!(held.engine.holds(&other).await.unwrap().is_empty());
    let this = HoldQuery { recommendation_id: Some(offer.recommendation_id.clone()), ..of("c-1") };
    assert_eq!(held.engine.holds(&this).await.unwrap().len(), 1);

    let told = outbox_count(&held).await;
    assert_eq!(held.engine.run_due(Instant(hold.until.0 - 1)).await.unwrap(), 0);
    assert!(held.engine.run_due(hold.until).await.unwrap() >= 1);
    assert!(held.engine.holds(&of("c-1")).await.unwrap().is_empty());
    assert!(outbox_count(&held).await > told, "its end is told");
    assert_eq!(outbox(&held).await.last().unwrap(), "rebound.hold.expired");
}

#[tokio::test]
async fn a_hold_counts_no_longer_once_its_time_is_over_even_if_nobody_has_ended_it_yet() {
    let house = holding().await;
    house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
    assert_eq!(house.engine.holds(&of("c-1")).await.unwrap().len(), 1);
    let mut later = request("e-2", "r-2", "c-2", &["a"]);
    later.requested_at = Instant(later.requested_at.0 + 3_600_000);
    house.decide(&later).await.unwrap();
    assert!(house.engine.holds(&of("c-1")).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_hosts_that_end_the_same_promise_at_once_end_it_once() {
    let house = holding().await;
    let plan = house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap().plan;
    let until = plan.offers[0].hold.unwrap().until;
    let other = house.engine.clone();
    // After this host has read what is due, and before it lands that it is done.
    let act = Box::pin(async move {
        assert_eq!(other.run_due(until).await.unwrap(), 1);
    });
    let storage = Hooked::acting(house.storage.clone(), Hooked::AT_COMMIT, act);
    let late = house.fronted(storage.clone()).await;
    assert_eq!(late.engine.run_due(until).await.unwrap(), 0);
    assert!(storage.has_acted());
    let told = outbox(&house).await.into_iter().filter(|kind| kind == "rebound.hold.expired");
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn a_coupon_outlives_its_erased_customer_and_its_budget_gets_the_charge_back_when_it_ends() {
    let house = giving("gives 300", Counts::Spend, LIMIT, 9).await;
    let plan = decide(&house, 1, "c-1").await;
    let end = coupons(&plan)[0].expires_at;
    let nobody = [b"c".as_slice(), &[0; 16]].concat();
    let bearer = async || house.records().await.iter().filter(|(key, _)| key.owner == nobody).count();
    assert_eq!(bearer().await, 0);
    house.engine.erase_customer(&plan.customer_id).await.unwrap();
    assert_eq!((bearer().await, charged(&house).await), (1, 300), "its code is still worth what it says");
    assert_eq!(outbox(&house).await, Vec::<String>::new(), "nobody is told of the person");
    house.engine.run_due(end).await.unwrap();
    assert_eq!((bearer().await, charged(&house).await), (0, 0));
    assert_eq!(outbox(&house).await, Vec::<String>::new(), "nor of the coupon's end");
}
