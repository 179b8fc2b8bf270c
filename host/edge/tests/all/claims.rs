//! What may be said: texts are checked at publish, partners' are approved, constants have an owner and an end, and
//! what was claimed without any of it is told.

use std::sync::Arc;

use rebound_storage::MemoryStorage;
use serde_json::{Value, json};

use crate::speaker::speaker;
use crate::support::{Answer, Service, event};

const WASM: &str = "application/wasm";
const SEGMENTATION: &str = "/v1/routes/segmentation";
/// Three lines that say what only facts may say, and one that does not.
const LYING: &[(&str, &str, &str)] = &[
    ("a", "en", "Hurry, only 3 left."),
    ("b", "en", "Hello."),
    ("c", "zh-CN", "买三件更划得来"),
    ("c", "en", "Everyone likes it"),
];

impl Service {
    async fn publish(&self, name: &str, version: &str, templates: &[(&str, &str, &str)]) -> Answer {
        self.post("/v1/plugins").body(WASM, speaker(name, version, templates)).send().await
    }

    async fn route(&self, plugin: &str) -> Answer {
        self.put(SEGMENTATION).json(&json!({"entries": [{"plugin": plugin}]})).send().await
    }

    async fn policy(&self, changes: Value) {
        let mut policy = json!({"currency": "CNY", "own_namespaces": ["shop"]});
        policy.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.put("/v1/policy").json(&policy).send().await.expect(200);
    }

    /// Decides the next return of a customer who reads `locale`.
    async fn returned(&self, number: u32, locale: &str) -> Value {
        let mut event = event(&format!("e-{number}"), &format!("r-{number}"));
        event["locale"] = json!(locale);
        self.post("/v1/returns").json(&event).send().await.expect(201).json()
    }

    async fn violations(&self, query: &str) -> Vec<Value> {
        let list = self.get(&format!("/v1/violations{query}")).send().await.expect(200).json();
        list["violations"].as_array().unwrap().clone()
    }
}

/// The plan's acknowledgement, as the customer reads it.
fn said(plan: &Value) -> Vec<String> {
    let piece = |piece: &Value| {
        let text = piece.get("literal").or_else(|| piece.get("text"));
        text.unwrap().as_str().unwrap().to_owned()
    };
    let line = |line: &Value| line.as_array().unwrap().iter().map(piece).collect();
    plan["acknowledgement"].as_array().unwrap().iter().map(line).collect()
}

/// Template and reason of each line that was dropped.
fn dropped(plan: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let lines = plan["dropped"].as_array().unwrap().iter();
    lines.map(|line| (text(&line["template"]), text(&line["reason"]))).collect()
}

fn rules(violations: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let violations = violations.as_array().unwrap().iter();
    violations.map(|it| (text(&it["template"]), text(&it["rule"]), text(&it["excerpt"]))).collect()
}

fn triple(template: &str, rule: &str, excerpt: &str) -> (String, String, String) {
    (template.to_owned(), rule.to_owned(), excerpt.to_owned())
}

#[tokio::test]
async fn texts_that_say_what_only_facts_may_say_are_refused_with_every_violation() {
    let service = Service::stocked().await;
    service.policy(json!({})).await;
    let refused = service.publish("shop/liar", "1.0.0", LYING).await.expect(422);
    let (code, detail) = refused.problem();
    assert_eq!(code, "claims_violated");
    assert!(detail.contains("in 5 places") && detail.contains("`3` is a figure"), "{detail}");
    let want = [
        triple("a", "figure", "3"),
        triple("a", "stock-claim", "left"),
        triple("a", "time-claim", "hurry"),
        triple("c", "number-word", "三件"),
        triple("c", "share-claim", "everyone"),
    ];
    assert_eq!(rules(&refused.json()["violations"]), want);
    assert_eq!(service.get("/v1/plugins").send().await.json(), json!({"plugins": []}));

    // Tried again it is one entry each, seen twice.
    service.publish("shop/liar", "1.0.0", LYING).await.expect(422);
    let told = service.violations("").await;
    assert_eq!(told.len(), want.len(), "{told:?}");
    assert!(told.iter().all(|it| it["seen"] == "refused" && it["count"] == 2), "{told:?}");
    let mended = [("a", "en", "Only {stock_left} left."), ("b", "en", "Hello.")];
    service.publish("shop/liar", "1.0.0", &mended).await.expect(201);
}

#[tokio::test]
async fn reported_violations_are_said_and_told_on_every_plan_and_counted() {
    let storage = Arc::new(MemoryStorage::new());
    let service = Service::over(storage.clone()).await;
    service.stock().await;
    service.policy(json!({"claims": "report"})).await;
    let published = service.publish("shop/liar", "1.0.0", LYING).await.expect(201).json();
    assert_eq!(published["violations"].as_array().unwrap().len(), 5, "{published}");
    service.route("shop/liar@1.0.0").await.expect(200);

    let plan = service.returned(1, "en").await;
    assert_eq!(said(&plan), ["Hurry, only 3 left.", "Hello.", "Everyone likes it"]);
    let shown = &plan["trace"]["violations"];
    let want = [
        triple("a", "figure", "3"),
        triple("a", "stock-claim", "left"),
        triple("a", "time-claim", "hurry"),
        triple("c", "share-claim", "everyone"),
    ];
    assert_eq!(rules(shown), want);
    assert_eq!(
        (&shown[0]["stage"], &shown[0]["plugin"]),
        (&json!("segmentation"), &json!("shop/liar@1.0.0"))
    );
    assert_eq!((&shown[0]["locale"], &shown[0]["lines"]), (&json!("en"), &json!(1)));
    // Another language, other words; the same event again and a dry run show nobody anything more.
    assert_eq!(
        rules(&service.returned(2, "zh-CN").await["trace"]["violations"]),
        [triple("c", "number-word", "三件")]
    );
    service.returned(3, "en").await;
    service.post("/v1/returns").json(&event("e-1", "r-1")).send().await.expect(200);
    service.post("/v1/returns?dry_run=true").json(&event("e-4", "r-4")).send().await.expect(200);

    let count = |told: &[Value], excerpt: &str| {
        let entry = told
            .iter()
            .find(|it| it["excerpt"] == excerpt)
            .unwrap_or_else(|| panic!("no {excerpt}: {told:?}"));
        (entry["seen"].clone(), entry["count"].clone())
    };
    let again = Service::over(Arc::new(storage.reopen())).await;
    for told in [service.violations("").await, again.violations("").await] {
        assert_eq!(told.len(), 5, "{told:?}");
        for (excerpt, lines) in [("3", 2), ("left", 2), ("everyone", 2), ("三件", 1)] {
            assert_eq!(count(&told, excerpt), (json!("shown"), json!(lines)), "{excerpt}");
        }
    }
}

#[tokio::test]
async fn once_enforced_again_a_violating_line_is_dropped_and_its_version_not_routed() {
    let service = Service::stocked().await;
    service.policy(json!({"claims": "report"})).await;
    service.publish("shop/liar", "1.0.0", LYING).await.expect(201);
    service.route("shop/liar@1.0.0").await.expect(200);
    service.policy(json!({})).await;
    let plan = service.returned(1, "en").await;
    assert_eq!(said(&plan), ["Hello."]);
    let violated = |template: &str| (template.to_owned(), "claims-violated".to_owned());
    assert_eq!(dropped(&plan), [violated("a"), violated("c")]);
    assert_eq!(plan["trace"]["violations"], json!([]));
    let refused = service.route("shop/liar@1.0.0").await.expect(422);
    assert_eq!(refused.problem().0, "claims_violated");
    assert_eq!(refused.json()["violations"].as_array().unwrap().len(), 5);
    let arms = json!([
        {"key": "a", "weight": 5_000, "entries": [{"plugin": "shop/liar@1.0.0"}]},
        {"key": "b", "weight": 5_000, "entries": []},
    ]);
    let draft = |status: &str| json!({"stage": "segmentation", "status": status, "arms": arms});
    let refused = service.put("/v1/experiments/x").json(&draft("running")).send().await.expect(422);
    assert_eq!(refused.problem().0, "claims_violated");
    service.put("/v1/experiments/x").json(&draft("stopped")).send().await.expect(200);
}

#[tokio::test]
async fn a_partner_s_texts_are_routed_once_somebody_has_read_them() {
    let storage = Arc::new(MemoryStorage::new());
    let service = Service::over(storage.clone()).await;
    service.stock().await;
    let published = service.publish("acme/first", "1.0.0", &[("a", "en", "Hello.")]).await.expect(201).json();
    assert_eq!(published["approval"], "pending");
    let refused = service.route("acme/first@1.0.0").await.expect(409);
    let (code, detail) = refused.problem();
    assert_eq!(code, "templates_unapproved");
    assert!(detail.contains("`rebound approve acme/first@1.0.0 --owner YOU`"), "{detail}");
    let fallback =
        json!({"entries": [{"plugin": "acme/silent@1.0.0", "fallback": {"plugin": "acme/first@1.0.0"}}]});
    service.publish("acme/silent", "1.0.0", &[]).await.expect(201);
    service.put(SEGMENTATION).json(&fallback).send().await.expect(409);

    let path = "/v1/plugins/acme/first/1.0.0/approval";
    let shown = service.get(path).send().await.expect(200).json();
    assert_eq!((&shown["approval"], &shown["templates"][0]["text"]), (&json!("pending"), &json!("Hello.")));
    assert!(shown.get("owner").is_none(), "{shown}");
    for (body, field) in [
        (json!({"owner": " ", "reason": "r"}), "owner"),
        (json!({"owner": "o", "reason": ""}), "reason"),
        (json!({"owner": "o".repeat(257), "reason": "r"}), "owner"),
        (json!({"owner": "o", "reason": "two\nlines"}), "reason"),
        (json!({"owner": "o"}), "reason"),
    ] {
        let refused = service.post(path).json(&body).send().await.expect(422);
        assert!(refused.problem().1.contains(field), "{:?}", refused.problem());
    }
    let draft = json!({"owner": "Mei", "reason": "read"});
    let approved = service.post(path).json(&draft).send().await.expect(201).json();
    assert_eq!((&approved["approval"], &approved["owner"]), (&json!("approved"), &json!("Mei")));
    let later = json!({"owner": "Li", "reason": "too"});
    let again = service.post(path).json(&later).send().await.expect(200).json();
    assert_eq!(again, approved, "the first approval stands");
    service.route("acme/first@1.0.0").await.expect(200);
    assert_eq!(said(&service.returned(1, "en").await), ["Hello."]);

    // The same texts are approved in every version, other ones are not, also after a restart.
    let service = Service::over(Arc::new(storage.reopen())).await;
    assert_eq!(service.get(path).send().await.expect(200).json(), approved);
    let same = service.publish("acme/first", "1.1.0", &[("a", "en", "Hello.")]).await.expect(201).json();
    assert_eq!(same["approval"], "approved");
    service.route("acme/first@1.1.0").await.expect(200);
    let other = service.publish("acme/first", "1.2.0", &[("a", "en", "Hello!")]).await.expect(201).json();
    assert_eq!(other["approval"], "pending");
    service.route("acme/first@1.2.0").await.expect(409);
    for (path, status) in [
        ("/v1/plugins/acme/first/9.9.9/approval", 404),
        ("/v1/plugins/acme/First/1.0.0/approval", 422),
        ("/v1/plugins/acme/first/1/approval", 422),
    ] {
        service.get(path).send().await.expect(status);
        service.post(path).json(&draft).send().await.expect(status);
    }
}

#[tokio::test]
async fn a_language_without_word_lists_needs_an_approval_whoever_wrote_it() {
    let service = Service::stocked().await;
    service.policy(json!({})).await;
    let texts = [("a", "en", "Hello."), ("a", "fr", "Bonjour, plus que deux.")];
    let published = service.publish("shop/french", "1.0.0", &texts).await.expect(201).json();
    assert_eq!(published["approval"], "pending");
    service.route("shop/french@1.0.0").await.expect(409);
    let own = service.publish("shop/english", "1.0.0", &texts[..1]).await.expect(201).json();
    assert_eq!(own["approval"], "not-needed");
    service.route("shop/english@1.0.0").await.expect(200);
}

#[tokio::test]
async fn a_namespace_given_up_is_silent_until_its_texts_are_approved() {
    let service = Service::stocked().await;
    service.policy(json!({})).await;
    service.publish("shop/first", "1.0.0", &[("a", "en", "Hello.")]).await.expect(201);
    service.route("shop/first@1.0.0").await.expect(200);
    service.policy(json!({"own_namespaces": []})).await;
    let plan = service.returned(1, "en").await;
    assert_eq!(said(&plan), Vec::<String>::new());
    assert_eq!(dropped(&plan), [("a".to_owned(), "templates-unapproved".to_owned())]);
    let draft = json!({"owner": "Mei", "reason": "read"});
    service.post("/v1/plugins/shop/first/1.0.0/approval").json(&draft).send().await.expect(201);
    assert_eq!(said(&service.returned(2, "en").await), ["Hello."]);
}

#[tokio::test]
async fn a_constant_is_a_fact_with_an_owner_and_an_end() {
    let storage = Arc::new(MemoryStorage::new());
    let service = Service::over(storage.clone()).await;
    service.stock().await;
    service.policy(json!({})).await;
    let texts = [
        ("a", "en", "{const.seven-day-return} on this order."),
        ("a", "zh-CN", "本单{const.seven-day-return}。"),
    ];
    let refused = service.publish("shop/promise", "1.0.0", &texts).await.expect(422);
    let (code, detail) = refused.problem();
    assert_eq!(code, "unknown_constant");
    assert!(detail.contains("PUT /v1/constants/seven-day-return"), "{detail}");

    let path = "/v1/constants/seven-day-return";
    service.get(path).send().await.expect(404);
    let constant = json!({
        "texts": {"en": "7-day returns", "zh-CN": "7天无理由退货"}, "owner": "Legal",
        "starts": "2026-01-01T00:00:00Z", "ends": "2027-01-01T00:00:00Z",
    });
    for (name, value) in [
        ("texts", json!({})),
        ("texts", json!({"en": "<b>7-day</b>"})),
        ("texts", json!({"klingon!": "7"})),
        ("owner", json!("")),
        ("ends", json!("2026-01-01T00:00:00Z")),
        ("ends", json!(null)),
        ("key", json!("seven-day-return")),
    ] {
        let mut body = constant.clone();
        body[name] = value;
        let refused = service.put(path).json(&body).send().await.expect(422);
        assert!(
            refused.problem().1.contains(name) || refused.json()["field"] == *name,
            "{:?}",
            refused.json()
        );
    }
    let set = service.put(path).json(&constant).send().await.expect(200).json();
    assert_eq!(set, constant);
    service.publish("shop/promise", "1.0.0", &texts).await.expect(201);
    service.route("shop/promise@1.0.0").await.expect(200);

    let plan = service.returned(1, "en-GB").await;
    let fact = json!({"fact": "const.seven-day-return", "value": "7-day returns", "text": "7-day returns"});
    assert_eq!(plan["acknowledgement"], json!([[fact, {"literal": " on this order."}]]));
    assert_eq!(said(&service.returned(2, "zh-CN").await), ["本单7天无理由退货。"]);

    // It is read back after a restart, and can be changed then.
    let service = Service::over(Arc::new(storage.reopen())).await;
    assert_eq!(service.get(path).send().await.expect(200).json(), constant);
    let mut listed = constant.clone();
    listed["key"] = json!("seven-day-return");
    let list = service.get("/v1/constants").send().await.expect(200).json();
    assert_eq!(list, json!({"constants": [listed]}));
    // The event comes at 2026-03-01T09:30:00Z.
    for (number, field, value, why) in [
        (3, "starts", json!("2026-03-01T09:30:01Z"), "constant-not-started"),
        (4, "ends", json!("2026-03-01T09:30:00Z"), "constant-ended"),
        (5, "texts", json!({"zh-CN": "7天无理由退货"}), "constant-not-translated"),
    ] {
        let mut changed = constant.clone();
        changed[field] = value;
        service.put(path).json(&changed).send().await.expect(200);
        let plan = service.returned(number, "en").await;
        assert_eq!(dropped(&plan), [("a".to_owned(), why.to_owned())]);
        assert_eq!(plan["dropped"][0]["fact"], "const.seven-day-return");
    }
}

#[tokio::test]
async fn violations_come_in_pages_and_by_plugin() {
    let service = Service::stocked().await;
    let lies: Vec<(String, String)> = (0..7).map(|it| (format!("t{it}"), format!("Only {it}"))).collect();
    let lies: Vec<(&str, &str, &str)> =
        lies.iter().map(|(key, text)| (key.as_str(), "en", text.as_str())).collect();
    service.publish("acme/liar", "1.0.0", &lies).await.expect(422);
    service.publish("acme/liar", "2.0.0", &lies[..1]).await.expect(422);
    service.publish("acme/other", "1.0.0", &lies[..1]).await.expect(422);
    assert_eq!(service.violations("").await.len(), 9);
    assert_eq!(service.violations("?plugin=acme/liar").await.len(), 8);
    assert_eq!(service.violations("?plugin=acme/liar@2.0.0").await.len(), 1);
    assert_eq!(service.violations("?plugin=acme/nobody").await.len(), 0);
    let (mut told, mut query) = (Vec::new(), "?limit=4".to_owned());
    loop {
        let page = service.get(&format!("/v1/violations{query}")).send().await.expect(200).json();
        told.extend(page["violations"].as_array().unwrap().clone());
        let Some(next) = page.get("next") else { break };
        query = format!("?limit=4&after={}", next.as_str().unwrap());
    }
    assert_eq!(told, service.violations("").await);
    for query in ["?limit=0", "?limit=1001", "?after=yesterday", "?plugins=acme"] {
        service.get(&format!("/v1/violations{query}")).send().await.expect(422);
    }
}
