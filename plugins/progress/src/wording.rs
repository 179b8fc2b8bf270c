//! What a customer may read. Only a custody event makes a step done; words before it promise and claim nothing.

rebound_sdk::templates! {
    LABEL = "progress.label" { "zh-CN": "退货单", "en": "Return label" }
    LABEL_DONE = "progress.label-done" {
        "zh-CN": "退货单已经备好，把包裹交给快递即可。",
        "en": "Your label is ready: hand the parcel to the carrier.",
    }
    LABEL_AHEAD = "progress.label-ahead" {
        "zh-CN": "退货单开出后，会显示在这里。",
        "en": "Your label will be shown here when it is issued.",
    }
    TRANSIT = "progress.transit" { "zh-CN": "运输", "en": "Transport" }
    TRANSIT_DONE = "progress.transit-done" {
        "zh-CN": "快递已经收件，包裹在路上了。",
        "en": "The carrier has your parcel and it is on its way.",
    }
    TRANSIT_AHEAD = "progress.transit-ahead" {
        "zh-CN": "等快递收件后，这里会更新。",
        "en": "This moves when the carrier has your parcel.",
    }
    RECEIVED = "progress.received" { "zh-CN": "仓库签收", "en": "Arrival" }
    RECEIVED_DONE = "progress.received-done" {
        "zh-CN": "包裹已经到了我们的仓库。",
        "en": "Your parcel has reached our warehouse.",
    }
    RECEIVED_AHEAD = "progress.received-ahead" {
        "zh-CN": "包裹到仓后，我们会在这里告诉你。",
        "en": "We tell you here when it reaches our warehouse.",
    }
    INSPECTED = "progress.inspected" { "zh-CN": "商品检查", "en": "Inspection" }
    INSPECTED_DONE = "progress.inspected-done" {
        "zh-CN": "商品已经检查完毕。",
        "en": "We have looked over what you sent.",
    }
    INSPECTED_AHEAD = "progress.inspected-ahead" {
        "zh-CN": "到仓后我们会检查商品。",
        "en": "We look over what you sent when it is here.",
    }
    REFUNDED = "progress.refunded" { "zh-CN": "退款", "en": "Refund" }
    REFUNDED_DONE = "progress.refunded-done" {
        "zh-CN": "退款已经发出。",
        "en": "Your refund is on its way to you.",
    }
    REFUNDED_AHEAD = "progress.refunded-ahead" {
        "zh-CN": "退款随后办理。",
        "en": "Your refund follows.",
    }
    UNUSED = "progress.unused" {
        "zh-CN": "你还有价值{unused_benefits}的权益没有使用。",
        "en": "You still have benefits worth {unused_benefits} to use.",
    }
    PASSED = "progress.passed" {
        "zh-CN": "这个环节没有留下记录，退货已经走到了后面。",
        "en": "No record was made of this; your return is already further on.",
    }
    // Of past returns, and said only of enough of them. There is no fact for a duration, so words say it: by the next day is
    // 24 hours, a few days are five.
    USUAL_NEXT_DAY = "progress.usual-next-day" {
        "zh-CN": "参考以往的退货，通常申请后次日就会走到这个环节。",
        "en": "Going by earlier returns, this is usually reached by the day after the request.",
    }
    USUAL_FEW_DAYS = "progress.usual-few-days" {
        "zh-CN": "参考以往的退货，通常申请后几天之内会走到这个环节。",
        "en": "Going by earlier returns, this is usually reached within a few days of the request.",
    }
    SLOW = "progress.slow" {
        "zh-CN": "这次退货比往常慢。如果着急，随时可以找我们的客服。",
        "en": "This is taking longer than it did for most earlier returns. Ask us about it at any time.",
    }
}
