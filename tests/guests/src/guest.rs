//! The guest: one act per word, the same in every stage.

mod acts;
mod answers;

#[allow(missing_docs, unsafe_code, clippy::all, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit/0.1.0", world: "every", generate_unused_types: true });
    use super::Hostile;
    export!(Hostile);
}

use bindings::exports::rebound::strategy::{
    coupon, metadata, progress, recommendation, segmentation, sharing,
};
use bindings::rebound::strategy::log;
use bindings::rebound::strategy::types::{
    Benefit, Context, Failure, Grant, Offer, Prize, Proposal, Scope, Segment, Sentence, StateChange, Subject,
    Terms,
};

/// The one template that answers may name.
const TEMPLATE: &str = "line";

struct Hostile;

impl metadata::Guest for Hostile {
    fn describe() -> metadata::Manifest {
        let template = |key: &str, locale: &str, text: &str| metadata::Template {
            key: key.into(),
            locale: locale.into(),
            text: text.into(),
        };
        metadata::Manifest {
            name: "tests/hostile".into(),
            version: "0.1.0".into(),
            summary: "Misbehaves as its config says.".into(),
            config_schema: r#"{"type":"string"}"#.into(),
            state_version: 1,
            templates: vec![
                template(TEMPLATE, "en", "A line."),
                template(TEMPLATE, "zh-CN", "一行字。"),
                template("odds", "en", "The odds are {odds}."),
                template("code", "en", "The code is {coupon_code}."),
                template("held", "en", "The price is yours until {price_hold_until}."),
            ],
            personas: Vec::new(),
        }
    }
}

impl segmentation::Guest for Hostile {
    fn classify(context: Context) -> Result<segmentation::Classification, Failure> {
        let act = acts::perform(&context.config)?;
        let mut answer = segmentation::Classification {
            segment: Segment {
                key: act.sees.map_or_else(|| act.word("keeper"), |sees| sees(&context)),
                confidence: act.number.unwrap_or(0.5),
                evidence: vec![sentence()],
                traits: Vec::new(),
            },
            acknowledgement: vec![sentence()],
            care: Vec::new(),
            state: act.state,
        };
        act.spoil.map_or(Ok(()), |spoil| answers::classification(&spoil, &mut answer))?;
        Ok(answer)
    }
}

impl recommendation::Guest for Hostile {
    fn recommend(context: Context, _: Segment) -> Result<recommendation::Recommendations, Failure> {
        let act = acts::perform(&context.config)?;
        let ids = act.products.clone().unwrap_or_else(|| acts::pick(&context));
        let offer = |id: &u32| Offer {
            product: *id,
            kind: act.word("upgrade"),
            resolution: None,
            for_line: Some(0),
            quantity: 1,
            score: act.number.unwrap_or(1.0),
            copy: vec![sentence()],
            price_hold: act.holds,
        };
        let mut answer =
            recommendation::Recommendations { offers: ids.iter().map(offer).collect(), state: act.state };
        let returned = context.event.lines[0].product.id;
        act.spoil.map_or(Ok(()), |spoil| answers::recommendations(&spoil, returned, &mut answer))?;
        Ok(answer)
    }
}

impl coupon::Guest for Hostile {
    fn compensate(context: Context, _: Segment, _: Vec<Offer>) -> Result<coupon::Compensation, Failure> {
        let act = acts::perform(&context.config)?;
        let honest = || terms(&context);
        let of = |amount| Terms { benefit: Benefit::AmountOff(amount), ..terms(&context) };
        let fixed = |amount| Proposal { grant: Grant::Fixed(of(amount)), copy: told() };
        let surprise = |amount| {
            let prize = |terms| Prize { terms, weight: 1 };
            let grant = Grant::Surprise(vec![prize(None), prize(Some(of(amount)))]);
            Proposal { grant, copy: told() }
        };
        let proposals = match &act.gives {
            _ if context.policy.budgets.is_empty() => Vec::new(),
            None => vec![Proposal { copy: vec![sentence()], ..fixed(100) }],
            Some((word, amount)) => match (word.as_str(), *amount as i64) {
                ("draws", amount) => vec![surprise(amount)],
                ("gives-twice", amount) => vec![fixed(amount), fixed(amount)],
                (_, amount) => vec![fixed(amount)],
            },
        };
        let mut answer = coupon::Compensation { proposals, follow_ups: Vec::new(), state: act.state };
        act.spoil.map_or(Ok(()), |spoil| answers::compensation(&spoil, honest, &mut answer))?;
        Ok(answer)
    }
}

impl sharing::Guest for Hostile {
    fn compose(
        context: Context,
        _: Segment,
        offers: Vec<Offer>,
        proposals: Vec<Proposal>,
    ) -> Result<sharing::ShareKit, Failure> {
        let act = acts::perform(&context.config)?;
        let card = sharing::Card {
            title: sentence(),
            body: Vec::new(),
            talk_track: Vec::new(),
            hashtags: Vec::new(),
            reward: None,
        };
        let seen = act.sees.map(|_| sharing::Achievement {
            key: format!("offers-{}-proposals-{}", offers.len(), proposals.len()),
            title: sentence(),
            counts: "returns".into(),
            target: 1,
            reward: None,
        });
        let mut answer = sharing::ShareKit {
            cards: vec![card],
            achievements: seen.into_iter().collect(),
            state: act.state,
        };
        act.spoil.map_or(Ok(()), |spoil| answers::share_kit(&spoil, || terms(&context), &mut answer))?;
        Ok(answer)
    }
}

impl progress::Guest for Hostile {
    fn narrate(
        context: Context,
        _: Segment,
        timeline: Vec<progress::CustodyEvent>,
        _: Vec<progress::Usual>,
    ) -> Result<Vec<progress::Step>, Failure> {
        let act = acts::perform(&context.config)?;
        let step = |event: &progress::CustodyEvent| progress::Step {
            key: act.word(&event.custody),
            title: sentence(),
            stands_for: vec![event.custody.clone()],
            copy: Vec::new(),
            persona: None,
        };
        let mut answer = timeline.iter().map(step).collect();
        act.spoil.map_or(Ok(()), |spoil| answers::steps(&spoil, &mut answer))?;
        Ok(answer)
    }
}

/// What is told of a proposal: a line without facts, its odds, and its code.
fn told() -> Vec<Sentence> {
    let say = |template: &str| Sentence { template: template.into(), about: Subject::Proposed(0) };
    vec![sentence(), say(TEMPLATE), say("odds"), say("code")]
}

fn sentence() -> Sentence {
    Sentence { template: TEMPLATE.into(), about: Subject::Plan }
}

/// Terms that stand, on the first of this event's budgets.
fn terms(context: &Context) -> Terms {
    Terms {
        benefit: Benefit::AmountOff(100),
        min_spend: 1000,
        max_discount: None,
        scope: Scope::WholeOrder,
        starts_after: 0,
        valid_for: 86_400_000,
        budget: context.policy.budgets.first().map_or_else(String::new, |it| it.budget.clone()),
    }
}

/// What a stage's answer becomes beside what it would honestly be.
struct Act {
    /// In place of each confidence and score.
    number: Option<f32>,
    /// In place of each word of the strategy's own.
    word: Option<String>,
    /// In place of what the catalogue recommends.
    products: Option<Vec<u32>>,
    state: StateChange,
    /// Tells what it was shown, in place of an honest word.
    sees: Option<fn(&Context) -> String>,
    /// How coupons are given, and how much.
    gives: Option<(String, usize)>,
    /// For how long prices are held, milliseconds.
    holds: Option<u64>,
    /// Which value of the honest answer does not stand; each stage knows its own.
    spoil: Option<answers::Spoil>,
}

impl Act {
    fn word(&self, honest: &str) -> String {
        self.word.clone().unwrap_or_else(|| honest.into())
    }
}

fn say(level: log::Level, message: &str) {
    log::write(level, message);
}
