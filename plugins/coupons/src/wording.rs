//! What a customer may read. Each is said of the coupon that the host minted, and left out when it minted none: of a
//! surprise the odds always, and what was won when something was.

use rebound_sdk::prelude::*;

templates! {
    THRESHOLD = "coupons.threshold" {
        "zh-CN": "送你{coupon_amount}优惠，购物满{coupon_min_spend}可用，有效期至{coupon_expires}。",
        "en": "{coupon_amount} off when you spend {coupon_min_spend} or more, until {coupon_expires}.",
    }
    AMOUNT = "coupons.amount" {
        "zh-CN": "下次购物为你优惠{coupon_amount}，有效期至{coupon_expires}。",
        "en": "{coupon_amount} off your next order, until {coupon_expires}.",
    }
    // There is no fact for a percentage's bound, and to keep silent of it would promise more than it gives.
    PERCENT = "coupons.percent" {
        "zh-CN": "下次购物为你优惠{coupon_amount}，最高优惠额以券面为准，有效期至{coupon_expires}。",
        "en": "{coupon_amount} off your next order, up to the limit on the coupon, until {coupon_expires}.",
    }
    CREDIT = "coupons.store-credit" {
        "zh-CN": "退款之外，再送你{coupon_amount}购物金，有效期至{coupon_expires}。",
        "en": "{coupon_amount} in store credit on top of your refund, to use until {coupon_expires}.",
    }
    SHIPPING = "coupons.free-shipping" {
        "zh-CN": "下次下单的运费由我们承担，有效期至{coupon_expires}。",
        "en": "Shipping of your next order is on us, until {coupon_expires}.",
    }
    SHIPPING_FROM = "coupons.free-shipping-from" {
        "zh-CN": "下次购物满{coupon_min_spend}，运费由我们承担，有效期至{coupon_expires}。",
        "en": "Shipping is on us when you spend {coupon_min_spend} or more, until {coupon_expires}.",
    }
    GIFT_FROM = "coupons.gift-from" {
        "zh-CN": "下次购物满{coupon_min_spend}，随单送你{item}，有效期至{coupon_expires}。",
        "en": "Spend {coupon_min_spend} or more and {item} comes as a gift, until {coupon_expires}.",
    }
    GIFT = "coupons.gift" {
        "zh-CN": "下次下单，随单送你{item}，有效期至{coupon_expires}。",
        "en": "{item} comes as a gift with your next order, until {coupon_expires}.",
    }
    ODDS = "coupons.odds" {
        "zh-CN": "我们为你抽取了惊喜，公示的中奖概率：{odds}。",
        "en": "We made a surprise draw for you. Its odds: {odds}.",
    }
    WON = "coupons.won" {
        "zh-CN": "惊喜归你：{coupon_amount}优惠，下次购物可用，有效期至{coupon_expires}。",
        "en": "The surprise is yours: {coupon_amount} off your next order, until {coupon_expires}.",
    }
    REMIND_THRESHOLD = "coupons.remind-threshold" {
        "zh-CN": "为你保留的{coupon_amount}优惠{coupon_expires}到期，购物满{coupon_min_spend}可用。",
        "en": "Your {coupon_amount} off from {coupon_min_spend} is kept for you until {coupon_expires}.",
    }
    REMIND_AMOUNT = "coupons.remind-amount" {
        "zh-CN": "为你保留的{coupon_amount}优惠，{coupon_expires}到期。",
        "en": "Your {coupon_amount} off is kept for you until {coupon_expires}.",
    }
    REMIND_CREDIT = "coupons.remind-store-credit" {
        "zh-CN": "你的{coupon_amount}购物金还没有用，{coupon_expires}到期。",
        "en": "Your {coupon_amount} in store credit can be used until {coupon_expires}.",
    }
    REMIND_SHIPPING = "coupons.remind-free-shipping" {
        "zh-CN": "别忘了，下次下单的运费由我们承担，{coupon_expires}到期。",
        "en": "A reminder: shipping of your next order is on us until {coupon_expires}.",
    }
    REMIND_SHIPPING_FROM = "coupons.remind-free-shipping-from" {
        "zh-CN": "别忘了，购物满{coupon_min_spend}运费由我们承担，{coupon_expires}到期。",
        "en": "A reminder: shipping is on us from {coupon_min_spend}, until {coupon_expires}.",
    }
    REMIND_GIFT_FROM = "coupons.remind-gift-from" {
        "zh-CN": "{item}还在等你：购物满{coupon_min_spend}随单送出，{coupon_expires}到期。",
        "en": "{item} still comes as a gift when you spend {coupon_min_spend} or more, until {coupon_expires}.",
    }
    REMIND_GIFT = "coupons.remind-gift" {
        "zh-CN": "{item}还在等你：下次下单随单送出，{coupon_expires}到期。",
        "en": "{item} still comes as a gift with your next order, until {coupon_expires}.",
    }
}

/// With the plan. A minimum that is not asked for is no fact, and a line that names it would not be said.
pub(crate) fn of(grant: &Grant) -> &'static [Template] {
    let Grant::Fixed(terms) = grant else { return &[ODDS, WON] };
    match (&terms.benefit, terms.min_spend > 0) {
        (Benefit::AmountOff(_), true) => &[THRESHOLD],
        (Benefit::AmountOff(_), false) => &[AMOUNT],
        (Benefit::PercentOff(_), _) => &[PERCENT],
        (Benefit::StoreCredit(_), _) => &[CREDIT],
        (Benefit::FreeShipping, true) => &[SHIPPING_FROM],
        (Benefit::FreeShipping, false) => &[SHIPPING],
        (Benefit::Gift(_), true) => &[GIFT_FROM],
        (Benefit::Gift(_), false) => &[GIFT],
    }
}

/// Days later.
pub(crate) fn reminder(grant: &Grant) -> Template {
    let Grant::Fixed(terms) = grant else { return REMIND_AMOUNT };
    match (&terms.benefit, terms.min_spend > 0) {
        (Benefit::AmountOff(_), true) => REMIND_THRESHOLD,
        (Benefit::AmountOff(_), false) | (Benefit::PercentOff(_), _) => REMIND_AMOUNT,
        (Benefit::StoreCredit(_), _) => REMIND_CREDIT,
        (Benefit::FreeShipping, true) => REMIND_SHIPPING_FROM,
        (Benefit::FreeShipping, false) => REMIND_SHIPPING,
        (Benefit::Gift(_), true) => REMIND_GIFT_FROM,
        (Benefit::Gift(_), false) => REMIND_GIFT,
    }
}
