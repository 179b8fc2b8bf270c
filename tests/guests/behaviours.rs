//! What the hostile guest does in each stage, and how the call must end. Read by the engine's tests, which hold the
//! plan to it, and by the bench that watches a neighbour meanwhile.

use rebound_domain::manifest::Stage;

/// One thing a strategy may do to its host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    /// In which stage.
    pub(crate) stage: Stage,
    /// The word, and the number, that the guest acts on.
    pub(crate) config: &'static str,
    /// The outcome's stable word.
    pub(crate) outcome: &'static str,
    /// What the outcome's detail must hold; empty where there is none.
    pub(crate) detail: &'static str,
}

const fn does(stage: Stage, config: &'static str, outcome: &'static str, detail: &'static str) -> Behaviour {
    Behaviour { stage, config, outcome, detail }
}

/// An answer that was given and does not stand, by the field that is named.
const fn says(stage: Stage, config: &'static str, field: &'static str) -> Behaviour {
    does(stage, config, "invalid-output", field)
}

use Stage::{Coupon, Progress, Recommendation, Segmentation, Sharing};

const OUT_OF_FUEL: &str = "all fuel was used";
const MEMORY: &str = "the memory limit was reached";
const OUTPUT: &str = "more was handed over than the output limit allows";
const STACK: &str = "the call stack was exhausted";

/// Under limits that leave a call its time: only fuel, memory, stack and output can end it.
pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    // Never ending.
    does(Segmentation, "spin", "out-of-fuel", OUT_OF_FUEL),
    does(Recommendation, "spin", "out-of-fuel", OUT_OF_FUEL),
    does(Coupon, "spin", "out-of-fuel", OUT_OF_FUEL),
    does(Sharing, "spin", "out-of-fuel", OUT_OF_FUEL),
    does(Progress, "spin", "out-of-fuel", OUT_OF_FUEL),
    does(Segmentation, "spin-logging", "out-of-fuel", OUT_OF_FUEL),
    does(Recommendation, "spin-searching", "out-of-fuel", OUT_OF_FUEL),
    does(Recommendation, "spin-searching-all", "out-of-fuel", OUT_OF_FUEL),
    does(Coupon, "spin-getting", "out-of-fuel", OUT_OF_FUEL),
    does(Sharing, "spin-getting-all", "out-of-fuel", OUT_OF_FUEL),
    does(Progress, "flood 1000000", "out-of-fuel", OUT_OF_FUEL),
    // Memory and stack.
    does(Segmentation, "allocate", "memory", MEMORY),
    does(Progress, "allocate", "memory", MEMORY),
    does(Recommendation, "brim", "declined", "full"),
    does(Coupon, "grow 64", "declined", "grown: true"),
    does(Coupon, "grow 257", "declined", "grown: false"),
    does(Sharing, "grow 65536", "declined", "grown: false"),
    does(Recommendation, "recurse", "stack", STACK),
    does(Sharing, "overflow", "trap", "64 KiB stack"),
    does(Recommendation, "offers 1000000", "memory", MEMORY),
    // Giving up.
    does(Coupon, "panic", "unreachable", "as the config says"),
    does(Sharing, "abort", "unreachable", "without a message"),
    does(Segmentation, "grow-then-panic", "unreachable", "for a reason of its own"),
    does(Progress, "fail 2000", "internal", "xxx"),
    does(Segmentation, "no-such-word", "invalid-config", "no-such-word"),
    // More than may be handed over. A text of 65,512 bytes and its frame are the 64 KiB of an answer.
    does(Recommendation, "decline 65512", "declined", "xxx"),
    does(Recommendation, "decline 65513", "output-too-large", OUTPUT),
    does(Coupon, "decline 10485760", "output-too-large", OUTPUT),
    does(Sharing, "write 10485760", "output-too-large", OUTPUT),
    does(Recommendation, "offers 3000", "output-too-large", OUTPUT),
    does(Coupon, "fetch 2000000", "output-too-large", OUTPUT),
    does(Coupon, "fetch 201", "trap", "201 ids in one call"),
    does(Recommendation, "exclude 401", "trap", "401 excluded products"),
    does(Recommendation, "tags 33", "trap", "33 categories and tags"),
    // Segments.
    says(Segmentation, "nan", "segment.confidence is NaN"),
    says(Segmentation, "infinite", "segment.confidence is inf"),
    says(Segmentation, "negative", "segment.confidence is -1"),
    says(Segmentation, "word", "segment.key"),
    says(Segmentation, "key 0", "segment.key"),
    says(Segmentation, "key 65", "segment.key"),
    says(Segmentation, "copy 17", "segment.evidence holds 17"),
    says(Segmentation, "acknowledge 17", "acknowledgement holds 17"),
    says(Segmentation, "traits 33", "segment.traits holds 33"),
    says(Segmentation, "trait", "segment.traits[0]"),
    says(Segmentation, "template", "segment.evidence[0].template"),
    says(Segmentation, "about-line 1", "segment.evidence[0].about"),
    says(Segmentation, "about-offer 0", "segment.evidence[0].about"),
    says(Segmentation, "care", "care[0].action"),
    says(Segmentation, "cares 33", "care holds 33"),
    says(Segmentation, "care-line 1", "care[0].line"),
    says(Segmentation, "care-after -1", "care[0].after"),
    says(Segmentation, "state 4097", "state has 4097 bytes"),
    // Offers.
    says(Recommendation, "offers 33", "offers holds 33"),
    says(Recommendation, "product 99999", "offers[0].product"),
    says(Recommendation, "returned", "offers[0].product"),
    says(Recommendation, "nan", "offers[0].score is NaN"),
    says(Recommendation, "infinite", "offers[0].score is inf"),
    says(Recommendation, "negative-infinite", "offers[0].score is -inf"),
    says(Recommendation, "word", "offers[0].kind"),
    says(Recommendation, "kind 65", "offers[0].kind"),
    says(Recommendation, "resolution", "offers[0].resolution"),
    says(Recommendation, "quantity 0", "offers[0].quantity"),
    says(Recommendation, "line 1", "offers[0].for_line"),
    says(Recommendation, "hold 86400001", "offers[0].price_hold"),
    says(Recommendation, "hold -1", "offers[0].price_hold"),
    says(Recommendation, "copy 17", "offers[0].copy holds 17"),
    says(Recommendation, "template", "offers[0].copy[0].template"),
    says(Recommendation, "about-offer 9", "offers[0].copy[0].about"),
    says(Recommendation, "state 4097", "state has 4097 bytes"),
    // Coupons.
    says(Coupon, "amount -1", "proposals[0].grant.benefit is -1"),
    says(Coupon, "amount -9223372036854775808", "proposals[0].grant.benefit is -9223372036854775808"),
    says(Coupon, "amount 9223372036854775807", "proposals[0].grant.benefit is 9223372036854775807"),
    says(Coupon, "amount 9007199254740991", "proposals[0].grant.benefit is worth 9007199254740991"),
    says(Coupon, "amount 0", "proposals[0].grant.benefit is 0"),
    says(Coupon, "credit 100", "proposals[0].grant.benefit"),
    says(Coupon, "percent 100", "proposals[0].grant.benefit"),
    says(Coupon, "gift 1", "proposals[0].grant.benefit"),
    says(Coupon, "min-spend -1", "proposals[0].grant.min_spend"),
    says(Coupon, "min-spend 9223372036854775807", "proposals[0].grant.min_spend"),
    says(Coupon, "starts -1", "proposals[0].grant.starts_after"),
    says(Coupon, "valid 0", "proposals[0].grant.valid_for"),
    says(Coupon, "valid -1", "proposals[0].grant.valid_for"),
    says(Coupon, "budget", "proposals[0].grant.budget"),
    says(Coupon, "products 0", "proposals[0].grant.scope is empty"),
    says(Coupon, "products 33", "proposals[0].grant.scope holds 33"),
    says(Coupon, "scope-product 99999", "proposals[0].grant.scope[0]"),
    says(Coupon, "category 10000", "proposals[0].grant.scope[0]"),
    says(Coupon, "proposals 9", "proposals holds 9"),
    says(Coupon, "proposals 2", "proposals[1].grant draws on budget"),
    says(Coupon, "prizes 0", "proposals[0].grant has nothing to win"),
    says(Coupon, "prizes 33", "proposals[0].grant holds 33"),
    says(Coupon, "blanks 2", "proposals[0].grant has nothing to win"),
    says(Coupon, "weightless", "proposals[0].grant[0].weight is 0"),
    says(Coupon, "copy 17", "proposals[0].copy holds 17"),
    says(Coupon, "template", "proposals[0].copy[0].template"),
    says(Coupon, "about-proposal 1", "proposals[0].copy[0].about"),
    says(Coupon, "follow-up", "follow_ups[0].channel"),
    says(Coupon, "follow-ups 33", "follow_ups holds 33"),
    says(Coupon, "state 4097", "state has 4097 bytes"),
    // Cards and achievements.
    says(Sharing, "cards 33", "cards holds 33"),
    says(Sharing, "copy 17", "cards[0].body holds 17"),
    says(Sharing, "hashtags 17", "cards[0].hashtags holds 17"),
    says(Sharing, "template", "cards[0].title.template"),
    says(Sharing, "about-proposal 7", "cards[0].title.about"),
    says(Sharing, "amount -1", "cards[0].reward.grant.benefit"),
    says(Sharing, "budget", "cards[0].reward.grant.budget"),
    says(Sharing, "achievements 33", "achievements holds 33"),
    says(Sharing, "target 0", "achievements[0].target"),
    says(Sharing, "counts", "achievements[0].counts"),
    says(Sharing, "key 65", "achievements[0].key"),
    says(Sharing, "state 4097", "state has 4097 bytes"),
    // Steps.
    says(Progress, "steps 33", "steps holds 33"),
    says(Progress, "persona", "steps[0].persona"),
    says(Progress, "stands-for 33", "steps[0].stands_for holds 33"),
    says(Progress, "key 65", "steps[0].key"),
    says(Progress, "copy 17", "steps[0].copy holds 17"),
    says(Progress, "template", "steps[0].title.template"),
    says(Progress, "about-offer 0", "steps[0].title.about"),
    // At the edge, and inside it.
    does(Segmentation, "state 4096", "value", ""),
    does(Segmentation, "key 64", "value", ""),
    does(Segmentation, "flood 1000", "value", ""),
    does(Recommendation, "negative", "value", ""),
    does(Recommendation, "score-lowest", "value", ""),
    does(Recommendation, "offers 0", "value", ""),
    does(Recommendation, "quantity 4294967295", "value", ""),
    does(Recommendation, "hold 86400000", "value", ""),
    does(Coupon, "heavy 32", "value", ""),
    does(Sharing, "achievements 32", "value", ""),
    does(Progress, "steps 32", "value", ""),
];
