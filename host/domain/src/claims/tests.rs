//! Facts and whole sentences. Templates, locales and formats have tests of their own beside them.

use proptest::prelude::*;

use super::*;
use crate::answer::{Benefit, Grant, Offer, Prize, Proposal, Subject};
use crate::catalog::Switched;
use crate::coupon::{self, Code, Minted, Odds, Secrets};
use crate::ids::ProductId;
use crate::money::{BasisPoints, Money};
use crate::plan::{FactValue, Line, Piece};
use crate::situation::Situation;
use crate::testing::{
    COAT, DRESS, LIPSTICK, NOTHING, NOW, SCARF, Shop, manifest, offer, proposal, returning, say, shop, terms,
};
use crate::time::{Duration, Instant, Zone};

/// What the host knows while a dress, or a dress and a lipstick, come back.
struct Desk {
    shop: Shop,
    situation: Situation,
    offers: Vec<Offer>,
    proposals: Vec<Proposal>,
    minted: Vec<Minted>,
    unused_benefits: Money,
}

impl Desk {
    fn new(returned: &[ProductId]) -> Self {
        Self::reading("en", returned)
    }

    fn reading(locale: &str, returned: &[ProductId]) -> Self {
        let shop = shop();
        let situation = returning(&shop, locale, returned);
        Self {
            shop,
            situation,
            offers: vec![offer(COAT)],
            proposals: Vec::new(),
            minted: Vec::new(),
            unused_benefits: Money::ZERO,
        }
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger {
            situation: &self.situation,
            catalog: &self.shop,
            low_stock: 10,
            offers: &self.offers,
            proposals: &self.proposals,
            minted: &self.minted,
            unused_benefits: self.unused_benefits,
            zone: &Shanghai,
        }
    }

    fn value(&self, fact: Fact, about: Subject) -> Result<Value, Why> {
        self.ledger().value(fact, about).map_err(|unsaid| {
            assert_eq!(unsaid.fact, Some(fact));
            unsaid.why
        })
    }

    fn say(&self, templates: &[(&str, &str, &str)], about: Subject) -> Result<Line, Unsaid> {
        let templates = Templates::new(&manifest("a/b@1.0.0", templates)).unwrap();
        Speaker::new(self.ledger(), &Book::default()).say(&templates, &say("line", about))
    }
}

struct Shanghai;

impl Zone for Shanghai {
    fn offset_seconds(&self, _at: Instant) -> i32 {
        8 * 3_600
    }
}

/// Numbers codes as proposals are numbered, and draws as the test says.
struct Known(u128);

impl Secrets for Known {
    fn draw(&self, _proposal: usize) -> u128 {
        self.0
    }
    fn code(&self, proposal: usize) -> Code {
        Code::first_of([proposal as u64]).unwrap()
    }
}

impl Desk {
    /// Mints what was proposed.
    fn mint(&mut self, proposals: Vec<Proposal>, secrets: Option<&dyn Secrets>) {
        self.situation.policy.incentive_max = Money(100_000);
        self.situation.policy.budgets[0].left_for_customer = 9;
        self.minted = coupon::mint(&self.situation, &self.shop, &proposals, &[], secrets).proposals;
        self.proposals = proposals;
    }
}

fn text(text: &str) -> Result<Value, Why> {
    Ok(Value::Text(text.to_owned()))
}

fn literal(literal: &str) -> Piece {
    Piece::Literal { literal: literal.to_owned() }
}

fn fact(fact: &str, value: FactValue, text: &str) -> Piece {
    Piece::Fact { fact: fact.to_owned(), value, text: text.to_owned() }
}

#[test]
fn a_product_s_facts_are_those_of_what_a_sentence_is_about() {
    let desk = Desk::new(&[DRESS]);
    for (about, title, brand, price) in [
        (Subject::Returned(0), "Linen dress", "Meadow", 39_900),
        (Subject::Offered(0), "Wool coat", "Meadow", 129_900),
        (Subject::Plan, "Linen dress", "Meadow", 39_900),
    ] {
        assert_eq!(desk.value(Fact::Item, about), text(title));
        assert_eq!(desk.value(Fact::Brand, about), text(brand));
        assert_eq!(desk.value(Fact::Price, about), Ok(Value::Money(Money(price))));
    }
}

#[test]
fn the_item_of_a_plan_with_several_lines_is_nobody_s_guess() {
    let desk = Desk::new(&[DRESS, LIPSTICK]);
    for fact in [Fact::Item, Fact::Brand, Fact::Price, Fact::Reason, Fact::StockLeft] {
        assert_eq!(desk.value(fact, Subject::Plan), Err(Why::FactUnknown), "{fact:?}");
    }
    assert_eq!(desk.value(Fact::Item, Subject::Returned(1)), text("哑光口红"));
}

#[test]
fn subjects_that_are_not_there_have_no_facts() {
    let mut desk = Desk::new(&[DRESS]);
    for about in [Subject::Returned(1), Subject::Offered(1), Subject::Proposed(0)] {
        for fact in Fact::ALL {
            assert_eq!(desk.value(fact, about), Err(Why::FactUnknown), "{fact:?} of {about:?}");
        }
    }
    desk.offers = vec![offer(NOTHING)];
    for fact in [Fact::Item, Fact::Brand, Fact::Price, Fact::StockLeft, Fact::SwitchedShare] {
        assert_eq!(desk.value(fact, Subject::Offered(0)), Err(Why::FactUnknown), "{fact:?}");
    }
}

#[test]
fn a_missing_brand_and_an_empty_title_are_unknown() {
    let mut desk = Desk::new(&[DRESS]);
    desk.offers = vec![offer(SCARF)];
    assert_eq!(desk.value(Fact::Brand, Subject::Offered(0)), Err(Why::FactUnknown));
    let mut nameless = (*desk.shop.products[&SCARF]).clone();
    nameless.title = " ".to_owned();
    desk.shop.products.insert(SCARF, nameless.into());
    assert_eq!(desk.value(Fact::Item, Subject::Offered(0)), Err(Why::FactUnknown));
}

#[test]
fn a_proposal_speaks_of_the_gift_it_became_and_of_nothing_else() {
    let mut desk = Desk::new(&[DRESS]);
    let proposals = vec![proposal(Benefit::Gift(SCARF)), proposal(Benefit::FreeShipping)];
    desk.proposals = proposals.clone();
    assert_eq!(desk.value(Fact::Item, Subject::Proposed(0)), Err(Why::FactUnknown), "it was not minted");
    desk.mint(proposals, Some(&Known(0)));
    assert_eq!(desk.value(Fact::Item, Subject::Proposed(0)), text("Silk scarf"));
    assert_eq!(desk.value(Fact::CouponAmount, Subject::Proposed(0)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::Item, Subject::Proposed(1)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::Reason, Subject::Proposed(0)), Err(Why::FactUnknown));
}

#[test]
fn a_coupon_s_facts_are_those_of_the_coupon_that_was_minted() {
    let mut desk = Desk::new(&[DRESS]);
    let mut percent = terms(Benefit::PercentOff(BasisPoints(1_250)));
    (percent.max_discount, percent.min_spend) = (Some(Money(5_000)), Money::ZERO);
    let percent = Proposal { grant: Grant::Fixed(percent), copy: Vec::new() };
    desk.mint(vec![proposal(Benefit::AmountOff(Money(10_000))), percent], Some(&Known(0)));
    let about = Subject::Proposed(0);
    let code = "0000-0000-0000-0".parse().unwrap();
    assert_eq!(desk.value(Fact::CouponAmount, about), Ok(Value::Money(Money(10_000))));
    assert_eq!(desk.value(Fact::CouponMinSpend, about), Ok(Value::Money(Money(39_900))));
    assert_eq!(desk.value(Fact::CouponExpires, about), Ok(Value::Moment(NOW + Duration::days(30))));
    assert_eq!(desk.value(Fact::CouponCode, about), Ok(Value::Code(code)));
    assert_eq!(desk.value(Fact::Odds, about), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::CouponAmount, Subject::Proposed(1)), Ok(Value::Share(BasisPoints(1_250))));
    assert_eq!(desk.value(Fact::CouponMinSpend, Subject::Proposed(1)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::CouponAmount, Subject::Plan), Err(Why::FactUnknown));
}

#[test]
fn coupons_are_told_in_the_customer_s_way() {
    for (locale, amount, until) in [
        ("en", "CN¥100.00", "Dec 15, 2023, 6:13\u{202f}AM GMT+8"),
        ("zh-CN", "¥100.00", "2023年12月15日 GMT+8 06:13"),
    ] {
        let mut desk = Desk::reading(locale, &[DRESS]);
        desk.mint(vec![proposal(Benefit::AmountOff(Money(10_000)))], Some(&Known(0)));
        let template = ("line", locale, "{coupon_code}: {coupon_amount}, {coupon_expires}");
        let line = desk.say(&[template], Subject::Proposed(0)).unwrap();
        let texts = line.iter().filter_map(|piece| match piece {
            Piece::Fact { text, .. } => Some(text.as_str()),
            Piece::Literal { .. } => None,
        });
        assert_eq!(texts.collect::<Vec<_>>(), ["0000-0000-0000-0", amount, until]);
    }
}

fn surprise(outcomes: &[(u32, Option<i64>)]) -> Proposal {
    let prize = |&(weight, amount): &(u32, Option<i64>)| Prize {
        weight,
        terms: amount.map(|amount| terms(Benefit::AmountOff(Money(amount)))),
    };
    Proposal { grant: Grant::Surprise(outcomes.iter().map(prize).collect()), copy: Vec::new() }
}

/// What is said of a surprise of 1 in 8: its odds, what was won, and that something was won.
fn said(secrets: Option<&dyn Secrets>) -> [Result<String, Why>; 3] {
    let mut desk = Desk::new(&[DRESS]);
    desk.mint(vec![surprise(&[(1, Some(500)), (7, None)])], secrets);
    let words = |piece: &Piece| match piece {
        Piece::Literal { literal } => literal.clone(),
        Piece::Fact { text, .. } => text.clone(),
    };
    ["A draw with a chance of {odds}", "You won {coupon_amount}", "A prize for you"].map(|template| {
        let line = desk.say(&[("line", "en", template)], Subject::Proposed(0));
        line.map(|line| line.iter().map(words).collect()).map_err(|unsaid| unsaid.why)
    })
}

#[test]
fn of_a_surprise_the_odds_are_told_and_a_prize_only_when_it_was_drawn() {
    let odds = || Ok("A draw with a chance of 12.5%".to_owned());
    let (won, prize) = ("You won CN¥5.00".to_owned(), "A prize for you".to_owned());
    assert_eq!(said(Some(&Known(0))), [odds(), Ok(won), Ok(prize)]);
    assert_eq!(said(Some(&Known(1))), [odds(), Err(Why::NoPrize), Err(Why::NoPrize)]);
    assert_eq!(said(None), [odds(), Err(Why::NotMinted), Err(Why::NotMinted)]);
}

#[test]
fn odds_are_never_rounded() {
    let format = Format::new(&Locale::new("en").unwrap(), crate::money::Currency::new("CNY").unwrap());
    for (prized, total, want) in
        [(1, 8, "12.5%"), (1, 10_000, "0.01%"), (2, 6, "1/3"), (1, 1, "100%"), (3, 70_000, "3/70,000")]
    {
        assert_eq!(format.odds(Odds { prized, total }), want);
    }
}

#[test]
fn a_price_hold_is_told_of_the_offer_it_is_made_for() {
    let mut desk = Desk::new(&[DRESS]);
    desk.offers[0].price_hold = Some(Duration::hours(24));
    desk.offers.push(offer(SCARF));
    let until = NOW + Duration::hours(24);
    assert_eq!(desk.value(Fact::PriceHoldUntil, Subject::Offered(0)), Ok(Value::Moment(until)));
    assert_eq!(desk.value(Fact::PriceHoldUntil, Subject::Offered(1)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::PriceHoldUntil, Subject::Plan), Err(Why::FactUnknown));
    desk.offers[0].price_hold = Some(Duration(0));
    assert_eq!(
        desk.value(Fact::PriceHoldUntil, Subject::Offered(0)),
        Err(Why::FactUnknown),
        "it holds nothing"
    );
}

#[test]
fn the_right_to_return_is_told_while_it_lasts() {
    let mut desk = Desk::new(&[DRESS]);
    assert_eq!(desk.value(Fact::ReturnUntil, Subject::Plan), Ok(Value::Moment(NOW + Duration::days(10))));
    assert_eq!(desk.value(Fact::ReturnUntil, Subject::Returned(0)), Err(Why::FactUnknown));
    desk.situation.policy.window_ends = Some(NOW);
    assert_eq!(desk.value(Fact::ReturnUntil, Subject::Plan), Err(Why::FactUnknown));
    desk.situation.policy.window_ends = None;
    assert_eq!(desk.value(Fact::ReturnUntil, Subject::Plan), Err(Why::FactUnknown));
}

#[test]
fn unused_benefits_are_told_of_the_customer_and_only_when_there_are_some() {
    let mut desk = Desk::new(&[DRESS]);
    assert_eq!(desk.value(Fact::UnusedBenefits, Subject::Plan), Err(Why::FactUnknown));
    desk.unused_benefits = Money(2_500);
    assert_eq!(desk.value(Fact::UnusedBenefits, Subject::Plan), Ok(Value::Money(Money(2_500))));
    assert_eq!(desk.value(Fact::UnusedBenefits, Subject::Returned(0)), Err(Why::FactUnknown));
}

#[test]
fn a_reason_is_the_line_s_own_and_an_offer_s_that_of_the_line_it_replaces() {
    let mut desk = Desk::new(&[DRESS, LIPSTICK]);
    desk.situation.event.lines[1].reason = Some("color".to_owned());
    desk.offers = vec![Offer { for_line: Some(1), ..offer(COAT) }, offer(SCARF)];
    let reason = |word: &str| Ok(Value::Reason(word.to_owned()));
    assert_eq!(desk.value(Fact::Reason, Subject::Returned(0)), reason("size-too-small"));
    assert_eq!(desk.value(Fact::Reason, Subject::Offered(0)), reason("color"));
    assert_eq!(desk.value(Fact::Reason, Subject::Offered(1)), Err(Why::FactUnknown), "it replaces no line");
    for silent in [None, Some("unknown"), Some("other"), Some("haunted")] {
        desk.situation.event.lines[0].reason = silent.map(str::to_owned);
        assert_eq!(desk.value(Fact::Reason, Subject::Returned(0)), Err(Why::FactUnknown), "{silent:?}");
    }
}

#[test]
fn stock_is_said_only_when_it_is_known_low_and_not_gone() {
    let mut desk = Desk::new(&[DRESS]);
    let cases = [
        (None, Err(Why::FactUnknown)),
        (Some(0), Err(Why::SoldOut)),
        (Some(1), Ok(Value::Count(1))),
        (Some(10), Ok(Value::Count(10))),
        (Some(11), Err(Why::NotLowStock)),
    ];
    for (stock, want) in cases {
        desk.shop.stock = stock.map(|stock| (COAT, stock)).into_iter().collect();
        assert_eq!(desk.value(Fact::StockLeft, Subject::Offered(0)), want, "{stock:?}");
    }
}

#[test]
fn a_share_is_said_only_from_thirty_returns_on_and_rounded_down() {
    let mut desk = Desk::new(&[DRESS]);
    let cases = [
        (None, Err(Why::FactUnknown)),
        (Some((29, 29)), Err(Why::TooFewReturns)),
        (Some((30, 30)), Ok(Value::Percent(100))),
        (Some((29, 30)), Ok(Value::Percent(96))),
        (Some((1, 100)), Ok(Value::Percent(1))),
        (Some((1, 101)), Err(Why::ZeroShare)),
        (Some((0, 30)), Err(Why::ZeroShare)),
    ];
    for (switched, want) in cases {
        let switched = switched.map(|(switched, returns)| ((DRESS, COAT), Switched { switched, returns }));
        desk.shop.switched = switched.into_iter().collect();
        assert_eq!(desk.value(Fact::SwitchedShare, Subject::Offered(0)), want, "{switched:?}");
    }
}

#[test]
fn a_share_is_of_the_line_that_the_offer_replaces() {
    let mut desk = Desk::new(&[DRESS, LIPSTICK]);
    desk.shop.switched.insert((DRESS, COAT), Switched { switched: 15, returns: 60 });
    desk.shop.switched.insert((LIPSTICK, COAT), Switched { switched: 30, returns: 60 });
    let replacing = |for_line| Offer { for_line, ..offer(COAT) };
    desk.offers = vec![replacing(Some(0)), replacing(Some(1)), replacing(None)];
    assert_eq!(desk.value(Fact::SwitchedShare, Subject::Offered(0)), Ok(Value::Percent(25)));
    assert_eq!(desk.value(Fact::SwitchedShare, Subject::Offered(1)), Ok(Value::Percent(50)));
    assert_eq!(desk.value(Fact::SwitchedShare, Subject::Offered(2)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::SwitchedShare, Subject::Returned(0)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::SwitchedShare, Subject::Plan), Err(Why::FactUnknown));
}

#[test]
fn what_is_paid_back_is_told_of_a_line_and_of_the_whole() {
    let desk = Desk::new(&[DRESS, COAT]);
    let paid: Vec<Money> = desk.situation.event.lines.iter().map(|line| line.paid).collect();
    assert_eq!(desk.value(Fact::RefundAmount, Subject::Returned(1)), Ok(Value::Money(paid[1])));
    assert_eq!(desk.value(Fact::RefundAmount, Subject::Plan), Ok(Value::Money(paid[0] + paid[1])));
    assert_eq!(desk.value(Fact::RefundAmount, Subject::Offered(0)), Err(Why::FactUnknown));
}

#[test]
fn the_history_is_told_of_the_customer_alone_and_never_as_zero() {
    let mut desk = Desk::new(&[DRESS]);
    desk.situation.customer.orders = 7;
    assert_eq!(desk.value(Fact::OrdersCount, Subject::Plan), Ok(Value::Count(7)));
    assert_eq!(desk.value(Fact::OrdersCount, Subject::Returned(0)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::ReturnsCount, Subject::Plan), Err(Why::FactUnknown));
    desk.situation.customer.returns = 2;
    assert_eq!(desk.value(Fact::ReturnsCount, Subject::Plan), Ok(Value::Count(2)));
}

#[test]
fn every_fact_reads_back_from_its_word() {
    for fact in Fact::ALL {
        assert_eq!(Fact::from_word(fact.word()), Some(fact));
    }
    assert_eq!(Fact::from_word("Item"), None);
}

#[test]
fn a_line_is_said_whole_with_its_facts_apart() {
    let mut desk = Desk::new(&[DRESS]);
    desk.shop.stock.insert(COAT, 3);
    let template = ("line", "en", "{{{item}}} for {price}: {stock_left} left");
    assert_eq!(
        desk.say(&[template], Subject::Offered(0)).unwrap(),
        [
            literal("{"),
            fact("item", FactValue::Text("Wool coat".to_owned()), "Wool coat"),
            literal("} for "),
            fact("price", FactValue::Integer(129_900), "CN¥1,299.00"),
            literal(": "),
            fact("stock_left", FactValue::Integer(3), "3"),
            literal(" left"),
        ]
    );
}

#[test]
fn a_line_is_said_in_the_customer_s_language() {
    let mut desk = Desk::reading("zh-CN", &[DRESS]);
    desk.shop.switched.insert((DRESS, COAT), Switched { switched: 37, returns: 100 });
    let templates = [("line", "en", "{reason}"), ("line", "zh", "{reason}，{switched_share}换购，{price}")];
    assert_eq!(
        desk.say(&templates, Subject::Offered(0)).unwrap(),
        [
            fact("reason", FactValue::Text("size-too-small".to_owned()), "尺码偏小"),
            literal("，"),
            fact("switched_share", FactValue::Integer(3_700), "37%"),
            literal("换购，"),
            fact("price", FactValue::Integer(129_900), "¥1,299.00"),
        ]
    );
}

#[test]
fn one_fact_that_cannot_be_said_silences_the_line() {
    let mut desk = Desk::new(&[DRESS]);
    desk.shop.stock.insert(COAT, 11);
    let unsaid = desk.say(&[("line", "en", "{item}: {stock_left} left")], Subject::Offered(0));
    assert_eq!(unsaid, Err(Unsaid { fact: Some(Fact::StockLeft), why: Why::NotLowStock }));
}

#[test]
fn a_line_in_another_language_is_not_said() {
    let no_translation = Err(Unsaid { fact: None, why: Why::NoTranslation });
    for locale in ["fr", "not a locale", ""] {
        let desk = Desk::reading(locale, &[DRESS]);
        let said = desk.say(&[("line", "en", "Hello."), ("line", "zh-CN", "你好。")], Subject::Plan);
        assert_eq!(said, no_translation, "{locale}");
    }
    assert_eq!(Desk::new(&[DRESS]).say(&[("other", "en", "Hello.")], Subject::Plan), no_translation);
}

#[test]
fn a_reason_without_words_in_the_template_s_language_silences_the_line() {
    for (locale, template) in [("fr", "fr"), ("zh-TW", "zh-TW"), ("zh-CN", "zh-Hant")] {
        let said = Desk::reading(locale, &[DRESS]).say(&[("line", template, "{reason}")], Subject::Plan);
        assert_eq!(said, Err(Unsaid { fact: Some(Fact::Reason), why: Why::NoTranslation }), "{template}");
    }
}

#[test]
fn every_reason_for_silence_has_a_word_of_its_own() {
    let all = [
        Why::FactUnknown,
        Why::NotLowStock,
        Why::SoldOut,
        Why::TooFewReturns,
        Why::ZeroShare,
        Why::NoTranslation,
        Why::SubjectLeftOut,
        Why::NotMinted,
        Why::ClaimsViolated,
        Why::TemplatesUnapproved,
        Why::ConstantUnknown,
        Why::ConstantNotStarted,
        Why::ConstantEnded,
        Why::ConstantNotTranslated,
    ];
    let words: std::collections::HashSet<_> = all.iter().map(|why| why.word()).collect();
    assert_eq!(words.len(), all.len());
}

/// Groups of three, as English and Chinese write numbers.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

proptest! {
    /// The facts of a plan equal a formatting that knows nothing of the code above.
    #[test]
    fn facts_equal_an_independent_formatting(
        price in 0_u64..10_000_000_000,
        stock in 0_u32..20,
        switched in 0_u32..200,
        more in 0_u32..200,
        chinese in any::<bool>(),
    ) {
        let (locale, yuan) = if chinese { ("zh-CN", "¥") } else { ("en", "CN¥") };
        let mut desk = Desk::reading(locale, &[DRESS]);
        let mut coat = (*desk.shop.products[&COAT]).clone();
        coat.price = Money(i64::try_from(price).unwrap());
        desk.shop.products.insert(COAT, coat.into());
        desk.shop.stock.insert(COAT, stock);
        let returns = switched + more;
        desk.shop.switched.insert((DRESS, COAT), Switched { switched, returns });
        let said = |template: &str| {
            desk.say(&[("line", locale, template)], Subject::Offered(0)).ok().map(|line| match &line[..] {
                [Piece::Fact { text, .. }] => text.clone(),
                other => panic!("{other:?}"),
            })
        };
        let money = format!("{yuan}{}.{:02}", grouped(price / 100), price % 100);
        prop_assert_eq!(said("{price}"), Some(money));
        prop_assert_eq!(said("{stock_left}"), (1..=10).contains(&stock).then(|| stock.to_string()));
        let percent = (u64::from(switched) * 100).checked_div(returns.into()).unwrap_or(0);
        let is_said = returns >= 30 && percent > 0;
        prop_assert_eq!(said("{switched_share}"), is_said.then(|| format!("{percent}%")));
    }
}
