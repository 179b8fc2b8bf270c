//! Who may do what: every operation of the published document with every scope, and what a namespace sees.

use axum::http::Method;
use rebound_domain::access::{Rate, Terms};
use serde_json::{Value, json};

use crate::guest::segmenter;
use crate::speaker::speaker;
use crate::support::{Call, Service, document, event};

const WASM: &str = "application/wasm";
/// One of each kind. Paths here name the namespace `tests`.
const SCOPES: [&str; 11] = [
    "events",
    "catalogue",
    "publish",
    "publish:tests/*",
    "publish:other/*",
    "read",
    "read:tests/*",
    "read:other/*",
    "operate",
    "admin",
    "personal-data",
];
const LYING: &[(&str, &str, &str)] = &[("a", "en", "Hurry, only 3 left.")];

impl Service {
    /// A token with these scopes.
    async fn token(&self, scopes: &[&str]) -> String {
        let rate = Rate { per_second: 1_000_000, burst: 1_000_000 };
        self.token_with(scopes, rate).await
    }

    async fn token_with(&self, scopes: &[&str], rate: Rate) -> String {
        let scopes = scopes.iter().map(|word| word.parse().unwrap()).collect();
        let terms = Terms { name: "tests".to_owned(), scopes, expires_at: None, rate };
        self.engine.create_token(terms).await.unwrap().1.reveal()
    }

    async fn publish_as(&self, token: &str, name: &str) -> crate::support::Answer {
        let bytes = segmenter(name, "1.0.0", "s");
        self.post("/v1/plugins").body(WASM, bytes).bearer(token).send().await
    }
}

impl Call {
    fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }
}

/// Whether a token with one scope may do what asks for a word of the document. A table of its own: what the host thinks
/// is not asked.
fn is_enough(scope: &str, wanted: &str, names_namespace: bool) -> bool {
    let is_read = wanted == "read" || wanted.starts_with("read:");
    let own = |scope: &str, kind: &str| {
        let named =
            if names_namespace { "tests" } else { scope.split([':', '/']).nth(1).unwrap_or_default() };
        scope == format!("{kind}:{named}/*")
    };
    match wanted {
        "read:{namespace}/*" => {
            ["read", "operate", "admin", "publish"].contains(&scope)
                || own(scope, "read")
                || own(scope, "publish")
        }
        "publish:{namespace}/*" => ["publish", "admin"].contains(&scope) || own(scope, "publish"),
        wanted => {
            scope == wanted
                || (scope == "admin" && wanted != "personal-data")
                || (scope == "operate" && is_read)
        }
    }
}

fn filled(path: &str) -> String {
    path.replace("{namespace}", "tests")
        .replace("{name}", "x")
        .replace("{version}", "1.0.0")
        .replace("{stage}", "coupon")
        .replace(['{', '}'], "")
}

#[tokio::test]
async fn every_operation_asks_for_the_scope_that_the_document_names() {
    let service = Service::start().await;
    let mut tokens = Vec::new();
    for scope in SCOPES {
        tokens.push((scope, service.token(&[scope]).await));
    }
    let (mut passed, mut refused) = (0, 0);
    for (template, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let wanted: Vec<&str> = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|one| one["bearer"].as_array().into_iter().flatten())
                .map(|word| word.as_str().unwrap())
                .collect();
            let (method, path) = (method.to_uppercase().parse::<Method>().unwrap(), filled(template));
            let call = || service.call(method.clone(), &path);
            let without = call().without("authorization").send().await;
            if operation["security"] == json!([{}]) {
                assert_ne!(without.status, 401, "{method} {path}");
                continue;
            }
            assert_eq!(without.expect(401).problem().0, "unauthorized");
            for (scope, token) in &tokens {
                let names_namespace = template.contains("{namespace}");
                let may = operation["security"] == json!([{"bearer": []}])
                    || wanted.iter().any(|wanted| is_enough(scope, wanted, names_namespace));
                let answer = call().bearer(token).send().await;
                match may {
                    true => {
                        let status = answer.status.as_u16();
                        assert!(
                            ![401, 403, 429].contains(&status),
                            "{method} {path} with {scope}: {answer:?}"
                        );
                        passed += 1;
                    }
                    false => {
                        assert_eq!(answer.status, 403, "{method} {path} with {scope}: {answer:?}");
                        let (code, detail) = answer.problem();
                        assert_eq!(code, "forbidden");
                        assert!(detail.contains(&format!("the token has {scope}")), "{detail}");
                        let challenge = answer.header("www-authenticate");
                        assert!(challenge.contains("error=\"insufficient_scope\", scope=\""), "{challenge}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(passed > 60 && refused > 200, "{passed} passed, {refused} refused");
}

#[tokio::test]
async fn head_asks_for_what_get_asks_for() {
    let service = Service::start().await;
    let (events, read) = (service.token(&["events"]).await, service.token(&["read"]).await);
    let head = |token: &str| {
        let request =
            axum::http::Request::head("/v1/policy").header("authorization", format!("Bearer {token}"));
        let router = service.router.clone();
        let request = request.body(axum::body::Body::empty()).unwrap();
        async move { tower::ServiceExt::oneshot(router, request).await.unwrap().status().as_u16() }
    };
    assert_eq!((head(&events).await, head(&read).await), (403, 200));
}

#[tokio::test]
async fn a_partner_publishes_within_its_namespace_only() {
    let service = Service::start().await;
    let acme = service.token(&["publish:acme/*"]).await;
    service.publish_as(&acme, "acme/first").await.expect(201);
    for foreign in ["other/first", "acme2/first"] {
        let refused = service.publish_as(&acme, foreign).await.expect(403);
        let (code, detail) = refused.problem();
        assert_eq!(code, "forbidden");
        assert!(detail.contains(foreign) && detail.contains("publish:acme/*"), "{detail}");
        let (namespace, _) = foreign.split_once('/').unwrap();
        let wanted = format!("scope=\"publish:{namespace}/*\"");
        assert!(refused.header("www-authenticate").contains(&wanted));
        assert_eq!(service.get(&format!("/v1/plugins/{foreign}/1.0.0/approval")).send().await.status, 404);
        // Also with bytes that are published already: the answer would tell of another's version.
        let admin = service.token(&["publish"]).await;
        service.publish_as(&admin, foreign).await.expect(201);
        service.publish_as(&acme, foreign).await.expect(403);
    }
    // What a component of another namespace would say counts for nobody.
    let lying = speaker("other/liar", "1.0.0", LYING);
    service.post("/v1/plugins").body(WASM, lying).bearer(&acme).send().await.expect(403);
    let told = service.get("/v1/violations").send().await.expect(200).json();
    assert_eq!(told["violations"], json!([]));
}

#[tokio::test]
async fn a_foreign_namespace_that_is_named_is_refused_before_the_component_is_looked_at() {
    let service = Service::start().await;
    let (acme, all) = (service.token(&["publish:acme/*"]).await, service.token(&["publish"]).await);
    let post = |token: &str, namespace: &str, component: Vec<u8>| {
        let call = service.post(&format!("/v1/plugins?namespace={namespace}")).body(WASM, component);
        call.bearer(token).send()
    };
    let nothing = || b"no component at all".to_vec();
    let refused = post(&acme, "other", nothing()).await.expect(403);
    assert_eq!(refused.problem().0, "forbidden");
    assert!(refused.header("www-authenticate").contains("scope=\"publish:other/*\""), "{refused:?}");
    assert_eq!(post(&acme, "acme", nothing()).await.expect(422).problem().0, "plugin_refused");
    assert_eq!(post(&acme, "Acme", nothing()).await.expect(422).problem().0, "invalid_field");
    // It is what it was said to be, or it is not published, by whomever.
    let other = || speaker("other/first", "1.0.0", &[]);
    post(&acme, "acme", other()).await.expect(403);
    post(&all, "acme", other()).await.expect(403);
    assert_eq!(service.get("/v1/plugins").send().await.json()["plugins"], json!([]));
    post(&all, "other", other()).await.expect(201);
    let log = service.get("/v1/audit").send().await.expect(200).json();
    let last = log["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["entry"]["action"], &last["entry"]["who"]["kind"]),
        (&json!("plugin.publish"), &json!("token"))
    );
}

#[tokio::test]
async fn an_address_without_a_valid_token_is_told_to_wait_and_a_valid_token_passes_all_the_same() {
    let service = Service::start().await;
    let ask = async |peer: &str, token: &str| {
        let request =
            axum::http::Request::get("/v1/policy").header("authorization", format!("Bearer {token}"));
        let mut request = request.body(axum::body::Body::empty()).unwrap();
        request.extensions_mut().insert(rebound_edge::Peer(peer.parse().unwrap()));
        tower::ServiceExt::oneshot(service.router.clone(), request).await.unwrap()
    };
    let mut refused = None;
    for _ in 0..600 {
        let answer = ask("192.0.2.1", "wrong").await;
        if answer.status() != 401 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("600 failures in a row are too many");
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(ask("192.0.2.1", crate::support::TOKEN).await.status(), 200);
    let read = service.token(&["read"]).await;
    assert_eq!(ask("192.0.2.1", &read).await.status(), 200);
    let events = service.token(&["events"]).await;
    assert_eq!(ask("192.0.2.1", &events).await.status(), 403, "a token that is valid is no failure");
    assert_eq!(ask("192.0.2.2", "wrong").await.status(), 401, "another address has its own");
}

#[tokio::test]
async fn a_namespace_sees_itself_and_no_other() {
    let service = Service::stocked().await;
    let admin = service.token(&["admin"]).await;
    for name in ["acme/first", "other/first"] {
        service.publish_as(&admin, name).await.expect(201);
        let said = json!({"who": "ann", "reason": "a test"});
        let hold = format!("/v1/quarantine/{name}/1.0.0/segmentation/hold");
        service.post(&hold).json(&said).send().await.expect(200);
        let (namespace, _) = name.split_once('/').unwrap();
        let lying = speaker(&format!("{namespace}/liar"), "1.0.0", LYING);
        service.post("/v1/plugins").body(WASM, lying).send().await.expect(422);
    }
    let names = |list: &Value| -> Vec<String> {
        let names = list.as_array().unwrap().iter().map(|it| it["plugin"].as_str().unwrap().to_owned());
        // One text may break several rules.
        names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    };
    let lists = [
        ("/v1/plugins", "plugins", "first"),
        ("/v1/quarantine", "versions", "first"),
        ("/v1/violations", "violations", "liar"),
        ("/v1/violations?limit=1", "violations", "liar"),
        ("/v1/violations?plugin=acme/liar", "violations", "liar"),
    ];
    for (path, list, name) in lists {
        for scope in ["publish:acme/*", "read:acme/*"] {
            let token = service.token(&[scope]).await;
            let answer = service.get(path).bearer(&token).send().await.expect(200).json();
            assert_eq!(names(&answer[list]), [format!("acme/{name}@1.0.0")], "{path} with {scope}");
        }
        let all = service.get(path).bearer(&admin).send().await.expect(200).json();
        assert!(!names(&all[list]).is_empty());
    }
    let acme = service.token(&["publish:acme/*"]).await;
    let none = service.get("/v1/violations?plugin=other/liar").bearer(&acme).send().await.expect(200).json();
    assert_eq!(none["violations"], json!([]));
    for (name, status) in [("acme/first", 200), ("other/first", 403), ("other/nothing", 403)] {
        let path = format!("/v1/plugins/{name}/1.0.0/approval");
        service.get(&path).bearer(&acme).send().await.expect(status);
    }
    for path in ["/v1/recordings", "/metrics", "/v1/policy", "/v1/experiments", "/v1/audit", "/v1/tokens"] {
        service.get(path).bearer(&acme).send().await.expect(403);
    }
}

#[tokio::test]
async fn who_a_customer_is_is_for_personal_data_only() {
    let service = Service::stocked().await;
    service.publish_as(crate::support::TOKEN, "tests/segments").await.expect(201);
    let route = json!({"entries": [{"plugin": "tests/segments@1.0.0"}]});
    service.put("/v1/routes/segmentation").json(&route).send().await.expect(200);
    service.post("/v1/returns").json(&event("e-1", "r-secret")).send().await.expect(201);
    service.engine.settled().await;
    let listed = service.get("/v1/recordings").send().await.expect(200).json();
    let id = listed["recordings"][0]["id"].as_str().unwrap();
    let (shown, replayed) = (format!("/v1/recordings/{id}"), format!("/v1/recordings/{id}/replay"));
    let admin = service.token(&["admin"]).await;
    let both = service.token(&["read", "personal-data"]).await;
    let masked = service.get(&shown).bearer(&admin).send().await.expect(200);
    assert!(!masked.json().to_string().contains("r-secret"));
    service.post(&replayed).bearer(&admin).send().await.expect(200);
    for call in
        [service.get(&format!("{shown}?unmasked=true")), service.post(&format!("{replayed}?unmasked=true"))]
    {
        let refused = call.bearer(&admin).send().await.expect(403);
        assert!(refused.header("www-authenticate").contains("scope=\"personal-data\""));
    }
    let told = service.get(&format!("{shown}?unmasked=true")).bearer(&both).send().await.expect(200);
    assert!(told.json().to_string().contains("r-secret"));
    service.post(&format!("{replayed}?unmasked=true")).bearer(&both).send().await.expect(200);
    // That they looked is in the log, under their name.
    let audit = service.get("/v1/audit").send().await.expect(200).json();
    let looked: Vec<_> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["entry"]["action"] == "recording.unmask")
        .map(|it| (&it["entry"]["who"]["token"], &it["entry"]["subject"]))
        .collect();
    assert_eq!(looked, vec![(&json!(both[4..20]), &json!(id)); 2]);
}

#[tokio::test]
async fn a_token_is_made_used_rotated_and_revoked() {
    let service = Service::start().await;
    let draft = json!({"name": "shop", "scopes": ["events"], "expires_at": "2999-01-01T00:00:00Z",
        "rate": {"per_second": 50, "burst": 100}});
    let made = service.post("/v1/tokens").json(&draft).send().await.expect(201).json();
    let (id, secret) = (made["token"]["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!((&made["token"]["scopes"], &made["token"]["rate"]), (&draft["scopes"], &draft["rate"]));
    assert_eq!(made["token"]["created_by"], "admin");
    let service = &service;
    let asked =
        |token: String| async move { service.get("/v1/returns/r-1").bearer(&token).send().await.status };
    assert_eq!(asked(secret.to_owned()).await, 404);
    let listed = service.get("/v1/tokens").send().await.expect(200);
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(&secret[21..60]), "shown once");
    assert!(listed.json()["tokens"][0]["last_used_at"].is_string());

    let rotate = format!("/v1/tokens/{id}/rotate");
    let rotated = service.post(&rotate).json(&json!({})).send().await.expect(200).json();
    assert!(rotated["token"]["previous_until"].is_string());
    let new = rotated["secret"].as_str().unwrap();
    assert_eq!(
        (asked(secret.to_owned()).await, asked(new.to_owned()).await),
        (404.try_into().unwrap(), 404.try_into().unwrap())
    );
    let rotated = service.post(&rotate).json(&json!({"overlap_ms": 0})).send().await.expect(200).json();
    assert_eq!(asked(new.to_owned()).await, 401, "at once");
    let newest = rotated["secret"].as_str().unwrap();
    assert_eq!(asked(newest.to_owned()).await, 404);

    let revoked = service.call(Method::DELETE, &format!("/v1/tokens/{id}")).send().await.expect(200).json();
    assert!(revoked["revoked_at"].is_string());
    assert_eq!(asked(newest.to_owned()).await, 401);
    let ended = service.post(&rotate).json(&json!({})).send().await.expect(409);
    assert_eq!(ended.problem().0, "token_ended");
    let none = "/v1/tokens/00000000000000ff";
    service.call(Method::DELETE, none).send().await.expect(404);
    service.post(&format!("{none}/rotate")).json(&json!({})).send().await.expect(404);
    let bad = service.call(Method::DELETE, "/v1/tokens/x").send().await.expect(422);
    assert!(bad.problem().1.contains("16 hex digits"));

    let audit = service.get("/v1/audit").send().await.expect(200);
    let text = String::from_utf8_lossy(&audit.bytes);
    for secret in [secret, new, newest] {
        assert!(!text.contains(&secret[21..60]));
    }
    let actions: Vec<_> = audit.json()["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["entry"]["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(actions, ["token.create", "token.rotate", "token.rotate", "token.revoke"]);
}

#[tokio::test]
async fn a_token_that_does_not_stand_is_refused_by_name() {
    let service = Service::start().await;
    let with = |name: &str, value: Value| {
        let mut draft = json!({"name": "shop", "scopes": ["events"]});
        draft[name] = value;
        draft
    };
    for (draft, code, says) in [
        (with("name", json!(" ")), "invalid_field", "name"),
        (with("scopes", json!([])), "invalid_field", "scopes"),
        (with("scopes", json!(["everything"])), "invalid_field", "publish:NAMESPACE/*"),
        (with("scopes", json!(["publish:acme"])), "invalid_field", "publish:acme"),
        (with("scopes", json!(["events", "events"])), "invalid_field", "twice"),
        (with("expires_at", json!("2020-01-01T00:00:00Z")), "invalid_field", "passed already"),
        (with("rate", json!({"per_second": 0, "burst": 1})), "invalid_field", "per_second is 0"),
        (with("rate", json!([1, 1])), "invalid_field", "rate"),
        (with("scope", json!("events")), "unknown_field", "did you mean `scopes`?"),
    ] {
        let answer = service.post("/v1/tokens").json(&draft).send().await.expect(422);
        let (got, detail) = answer.problem();
        assert!(got == code && detail.contains(says), "{draft}: {got} {detail}");
    }
    let long = json!({"overlap_ms": 2_678_400_000_u64});
    let made = service.post("/v1/tokens").json(&with("name", json!("a"))).send().await.expect(201).json();
    let rotate = format!("/v1/tokens/{}/rotate", made["token"]["id"].as_str().unwrap());
    assert!(service.post(&rotate).json(&long).send().await.expect(422).problem().1.contains("30 days"));
    let admin = service.token(&["admin"]).await;
    let beyond = with("scopes", json!(["personal-data"]));
    let refused = service.post("/v1/tokens").json(&beyond).bearer(&admin).send().await.expect(403);
    assert!(refused.problem().1.contains("personal-data"));
}

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_when_to_come_back() {
    let service = Service::start().await;
    let slow = service.token_with(&["read"], Rate { per_second: 1, burst: 2 }).await;
    let mut passed = 0;
    // A machine that stops for a while lets some more through.
    let refused = loop {
        let answer = service.get("/v1/policy").bearer(&slow).send().await;
        match answer.status.as_u16() {
            200 if passed < 100 => passed += 1,
            _ => break answer.expect(429),
        }
    };
    assert!(passed >= 2);
    assert_eq!((refused.problem().0.as_str(), refused.header("retry-after")), ("rate_limited", "1"));
    let other = service.token(&["read"]).await;
    service.get("/v1/policy").bearer(&other).send().await.expect(200);
    service.get("/v1/policy").send().await.expect(200);
}

#[tokio::test]
async fn the_audit_log_names_who_asked_and_comes_in_pages() {
    let service = Service::start().await;
    let operator = service.token(&["operate"]).await;
    let budget = json!({"currency": "CNY", "limit": 10, "max_value": 5, "benefits": ["gift"]});
    for number in 0..3 {
        let path = format!("/v1/budgets/b-{number}");
        service.put(&path).json(&budget).bearer(&operator).send().await.expect(200);
    }
    let page = service.get("/v1/audit?after=1&limit=2").bearer(&operator).send().await.expect(200).json();
    let entries = page["entries"].as_array().unwrap();
    let subjects: Vec<_> = entries.iter().map(|it| &it["entry"]["subject"]).collect();
    assert_eq!(subjects, ["b-0", "b-1"]);
    assert_eq!(
        entries[0]["entry"]["who"],
        json!({"kind": "token", "token": operator[4..20], "name": "tests"})
    );
    assert_eq!((&page["next"], &page["head"]["sequence"]), (&json!(3), &json!(4)));
    assert_eq!(entries[1]["entry"]["previous"], entries[0]["hash"]);
    let last = service.get("/v1/audit?after=3").send().await.expect(200).json();
    assert_eq!((last.get("next"), &last["entries"][0]["hash"]), (None, &last["head"]["hash"]));
    for (query, code) in
        [("?limit=0", "invalid_field"), ("?after=x", "invalid_field"), ("?from=1", "unknown_field")]
    {
        assert_eq!(service.get(&format!("/v1/audit{query}")).send().await.expect(422).problem().0, code);
    }
}

/// Every kind of change that an operator makes over HTTP is told under the operator's name, not the host's.
#[tokio::test]
async fn no_change_over_http_is_the_hosts_own() {
    let service = Service::start().await;
    let put = |path: &str, body: Value| service.put(path).json(&body);
    service.publish_as(crate::support::TOKEN, "tests/segments").await.expect(201);
    let version = "tests/segments/1.0.0";
    let said = json!({"who": "ann", "reason": "a test"});
    let constant =
        json!({"texts": {"en": "7-day returns"}, "owner": "Legal", "ends": "2999-01-01T00:00:00Z"});
    let entries = json!([{"plugin": "tests/segments@1.0.0"}]);
    let experiment = json!({"stage": "segmentation", "arms": [{"key": "a", "weight": 5_000, "entries": entries},
            {"key": "b", "weight": 5_000, "entries": []}]});
    let budget = json!({"currency": "CNY", "limit": 10, "max_value": 5, "benefits": ["gift"]});
    put("/v1/policy", json!({"currency": "CNY"})).send().await.expect(200);
    put("/v1/budgets/spring", budget).send().await.expect(200);
    put("/v1/constants/seven", constant).send().await.expect(200);
    let approval = json!({"owner": "Mei", "reason": "read"});
    service.post(&format!("/v1/plugins/{version}/approval")).json(&approval).send().await.expect(201);
    put("/v1/routes/segmentation", json!({"entries": entries})).send().await.expect(200);
    put("/v1/experiments/e", experiment).send().await.expect(200);
    for verb in ["hold", "release"] {
        let path = format!("/v1/quarantine/{version}/segmentation/{verb}");
        service.post(&path).json(&said).send().await.expect(200);
    }
    let draft = json!({"name": "shop", "scopes": ["events"]});
    let made = service.post("/v1/tokens").json(&draft).send().await.expect(201).json();
    let id = made["token"]["id"].as_str().unwrap();
    service.post(&format!("/v1/tokens/{id}/rotate")).json(&json!({})).send().await.expect(200);
    service.call(Method::DELETE, &format!("/v1/tokens/{id}")).send().await.expect(200);
    let audit = service.get("/v1/audit").send().await.expect(200).json();
    let told: Vec<_> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["entry"]["action"].as_str().unwrap(), it["entry"]["who"]["kind"].as_str().unwrap()))
        .collect();
    let wanted = [
        "plugin.publish",
        "policy.set",
        "budget.set",
        "constant.set",
        "approval.set",
        "route.set",
        "experiment.set",
        "quarantine.hold",
        "quarantine.release",
        "token.create",
        "token.rotate",
        "token.revoke",
    ];
    assert_eq!(told, wanted.map(|action| (action, "admin")));
}
