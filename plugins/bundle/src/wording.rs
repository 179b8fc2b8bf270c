//! What a customer may read.

rebound_sdk::templates! {
    PRICE = "bundle.price" {
        "zh-CN": "搭配推荐：{item}，现价{price}。",
        "en": "A good match: {item}, now at {price}.",
    }
    STOCK = "bundle.stock" {
        "zh-CN": "库存仅剩{stock_left}件。",
        "en": "Only {stock_left} left in stock.",
    }
    HOLD = "bundle.hold" {
        "zh-CN": "这个价格为你保留至{price_hold_until}。",
        "en": "This price is held for you until {price_hold_until}.",
    }
}
