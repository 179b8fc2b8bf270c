//! What a customer may read. Evidence is worded so that its reader could contest it.

rebound_sdk::templates! {
    TOLD = "segments.told" {
        "zh-CN": "关于{item}，你告诉我们：{reason}。",
        "en": "You told us about {item}: it was {reason}.",
    }
    NEW_HERE = "segments.new-here" {
        "zh-CN": "除了这次退货的订单，我们没有你的其他订单。",
        "en": "We know of no order of yours beside what this return comes from.",
    }
    // For whoever returns something from an order we do not know, or do not know to be theirs.
    FEW_ORDERS = "segments.few-orders" {
        "zh-CN": "到目前为止，我们几乎没有你的订单记录。",
        "en": "So far we know of hardly any orders of yours.",
    }
    LOYAL = "segments.loyal" {
        "zh-CN": "你常在这里下单，而且几乎都留下了。",
        "en": "You order here often and keep nearly everything.",
    }
    SENT_BACK = "segments.sent-back" {
        "zh-CN": "你买过的商品里，退回的占了不小的比例。",
        "en": "A good part of what you order comes back to us.",
    }
    SOON = "segments.soon" {
        "zh-CN": "下单后不久，你就申请退回{item}。",
        "en": "You asked to return {item} soon after ordering it.",
    }
    DEAR = "segments.dear" {
        "zh-CN": "{item}比你平时买的贵不少。",
        "en": "{item} cost a good deal more than what you usually buy.",
    }
    DISCOUNTED = "segments.discounted" {
        "zh-CN": "你在购买{item}的订单里用了优惠。",
        "en": "The order with {item} used a discount.",
    }
    REGULAR = "segments.regular" {
        "zh-CN": "你不时在这里下单。",
        "en": "You order here from time to time.",
    }
    ACKNOWLEDGED_REASON = "segments.acknowledged-reason" {
        "zh-CN": "{item}的退货申请我们收到了，原因也记下了：{reason}。",
        "en": "We have your request to return {item}, and noted why: it was {reason}.",
    }
    ACKNOWLEDGED = "segments.acknowledged" {
        "zh-CN": "{item}的退货申请我们收到了。",
        "en": "We have your request to return {item}.",
    }
    NEXT = "segments.next" {
        "zh-CN": "退款照常办理，与下面的建议无关；进展会在这里更新。",
        "en": "Your refund goes ahead whatever you think of the ideas below; its progress is shown here.",
    }
    PRIORITY_RESHIP = "segments.priority-reship" {
        "zh-CN": "如果你愿意，我们优先补发同款{item}。",
        "en": "If you like, we send {item} again, ahead of the queue.",
    }
    PRIORITY_RESHIP_IF = "segments.priority-reship-if" {
        "zh-CN": "如果你愿意，只要同款{item}有货，我们就优先补发。",
        "en": "If you like, and if we have it, we send {item} again, ahead of the queue.",
    }
    // Stands alone where policy allows no reship, and so must not promise one.
    INSPECTION_REPORT = "segments.inspection-report" {
        "zh-CN": "如果再次寄出{item}，会附上质检报告。",
        "en": "Should {item} be sent to you again, an inspection report comes with it.",
    }
}
