//! What a customer may read and pass on. A card is written when a return is asked for: nothing was sent, looked at or
//! paid back yet, and no sentence here may say that it was.

rebound_sdk::templates! {
    TITLE = "share.title" {
        "zh-CN": "我和{item}的故事",
        "en": "My story with {item}",
    }
    REVIEW = "share.review" {
        "zh-CN": "没想到{item}{reason}，不过退货申请已经登记好了。",
        "en": "I did not expect {item} to be {reason}, but my return is already registered.",
    }
    // Without an offer the review ends there; with one it goes on.
    LOOKING = "share.looking" {
        "zh-CN": "现在我在看{item}。",
        "en": "Now I am looking at {item}.",
    }
    TALK = "share.talk" {
        "zh-CN": "申请退货的时候，我看上了{item}，现价{price}。",
        "en": "While asking for a return I found {item}, now at {price}.",
    }
    // A share of returns, not of people: whoever returned it twice counts twice.
    TALK_SWITCHED = "share.talk-switched" {
        "zh-CN": "我退的这款，以往的退货里有{switched_share}，顾客不久后买了{item}。",
        "en": "After {switched_share} of earlier returns of the same product, its buyer soon bought {item}.",
    }
    DISCLOSURE = "share.disclosure" {
        "zh-CN": "声明：分享这张卡片，我会得到商家的回馈。",
        "en": "Disclosure: the shop gives me something for sharing this.",
    }
    BRAND = "share.brand" {
        "zh-CN": "#{brand}",
        "en": "#{brand}",
    }
    EXCHANGER = "share.exchanger" {
        "zh-CN": "换货达人：用换货找到更合适的商品",
        "en": "Exchange explorer: find what suits you better by exchanging",
    }
    STORYTELLER = "share.storyteller" {
        "zh-CN": "分享达人：把真实的体验讲给别人听",
        "en": "Storyteller: tell others how it really went",
    }
    MATCHMAKER = "share.matchmaker" {
        "zh-CN": "好物红娘：带朋友找到合适的商品",
        "en": "Matchmaker: help friends find what suits them",
    }
    REGULAR = "share.regular" {
        "zh-CN": "老朋友：常来逛，常来买",
        "en": "Old friend: keep coming by",
    }
}
