//! What a customer may read. A title names the size or the color; the words say only which way it differs.

rebound_sdk::templates! {
    LARGER = "variant.larger" {
        "zh-CN": "同款大些的尺码：{item}，现价{price}。",
        "en": "The same style in a larger size: {item}, now at {price}.",
    }
    SMALLER = "variant.smaller" {
        "zh-CN": "同款小些的尺码：{item}，现价{price}。",
        "en": "The same style in a smaller size: {item}, now at {price}.",
    }
    // Where the sizes cannot be told apart by order.
    SIZE = "variant.size" {
        "zh-CN": "同款换个尺码：{item}，现价{price}。",
        "en": "The same style in another size: {item}, now at {price}.",
    }
    COLOR = "variant.color" {
        "zh-CN": "同款换个颜色：{item}，现价{price}。",
        "en": "The same style in another color: {item}, now at {price}.",
    }
    STOCK = "variant.stock" {
        "zh-CN": "库存仅剩{stock_left}件。",
        "en": "Only {stock_left} left in stock.",
    }
    HOLD = "variant.hold" {
        "zh-CN": "这个价格为你保留至{price_hold_until}。",
        "en": "This price is held for you until {price_hold_until}.",
    }
}
