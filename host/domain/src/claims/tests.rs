//! Facts and whole sentences. Templates, locales and formats have tests of their own beside them.

use proptest::prelude::*;

use super::*;
use crate::answer::{Benefit, Grant, Offer, Prize, Proposal, Subject};
use crate::catalog::Switched;
use crate::ids::ProductId;
use crate::money::Money;
use crate::plan::{FactValue, Line, Piece};
use crate::situation::Situation;
use crate::testing::{
    COAT, DRESS, LIPSTICK, NOTHING, SCARF, Shop, manifest, offer, proposal, returning, say, shop,
};

/// What the host knows while a dress, or a dress and a lipstick, come back.
struct Desk {
    shop: Shop,
    situation: Situation,
    offers: Vec<Offer>,
    proposals: Vec<Proposal>,
}

impl Desk {
    fn new(returned: &[ProductId]) -> Self {
        Self::reading("en", returned)
    }

    fn reading(locale: &str, returned: &[ProductId]) -> Self {
        let shop = shop();
        let situation = returning(&shop, locale, returned);
        Self { shop, situation, offers: vec![offer(COAT)], proposals: Vec::new() }
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger {
            situation: &self.situation,
            catalog: &self.shop,
            low_stock: 10,
            offers: &self.offers,
            proposals: &self.proposals,
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
fn a_proposal_speaks_of_its_gift_and_of_nothing_else() {
    let mut desk = Desk::new(&[DRESS]);
    let prize = Prize { terms: None, weight: 1 };
    let surprise = Proposal { grant: Grant::Surprise(vec![prize]), copy: Vec::new() };
    desk.proposals = vec![proposal(Benefit::Gift(SCARF)), proposal(Benefit::FreeShipping), surprise];
    assert_eq!(desk.value(Fact::Item, Subject::Proposed(0)), text("Silk scarf"));
    assert_eq!(desk.value(Fact::Item, Subject::Proposed(1)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::Item, Subject::Proposed(2)), Err(Why::FactUnknown));
    assert_eq!(desk.value(Fact::Reason, Subject::Proposed(0)), Err(Why::FactUnknown));
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
fn facts_without_a_ledger_are_unknown_whatever_was_proposed() {
    let mut desk = Desk::new(&[DRESS]);
    desk.offers[0].price_hold = Some(crate::time::Duration::hours(24));
    desk.proposals = vec![proposal(Benefit::AmountOff(Money(5_000)))];
    for fact in [
        Fact::PriceHoldUntil,
        Fact::CouponAmount,
        Fact::CouponMinSpend,
        Fact::CouponExpires,
        Fact::Odds,
        Fact::UnusedBenefits,
        Fact::CouponCode,
        Fact::ReturnUntil,
    ] {
        for about in [Subject::Plan, Subject::Offered(0), Subject::Proposed(0)] {
            assert_eq!(desk.value(fact, about), Err(Why::FactUnknown), "{fact:?} of {about:?}");
        }
    }
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
