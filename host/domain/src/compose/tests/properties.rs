//! What holds whatever the strategies answer.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const PRODUCTS: [ProductId; 4] = [DRESS, COAT, SCARF, LIPSTICK];

/// One route entry's answer: its slots, and its offers with the indices their sentences are about.
type Entry = (u32, Vec<(ProductId, Vec<u32>)>);

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let offer = (prop::sample::select(&PRODUCTS), prop::collection::vec(0_u32..5, 0..3));
    prop::collection::vec((1_u32..4, prop::collection::vec(offer, 0..5)), 0..4)
}

/// Sentences of every kind, about things that are there and things that are not.
fn sentences() -> impl Strategy<Value = Vec<Sentence>> {
    let subject = prop_oneof![
        Just(Subject::Plan),
        (0_u32..4).prop_map(Subject::Returned),
        (0_u32..6).prop_map(Subject::Offered),
        (0_u32..6).prop_map(Subject::Proposed),
    ];
    let key = prop::sample::select(vec!["hello", "item", "stock", "coupon", "undeclared"]);
    prop::collection::vec((key, subject).prop_map(|(key, about)| say(key, about)), 0..4)
}

fn offers() -> impl Strategy<Value = Vec<Offer>> {
    let product = prop_oneof![prop::sample::select(&PRODUCTS), Just(NOTHING)];
    let offer = (product, sentences(), prop::option::of(0_u32..4), prop::option::of(any::<u64>()));
    let offer = offer.prop_map(|(product, copy, for_line, hold)| Offer {
        copy,
        for_line,
        price_hold: hold.map(Duration),
        ..testing::offer(product)
    });
    prop::collection::vec(offer, 0..6)
}

/// Any answers at all, more hostile than the checks let through.
fn answers() -> impl Strategy<Value = Answers> {
    let compensation = (prop::collection::vec(sentences(), 0..4), prop::collection::vec(sentences(), 0..4));
    let (slots, texts) = (0_u32..5, prop::collection::vec(sentences(), 4));
    let recommendation = prop::collection::vec((slots.clone(), offers()), 0..4);
    let coupon = prop::collection::vec((slots, compensation), 0..3);
    (texts, recommendation, coupon, prop::bits::u8::ANY).prop_map(
        |(texts, recommendation, coupon, present)| {
            let [evidence, acknowledgement, body, steps] = <[Vec<Sentence>; 4]>::try_from(texts).unwrap();
            let mut classified = classification();
            (classified.segment.evidence, classified.acknowledgement) = (evidence, acknowledgement);
            let card = Card { body: body.clone(), ..card(say("hello", Subject::Plan)) };
            let kit = ShareKit { cards: vec![card], ..ShareKit::default() };
            let told = body.into_iter().map(|title| Step {
                title,
                copy: steps.clone(),
                ..step("received", "hello")
            });
            Answers {
                segmentation: (present & 1 > 0).then(|| answered("a/segments@1.0.0", 1, classified)),
                recommendation: recommendation
                    .into_iter()
                    .map(|(slots, offers)| {
                        answered(
                            "a/offers@1.0.0",
                            slots,
                            Recommendations { offers, ..Recommendations::default() },
                        )
                    })
                    .collect(),
                coupon: coupon
                    .into_iter()
                    .map(|(slots, coupon)| answered("a/coupons@1.0.0", slots, compensated(coupon)))
                    .collect(),
                sharing: (present & 2 > 0).then(|| answered("a/share@1.0.0", 1, kit)).into_iter().collect(),
                progress: (present & 4 > 0).then(|| answered("a/progress@1.0.0", 1, told.collect())),
            }
        },
    )
}

fn compensated((proposals, follow_ups): (Vec<Vec<Sentence>>, Vec<Vec<Sentence>>)) -> Compensation {
    let proposals = proposals.into_iter().map(|copy| Proposal { copy, ..proposal(Benefit::FreeShipping) });
    let follow_ups = follow_ups.into_iter().map(|copy| FollowUp {
        after: Duration(u64::MAX),
        channel: "email".to_owned(),
        about: copy.first().map_or(Subject::Plan, |sentence| sentence.about),
        copy,
    });
    Compensation {
        proposals: proposals.collect(),
        follow_ups: follow_ups.collect(),
        ..Compensation::default()
    }
}

fn lines(plan: &Plan) -> Vec<&Line> {
    let mut lines: Vec<&Line> = plan.segment.evidence.iter().chain(&plan.acknowledgement).collect();
    lines.extend(plan.offers.iter().flat_map(|offer| &offer.copy));
    lines.extend(plan.care.iter().flat_map(|care| &care.copy));
    lines.extend(plan.follow_ups.iter().flat_map(|follow_up| &follow_up.copy));
    for card in &plan.sharing.cards {
        lines.push(&card.title);
        lines.extend(card.body.iter().chain(&card.talk_track).chain(&card.hashtags));
    }
    lines.extend(plan.sharing.achievements.iter().map(|achievement| &achievement.title));
    for step in &plan.progress {
        lines.push(&step.title);
        lines.extend(&step.copy);
    }
    lines
}

proptest! {
    #[test]
    fn no_answer_reaches_the_refund(answers in answers()) {
        let mut desk = Desk::new();
        let plain = desk.plan().refund;
        desk.answers = answers;
        prop_assert_eq!(desk.plan().refund, plain);
    }

    /// A literal is a part of a declared template, and every line has its template's shape.
    #[test]
    fn every_line_is_a_declared_template_with_facts_in_it(answers in answers()) {
        let mut desk = Desk::new();
        desk.shop.stock.insert(COAT, 3);
        desk.answers = answers;
        let plan = desk.plan();
        let shapes: HashSet<String> = TEMPLATES.iter().map(|(.., text)| (*text).to_owned()).collect();
        for line in lines(&plan) {
            let shape: String = line.iter().map(|piece| match piece {
                Piece::Literal { literal } => literal.clone(),
                Piece::Fact { fact, .. } => format!("{{{fact}}}"),
            }).collect();
            prop_assert!(shapes.contains(&shape), "{shape:?} is no declared template");
            for piece in line {
                if let Piece::Fact { fact, text, .. } = piece {
                    let is_true = match fact.as_str() {
                        "item" => desk.shop.products.values().any(|product| product.title == *text),
                        "stock_left" => text == "3",
                        _ => false,
                    };
                    prop_assert!(is_true, "{fact}: {text}");
                }
            }
        }
    }

    /// Every sentence is either said or recorded as dropped.
    #[test]
    fn nothing_vanishes_unrecorded(answers in answers()) {
        let mut desk = Desk::new();
        desk.answers = answers;
        let plan = desk.plan();
        let kept = merge_offers(&desk.answers.recommendation);
        let own: usize = kept.items.iter().filter(|it| it.product != NOTHING).map(|it| it.copy.len()).sum();
        let said: usize = plan.offers.iter().map(|offer| offer.copy.len()).sum();
        let dropped = plan.dropped.iter().filter(|it| it.stage == Stage::Recommendation).count();
        prop_assert_eq!(said + dropped, own + kept.left_out.len());
    }

    /// Wherever an offer ends up, a sentence that was about it names its product.
    #[test]
    fn remapped_subjects_point_to_the_intended_product(entries in entries()) {
        let mut desk = Desk::new();
        for (slots, offers) in &entries {
            let about = |&index: &u32| say("item", Subject::Offered(index));
            let offers = offers.iter().map(|(product, about_offers)| {
                saying(*product, &about_offers.iter().map(about).collect::<Vec<_>>())
            });
            desk.recommend("a/b@1.0.0", *slots, offers.collect());
        }
        // The model: walk the entries in order and keep the first offer of each product within the slots.
        let mut kept: Vec<(usize, usize, ProductId)> = Vec::new();
        for (entry, (slots, offers)) in entries.iter().enumerate() {
            for (index, (product, _)) in offers.iter().enumerate().take(*slots as usize) {
                if kept.iter().all(|(.., earlier)| earlier != product) {
                    kept.push((entry, index, *product));
                }
            }
        }
        let plan = desk.plan();
        prop_assert_eq!(plan.offers.len(), kept.len());
        for (offer, (entry, index, product)) in plan.offers.iter().zip(&kept) {
            prop_assert_eq!(offer.product, *product);
            let own = &entries[*entry].1;
            let intended = own[*index].1.iter().filter_map(|&about| Some(own.get(about as usize)?.0));
            let shown = intended.filter(|intended| kept.iter().any(|(.., product)| product == intended));
            let want: Vec<_> = shown.map(|it| format!("About {}.", desk.shop.products[&it].title)).collect();
            prop_assert_eq!(texts(&offer.copy), want);
        }
    }

    #[test]
    fn the_same_answers_make_the_same_plan(answers in answers()) {
        let mut desk = Desk::new();
        desk.answers = answers;
        prop_assert_eq!(desk.plan(), desk.plan());
    }
}
