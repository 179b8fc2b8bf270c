//! What a customer may read.

rebound_sdk::templates! {
    PRICE = "affinity.price" {
        "zh-CN": "{item}，现价{price}。",
        "en": "{item}, now at {price}.",
    }
    AGAIN = "affinity.again" {
        "zh-CN": "你以前买过{item}，而且留下了。",
        "en": "You bought {item} before and kept it.",
    }
    // A share of returns, not of people: whoever returned it twice counts twice. And what was bought was not chosen
    // "instead": nobody knows why.
    SWITCHED = "affinity.switched" {
        "zh-CN": "你退回的商品，以往的退货里有{switched_share}，顾客不久后买了{item}。",
        "en": "After {switched_share} of earlier returns of what you send back, the same customer soon bought {item}.",
    }
    STOCK = "affinity.stock" {
        "zh-CN": "库存仅剩{stock_left}件。",
        "en": "Only {stock_left} left in stock.",
    }
    HOLD = "affinity.hold" {
        "zh-CN": "这个价格为你保留至{price_hold_until}。",
        "en": "This price is held for you until {price_hold_until}.",
    }
}
