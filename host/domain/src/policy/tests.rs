use super::*;
use crate::ids::OrderId;
use crate::money::INTEGER_MAX;

fn policy() -> Policy {
    Policy::standard(Currency::new("CNY").unwrap())
}

fn budget() -> Budget {
    Budget {
        id: BudgetId::new("spring").unwrap(),
        currency: Currency::new("CNY").unwrap(),
        counts: Counts::Spend,
        limit: Money(1_000_000),
        benefits: vec!["amount-off".to_owned()],
        max_value: Money(10_000),
        stacking: Stacking::Exclusive,
        per_customer: 2,
    }
}

fn order(ordered_at: Option<u64>, delivered_at: Option<u64>) -> Order {
    Order {
        id: OrderId::new("o-1").unwrap(),
        ordered_at: ordered_at.map(Instant),
        delivered_at: delivered_at.map(Instant),
        lines: Vec::new(),
        discount: Money::ZERO,
        coupon: None,
    }
}

fn left(budget: &Budget, charged: i128, had: u32) -> BudgetLeft<'_> {
    BudgetLeft { budget, charged, had }
}

/// What may be given after so many plans in 30 days, and for this order: the incentive of 100.00 and the budgets.
fn given(plans_30d: u32, plans_this_order: u32, charged: i128, had: u32) -> (i64, Option<(i64, u32)>) {
    let prior = Prior { plans_30d, plans_this_order, ..Prior::default() };
    let budget = budget();
    let allowed = allowed_for(&policy(), [left(&budget, charged, had)], &prior, Money(10_000), []);
    let budgets = allowed.budgets.first().map(|it| (it.max_value.0, it.left_for_customer));
    (allowed.incentive_max.0, budgets)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[track_caller]
fn refuses(result: Result<(), PolicyError>, field: &str, message: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.field().as_str(), error.to_string().as_str()), (field, message));
}

#[test]
fn the_standard_policy_stands() {
    assert_eq!(policy().check(), Ok(()));
    assert_eq!(budget().check(), Ok(()));
}

#[test]
fn a_policy_that_does_not_stand_is_refused_by_field() {
    let check = |change: &dyn Fn(&mut Policy)| {
        let mut policy = policy();
        change(&mut policy);
        policy.check()
    };
    refuses(
        check(&|it| it.resolutions = words(&["exchange"])),
        "resolutions",
        "lack `refund`; it is always offered, add it",
    );
    refuses(
        check(&|it| it.resolutions = words(&["refund", "gold"])),
        "resolutions[1]",
        "is `gold`; use one of refund, exchange, store-credit, repair, keep-item",
    );
    refuses(
        check(&|it| it.resolutions = words(&["refund", "refund"])),
        "resolutions[1]",
        "is `refund` a second time; name each once",
    );
    refuses(
        check(&|it| it.care = words(&["reship", "Free hugs"])),
        "care[1]",
        "is `Free hugs`; give lower-case words joined by hyphens, at most 64 bytes",
    );
    refuses(check(&|it| it.care = words(&["a", "a"])), "care[1]", "is `a` a second time; name each once");
    refuses(
        check(&|it| it.care = vec!["a".repeat(65)]),
        "care[0]",
        &format!("is `{}…`; give lower-case words joined by hyphens, at most 64 bytes", "a".repeat(64)),
    );
    refuses(
        check(&|it| it.return_window = Duration(Duration::days(3_660).0 + 1)),
        "return_window",
        "is 316224000001 ms; give at most 316224000000 ms",
    );
    refuses(
        check(&|it| it.hold_max = Duration(u64::MAX)),
        "hold_max",
        "is 18446744073709551615 ms; give at most 316224000000 ms",
    );
    refuses(
        check(&|it| it.incentive_share_max = BasisPoints(10_001)),
        "incentive_share_max",
        "is 10001; give at most 10000 basis points",
    );
    refuses(
        check(&|it| it.diminishing.step = BasisPoints(10_001)),
        "diminishing.step",
        "is 10001; give at most 10000 basis points",
    );
    refuses(
        check(&|it| it.hidden_from_probe = 0),
        "hidden_from_probe",
        "is 0; give 1 to hide incentives from every return, or a later one",
    );
    refuses(
        check(&|it| it.timezone = " ".to_owned()),
        "timezone",
        "is empty; give an IANA name such as Asia/Shanghai, or UTC",
    );
}

#[test]
fn a_budget_that_does_not_stand_is_refused_by_field() {
    let check = |change: &dyn Fn(&mut Budget)| {
        let mut budget = budget();
        change(&mut budget);
        budget.check()
    };
    let all = "amount-off, percent-off, store-credit, free-shipping, gift";
    refuses(
        check(&|it| it.benefits.clear()),
        "benefits",
        &format!("are empty; name what this budget pays for: {all}"),
    );
    refuses(
        check(&|it| it.benefits = words(&["gift", "cash"])),
        "benefits[1]",
        &format!("is `cash`; use one of {all}"),
    );
    refuses(
        check(&|it| it.benefits = words(&["gift", "gift"])),
        "benefits[1]",
        "is `gift` a second time; name each once",
    );
    let range = format!("give 0 to {INTEGER_MAX} minor units");
    refuses(check(&|it| it.limit = Money(-1)), "limit", &format!("is -1; {range}"));
    refuses(
        check(&|it| it.limit = Money(INTEGER_MAX + 1)),
        "limit",
        &format!("is 9007199254740992; {range}"),
    );
    refuses(check(&|it| it.max_value = Money(-1)), "max_value", &format!("is -1; {range}"));
    refuses(
        check(&|it| it.max_value = Money(1_000_001)),
        "max_value",
        "is 1000001, over the whole budget of 1000000; lower it",
    );
    refuses(check(&|it| it.per_customer = 0), "per_customer", "is 0; give at least 1");
}

#[test]
fn a_policy_bears_on_a_return_by_what_was_paid() {
    let allowed = allowed_for(
        &policy(),
        [left(&budget(), 0, 0)],
        &Prior::default(),
        Money(39_900),
        [Some(&order(Some(0), None))],
    );
    assert_eq!(allowed.resolutions, words(&["refund", "exchange", "store-credit"]));
    assert_eq!(allowed.incentive_max, Money(7_980), "20 % of 399.00");
    assert_eq!(allowed.partial_discount, "keep");
    assert_eq!(allowed.hold_max, Duration::hours(24));
    assert_eq!(
        allowed.budgets,
        [Allowance {
            budget: BudgetId::new("spring").unwrap(),
            benefits: words(&["amount-off"]),
            max_value: Money(10_000),
            left_for_customer: 2,
            counts: Counts::Spend,
            left: 1_000_000,
            stacking: Stacking::Exclusive,
        }]
    );
}

#[test]
fn incentives_shrink_with_each_return_of_a_month_and_end() {
    let incentives: Vec<i64> = (0..8).map(|plans| given(plans, 0, 0, 0).0).collect();
    assert_eq!(incentives, [2_000, 2_000, 2_000, 1_500, 1_000, 500, 0, 0]);
}

#[test]
fn the_third_return_of_one_order_is_given_nothing() {
    let all = Some((10_000, 2));
    assert_eq!(given(0, 0, 0, 0), (2_000, all));
    assert_eq!(given(0, 1, 0, 0), (2_000, all));
    assert_eq!(given(0, 2, 0, 0), (0, None));
    assert_eq!(given(0, u32::MAX, 0, 0), (0, None));
}

#[test]
fn a_budget_tells_what_is_left_in_it_for_this_customer() {
    assert_eq!(given(0, 0, 995_000, 1), (2_000, Some((5_000, 1))));
    assert_eq!(given(0, 0, 999_999, 0).1, Some((1, 2)));
    assert_eq!(given(0, 0, 1_000_000, 0).1, None, "it is spent");
    assert_eq!(given(0, 0, 5_000_000, 0).1, None, "its limit was lowered below what is spent");
    assert_eq!(given(0, 0, 0, 2).1, None, "this customer has had all");
    let uses = Budget { counts: Counts::Uses, limit: Money(3), ..budget() };
    let allowed = allowed_for(&policy(), [left(&uses, 2, 0)], &Prior::default(), Money(10_000), []);
    assert_eq!((allowed.budgets[0].max_value, allowed.budgets[0].left), (Money(10_000), 1));
    assert_eq!(uses.check(), Ok(()), "three coupons may be worth more than three cents");
}

#[test]
fn the_window_counts_from_delivery_and_ends_with_the_first_order_s() {
    let days = |days| Some(Duration::days(days).0);
    for (what, orders, want) in [
        ("no order", vec![], None),
        ("an order of no known date", vec![order(None, None)], None),
        ("delivered", vec![order(days(1), days(4))], days(34)),
        ("not known to be delivered", vec![order(days(1), None)], days(31)),
        ("the earlier of two", vec![order(days(9), days(12)), order(days(1), days(4))], days(34)),
        ("one of two unknown", vec![order(days(1), days(4)), order(None, None)], None),
    ] {
        let allowed = allowed_for(&policy(), [], &Prior::default(), Money(1), orders.iter().map(Some));
        assert_eq!(allowed.window_ends, want.map(Instant), "{what}");
        let with_unknown = orders.iter().map(Some).chain([None]);
        assert_eq!(
            allowed_for(&policy(), [], &Prior::default(), Money(1), with_unknown).window_ends,
            None,
            "{what}, and one unknown"
        );
    }
}

/// Policies were recorded before texts were checked.
#[test]
fn a_policy_recorded_without_rules_of_claims_enforces_them() {
    let mut recorded = serde_json::to_value(policy()).unwrap();
    let fields = recorded.as_object_mut().unwrap();
    fields.remove("claims").unwrap();
    fields.remove("own_namespaces").unwrap();
    assert_eq!(serde_json::from_value::<Policy>(recorded).unwrap(), policy());
}

#[test]
fn own_namespaces_are_what_stands_before_a_slash() {
    let with = |namespaces: &[&str]| Policy { own_namespaces: words(namespaces), ..policy() }.check();
    assert_eq!(with(&["rebound", "my-shop_2.x"]), Ok(()));
    assert_eq!(with(&[]), Ok(()));
    for bad in ["a/b", "", "Shop", "a b"] {
        assert_eq!(with(&["rebound", bad]).unwrap_err().field(), "own_namespaces[1]", "{bad}");
    }
    assert_eq!(with(&["a", "a"]).unwrap_err().field(), "own_namespaces[1]");
}

#[test]
fn a_namespace_is_owned_whole() {
    let policy = Policy { own_namespaces: words(&["shop"]), ..policy() };
    for (plugin, want) in [("shop/a@1.0.0", true), ("shopping/a@1.0.0", false), ("rebound/shop@1.0.0", false)]
    {
        assert_eq!(policy.owns(&plugin.parse().unwrap()), want, "{plugin}");
    }
}
