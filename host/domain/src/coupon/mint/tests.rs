use super::*;
use crate::answer::{Benefit, Prize};
use crate::money::BasisPoints;
use crate::testing::{COAT, DRESS, SCARF, proposal, returning, shop, terms};
use crate::time::Duration;

/// Draws what the test says, and numbers codes as proposals are numbered.
struct Known(u128);

impl Secrets for Known {
    fn draw(&self, _proposal: usize) -> u128 {
        self.0
    }
    fn code(&self, proposal: usize) -> Code {
        code(proposal)
    }
}

fn code(number: usize) -> Code {
    Code::first_of([37 * number as u64]).unwrap()
}

fn situation() -> Situation {
    returning(&shop(), "en", &[DRESS])
}

fn fixed(amount: i64) -> Proposal {
    proposal(Benefit::AmountOff(Money(amount)))
}

fn surprise(outcomes: &[(u32, Option<i64>)]) -> Proposal {
    let prize = |&(weight, amount): &(u32, Option<i64>)| Prize {
        weight,
        terms: amount.map(|amount| terms(Benefit::AmountOff(Money(amount)))),
    };
    Proposal { grant: Grant::Surprise(outcomes.iter().map(prize).collect()), copy: Vec::new() }
}

/// What became of each proposal: its worth, or why there is none.
fn outcomes(
    situation: &Situation,
    proposals: &[Proposal],
    rewards: &[Proposal],
) -> Vec<Result<i64, &'static str>> {
    let rewards: Vec<_> = rewards.iter().map(Reward).collect();
    let minting = mint(situation, &shop(), proposals, &rewards, Some(&Known(0)));
    let outcome = |minted: &Minted| match minted {
        Minted::Coupon { coupon, .. } => Ok(coupon.value.0),
        Minted::Nothing { .. } => Err("nothing"),
        Minted::Undrawn => Err("undrawn"),
        Minted::Refused(refusal) => Err(refusal.word()),
    };
    minting.proposals.iter().chain(&minting.rewards).map(outcome).collect()
}

#[test]
fn a_coupon_says_when_it_can_be_used_and_what_it_costs() {
    let mut situation = situation();
    situation.policy.budgets[0].stacking = crate::policy::Stacking::Combinable;
    let mut wanted = terms(Benefit::AmountOff(Money(5_000)));
    wanted.starts_after = Duration::hours(1);
    let proposal = Proposal { grant: Grant::Fixed(wanted.clone()), copy: Vec::new() };
    let minting = mint(&situation, &shop(), &[proposal], &[], Some(&Known(0)));
    let starts_at = situation.now + Duration::hours(1);
    let coupon = Coupon {
        code: Some(code(0)),
        terms: wanted,
        budget: situation.policy.budgets[0].budget.clone(),
        charge: 5_000,
        value: Money(5_000),
        stacking: crate::policy::Stacking::Combinable,
        starts_at,
        expires_at: starts_at + Duration::days(30),
    };
    assert_eq!(minting.proposals, [Minted::Coupon { coupon, drawn: None }]);
}

#[test]
fn all_coupons_of_a_plan_together_stay_within_the_incentive() {
    // 8,000 for this return.
    let given = outcomes(&situation(), &[fixed(5_000), fixed(5_000)], &[]);
    assert_eq!(given, [Ok(5_000), Err("over-incentive-max")]);
    let mut generous = situation();
    generous.policy.budgets[0].left_for_customer = 9;
    let given = outcomes(&generous, &[fixed(5_000), fixed(3_001), fixed(3_000), fixed(1)], &[]);
    assert_eq!(given, [Ok(5_000), Err("over-incentive-max"), Ok(3_000), Err("over-incentive-max")]);
    let given = outcomes(&generous, &[fixed(5_000)], &[fixed(3_001), fixed(3_000)]);
    assert_eq!(given, [Ok(5_000), Err("over-incentive-max"), Ok(3_000)], "rewards count too");
}

#[test]
fn one_customer_gets_no_more_of_a_budget_than_is_left_for_them() {
    let given = outcomes(&situation(), &[fixed(1), fixed(1), fixed(1)], &[]);
    assert_eq!(given, [Ok(1), Ok(1), Err("customer-limit")]);
    let given = outcomes(&situation(), &[fixed(1)], &[fixed(1), fixed(1)]);
    assert_eq!(given, [Ok(1), Ok(1), Err("customer-limit")], "the rewards of one plan count too");
}

#[test]
fn a_budget_gives_what_it_has_left() {
    let mut situation = situation();
    situation.policy.budgets[0].left = 5_000;
    let given = outcomes(&situation, &[fixed(3_000), fixed(2_001)], &[]);
    assert_eq!(given, [Ok(3_000), Err("budget-spent")]);
    assert_eq!(outcomes(&situation, &[fixed(3_000), fixed(2_000)], &[]), [Ok(3_000), Ok(2_000)]);
    situation.policy.budgets[0].counts = Counts::Uses;
    situation.policy.budgets[0].left = 1;
    assert_eq!(outcomes(&situation, &[fixed(3_000), fixed(1)], &[]), [Ok(3_000), Err("budget-spent")]);
    situation.policy.budgets.clear();
    assert_eq!(outcomes(&situation, &[fixed(1)], &[]), [Err("budget-spent")]);
}

#[test]
fn what_a_coupon_costs_is_known_or_it_is_not_made() {
    let mut situation = situation();
    let shipping = proposal(Benefit::FreeShipping);
    assert_eq!(outcomes(&situation, std::slice::from_ref(&shipping), &[]), [Err("unpriced")]);
    let mut priced = terms(Benefit::FreeShipping);
    priced.max_discount = Some(Money(1_200));
    let priced = Proposal { grant: Grant::Fixed(priced), copy: Vec::new() };
    assert_eq!(outcomes(&situation, &[priced], &[]), [Ok(1_200)]);
    situation.policy.budgets[0].counts = Counts::Uses;
    assert_eq!(outcomes(&situation, &[shipping], &[]), [Ok(0)], "a use is a use");
    situation.policy.incentive_max = Money(20_000);
    situation.policy.budgets[0].left = 1_000_000;
    situation.policy.budgets[0].counts = Counts::Spend;
    assert_eq!(outcomes(&situation, &[proposal(Benefit::Gift(SCARF))], &[]), [Ok(9_900)]);
    assert_eq!(outcomes(&situation, &[proposal(Benefit::Gift(COAT))], &[]), [Err("over-incentive-max")]);
    let mut percent = terms(Benefit::PercentOff(BasisPoints(1_000)));
    percent.max_discount = Some(Money(7_000));
    assert_eq!(
        outcomes(&situation, &[Proposal { grant: Grant::Fixed(percent), copy: Vec::new() }], &[]),
        [Ok(7_000)]
    );
}

#[test]
fn a_surprise_is_drawn_by_the_host_and_costs_what_was_drawn() {
    let proposals = [surprise(&[(1, Some(5_000)), (3, Some(500)), (6, None)])];
    let drawn =
        |number| mint(&situation(), &shop(), &proposals, &[], Some(&Known(number))).proposals.remove(0);
    for (number, want) in
        [(0, Some(5_000)), (1, Some(500)), (3, Some(500)), (4, None), (9, None), (10, Some(5_000))]
    {
        let minted = drawn(number);
        let charge = match &minted {
            Minted::Coupon { coupon, drawn } => {
                assert_eq!(*drawn, Some(usize::from(coupon.charge == 500)));
                Some(coupon.charge)
            }
            Minted::Nothing { drawn: 2 } => None,
            other => panic!("{number}: {other:?}"),
        };
        assert_eq!(charge, want, "{number}");
    }
    let dry = mint(&situation(), &shop(), &proposals, &[], None);
    assert_eq!(dry.proposals, [Minted::Undrawn]);
    assert_eq!(dry.coupons().count(), 0);
}

#[test]
fn a_surprise_that_could_not_pay_its_dearest_prize_is_not_drawn() {
    let won_nothing = surprise(&[(5, None), (1, Some(5_000))]);
    let mut poor = situation();
    poor.policy.budgets[0].left = 4_999;
    assert_eq!(outcomes(&poor, std::slice::from_ref(&won_nothing), &[]), [Err("budget-spent")]);
    let given = outcomes(&situation(), &[fixed(5_000), won_nothing, fixed(3_000)], &[]);
    assert_eq!(given, [Ok(5_000), Err("over-incentive-max"), Ok(3_000)]);
}

#[test]
fn the_room_of_a_dearest_prize_is_taken_whatever_was_drawn() {
    let cheap = surprise(&[(1, None), (1, Some(5_000))]);
    let given = outcomes(&situation(), &[cheap, fixed(5_000)], &[]);
    assert_eq!(
        given,
        [Err("nothing"), Err("over-incentive-max")],
        "what is shown must not tell what was drawn"
    );
}

#[test]
fn a_reward_is_promised_with_fixed_terms_only() {
    let given = outcomes(&situation(), &[], &[surprise(&[(1, Some(1))]), fixed(1)]);
    assert_eq!(given, [Err("reward-not-fixed"), Ok(1)]);
    let reward = fixed(1);
    let minting = mint(&situation(), &shop(), &[fixed(1)], &[Reward(&reward)], Some(&Known(0)));
    let numbers: Vec<_> = minting.coupons().map(|(number, coupon)| (number, coupon.code)).collect();
    assert_eq!(numbers, [(0, Some(code(0))), (1, Some(code(1)))], "no two share a number");
}

#[test]
fn one_plan_makes_no_more_coupons_than_fit_into_one_commit() {
    let mut situation = situation();
    situation.policy.budgets[0].left_for_customer = u32::MAX;
    let rewards = vec![fixed(1); COUPONS_MAX];
    let given = outcomes(&situation, &[fixed(1), fixed(1)], &rewards);
    assert_eq!(given.iter().filter(|outcome| outcome.is_ok()).count(), COUPONS_MAX);
    assert_eq!(given[COUPONS_MAX..], [Err("too-many"), Err("too-many")]);
}

#[test]
fn a_dry_run_makes_no_code() {
    let minting = mint(&situation(), &shop(), &[fixed(1)], &[], None);
    assert!(minting.coupons().all(|(_, coupon)| coupon.code.is_none()));
    assert_eq!(minting.coupons().count(), 1);
}
