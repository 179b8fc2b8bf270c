//! Coupons that an answer proposes.

use super::*;

#[test]
fn a_coupon_draws_on_a_budget_that_pays_for_it() {
    let mut desk = Desk::new();
    refuses(
        desk.one_coupon(Benefit::FreeShipping, |it| it.budget = "winter".to_owned()),
        "proposals[0].grant.budget",
        "is `winter`, none of this event's budgets",
    );
    desk.situation.policy.budgets[0].benefits = vec!["gift".to_owned()];
    refuses(
        desk.one_coupon(Benefit::FreeShipping, |_| {}),
        "proposals[0].grant.benefit",
        "is `free-shipping`, none of this event's benefits of its budget; they are gift",
    );
}

#[test]
fn a_coupon_is_worth_no_more_than_both_caps() {
    let mut desk = Desk::new();
    // The budget's dearest coupon is 100.00, the dearest incentive for this return 80.00.
    let over = |value| format!("is worth {value} minor units; this event allows 8000");
    let field = "proposals[0].grant.benefit";
    for benefit in [Benefit::AmountOff, Benefit::StoreCredit] {
        stands(desk.one_coupon(benefit(Money(8_000)), |_| {}));
        refuses(desk.one_coupon(benefit(Money(8_001)), |_| {}), field, &over(8_001));
    }
    for benefit in [Benefit::PercentOff(BasisPoints(1_000)), Benefit::FreeShipping] {
        stands(desk.one_coupon(benefit, |it| it.max_discount = Some(Money(8_000))));
        refuses(desk.one_coupon(benefit, |it| it.max_discount = Some(Money(8_001))), field, &over(8_001));
    }
    stands(desk.one_coupon(Benefit::FreeShipping, |_| {}));
    refuses(desk.one_coupon(Benefit::Gift(SCARF), |_| {}), field, &over(9_900));
    desk.situation.policy.incentive_max = Money(10_000);
    stands(desk.one_coupon(Benefit::Gift(SCARF), |_| {}));
    desk.situation.policy.budgets[0].max_value = Money(9_899);
    refuses(
        desk.one_coupon(Benefit::Gift(SCARF), |_| {}),
        field,
        "is worth 9900 minor units; this event allows 9899",
    );
}

#[test]
fn a_benefit_gives_something_in_range() {
    let desk = Desk::new();
    let field = "proposals[0].grant.benefit";
    let money = |amount| format!("is {amount}; give 1 to {INTEGER_MAX} minor units");
    for bad in [i64::MIN, -1, 0, INTEGER_MAX + 1] {
        refuses(desk.one_coupon(Benefit::AmountOff(Money(bad)), |_| {}), field, &money(bad));
        refuses(desk.one_coupon(Benefit::StoreCredit(Money(bad)), |_| {}), field, &money(bad));
    }
    for bad in [0, 10_001, u32::MAX] {
        refuses(
            desk.one_coupon(Benefit::PercentOff(BasisPoints(bad)), |it| it.max_discount = Some(Money(1))),
            field,
            &format!("is {bad} basis points; give 1 to 10000"),
        );
    }
    refuses(
        desk.one_coupon(Benefit::PercentOff(BasisPoints(10_000)), |_| {}),
        "proposals[0].grant.max_discount",
        "is missing; a percentage needs it",
    );
    refuses(
        desk.one_coupon(Benefit::FreeShipping, |it| it.max_discount = Some(Money(-5))),
        "proposals[0].grant.max_discount",
        &money(-5),
    );
    refuses(
        desk.one_coupon(Benefit::Gift(NOTHING), |_| {}),
        field,
        "is 99, which the catalogue does not hold; use ids it gave",
    );
    refuses(
        desk.one_coupon(Benefit::FreeShipping, |it| it.min_spend = Money(-1)),
        "proposals[0].grant.min_spend",
        &format!("is -1; give 0 to {INTEGER_MAX} minor units"),
    );
    stands(desk.one_coupon(Benefit::FreeShipping, |it| it.min_spend = Money::ZERO));
}

#[test]
fn a_coupon_can_be_used_for_some_time_and_on_something() {
    let desk = Desk::new();
    let coupon = |change: fn(&mut Terms)| desk.one_coupon(Benefit::FreeShipping, change);
    let late = "is 31622400001 ms; give at most 31622400000 ms";
    refuses(coupon(|it| it.starts_after = Duration(31_622_400_001)), "proposals[0].grant.starts_after", late);
    refuses(coupon(|it| it.valid_for = Duration(31_622_400_001)), "proposals[0].grant.valid_for", late);
    refuses(
        coupon(|it| it.valid_for = Duration(0)),
        "proposals[0].grant.valid_for",
        "is 0; a coupon must be redeemable for some time",
    );
    let field = "proposals[0].grant.scope";
    let nothing = "is empty; a coupon must be usable on something";
    refuses(coupon(|it| it.scope = Scope::Products(Vec::new())), field, nothing);
    refuses(coupon(|it| it.scope = Scope::Categories(Vec::new())), field, nothing);
    let many = "holds 33 entries; send at most 32";
    refuses(coupon(|it| it.scope = Scope::Products(vec![ProductId(1); 33])), field, many);
    refuses(coupon(|it| it.scope = Scope::Categories(vec!["a".to_owned(); 33])), field, many);
    refuses(
        coupon(|it| it.scope = Scope::Products(vec![COAT, NOTHING])),
        "proposals[0].grant.scope[1]",
        "is 99, which the catalogue does not hold; use ids it gave",
    );
    refuses(
        coupon(|it| it.scope = Scope::Categories(vec!["连衣裙".to_owned(), " ".to_owned()])),
        "proposals[0].grant.scope[1]",
        "is ` `; give a category of at most 256 bytes",
    );
    refuses(
        coupon(|it| it.scope = Scope::Categories(vec!["a".repeat(257)])),
        "proposals[0].grant.scope[0]",
        &format!("is `{}…`; give a category of at most 256 bytes", "a".repeat(64)),
    );
    stands(coupon(|it| it.scope = Scope::Categories(vec!["连衣裙".to_owned()])));
}

fn surprise(prizes: &[(Option<Benefit>, u32)]) -> Proposal {
    let prize = |&(benefit, weight): &(Option<Benefit>, u32)| Prize { terms: benefit.map(terms), weight };
    Proposal { grant: Grant::Surprise(prizes.iter().map(prize).collect()), copy: Vec::new() }
}

#[test]
fn a_surprise_is_judged_by_its_dearest_prize_and_can_be_won() {
    let desk = Desk::new();
    let (small, large) = (Benefit::AmountOff(Money(100)), Benefit::AmountOff(Money(8_001)));
    stands(desk.proposed(vec![surprise(&[(Some(small), 1), (None, 9)])]));
    refuses(
        desk.proposed(vec![surprise(&[(Some(small), 99), (Some(large), 1)])]),
        "proposals[0].grant[1].terms.benefit",
        "is worth 8001 minor units; this event allows 8000",
    );
    let nothing = "has nothing to win; give at least one prize with terms";
    refuses(desk.proposed(vec![surprise(&[])]), "proposals[0].grant", nothing);
    refuses(desk.proposed(vec![surprise(&[(None, 1)])]), "proposals[0].grant", nothing);
    refuses(
        desk.proposed(vec![surprise(&[(None, 1), (Some(small), 0)])]),
        "proposals[0].grant[1].weight",
        "is 0; leave out what cannot be drawn",
    );
    refuses(
        desk.proposed(vec![surprise(&[(Some(small), 1); 33])]),
        "proposals[0].grant",
        "holds 33 entries; send at most 32",
    );
}

#[test]
fn no_budget_is_drawn_on_more_often_than_this_customer_may() {
    let desk = Desk::new();
    let (free, prize) = (Benefit::FreeShipping, Some(Benefit::FreeShipping));
    // A surprise ends in one prize: it uses its budget once, however many prizes draw on it.
    stands(desk.proposed(vec![proposal(free), surprise(&[(prize, 1), (prize, 1), (prize, 1)])]));
    let reason = "draws on budget `spring` 3 times; this customer may get 2 more";
    refuses(desk.proposed(vec![proposal(free); 3]), "proposals[2].grant", reason);
    refuses(
        desk.proposed(vec![proposal(free), proposal(free), surprise(&[(prize, 1)])]),
        "proposals[2].grant",
        reason,
    );
    let rewarded = ShareKit {
        cards: vec![Card { reward: Some(proposal(free)), ..card() }; 2],
        achievements: vec![Achievement { reward: Some(proposal(free)), ..achievement() }],
        state: StateChange::Keep,
    };
    refuses(desk.shared(&rewarded), "achievements[0].reward.grant", reason);
}
