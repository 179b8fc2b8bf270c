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
        "zh-CN": "你在这里下过{orders_count}笔订单，买的东西几乎都留下了。",
        "en": "You have placed {orders_count} orders here and kept nearly everything.",
    }
    SENT_BACK = "segments.sent-back" {
        "zh-CN": "到目前为止你申请过{returns_count}次退货，退回的在买过的商品里占了不小的比例。",
        "en": "You have asked for {returns_count} returns so far, and a good part of what you ordered came back.",
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
        "zh-CN": "买{item}的那笔订单，你用了优惠。",
        "en": "You used a discount on the order with {item}.",
    }
    // Of the merchant's own quality tags; which of them is the trait's to say.
    MATERIALS = "segments.materials" {
        "zh-CN": "你买下并留下的商品，不少都很讲究用料。",
        "en": "Much of what you bought and kept is made of carefully chosen materials.",
    }
    ORGANIC_COTTON = "segments.organic-cotton" {
        "zh-CN": "你买下并留下的商品，不少是有机棉的。",
        "en": "Much of what you bought and kept is organic cotton.",
    }
    NO_FLUORESCENT_AGENT = "segments.no-fluorescent-agent" {
        "zh-CN": "你买下并留下的商品，不少不含荧光剂。",
        "en": "Much of what you bought and kept is made without fluorescent agents.",
    }
    REGULAR = "segments.regular" {
        "zh-CN": "你在这里下过{orders_count}笔订单。",
        "en": "You have placed {orders_count} orders here.",
    }
    // The words are the customer's until someone has looked: sorry for the trouble, and no verdict.
    SORRY = "segments.sorry" {
        "zh-CN": "你说{item}{reason}，给你添麻烦了，抱歉。退货申请我们已经收到。",
        "en": "You told us that {item} was {reason}. We are sorry for the trouble, and have your request.",
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
        "zh-CN": "退款{refund_amount}照常办理，与下面的建议无关；进展会在这里更新。",
        "en": "Your refund of {refund_amount} goes ahead whatever you think of the ideas below; see its progress here.",
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
