use serde_json::{Value, json};

use crate::support::Service;

#[tokio::test]
async fn a_policy_is_set_whole_and_read_back_as_it_can_be_set() {
    let service = Service::start().await;
    let standard = service.get("/v1/policy").send().await.expect(200).json();
    assert_eq!(standard["currency"], "CNY");
    assert_eq!(standard["return_window_ms"], 2_592_000_000_u64);
    let wanted = json!({
        "currency": "CNY",
        "timezone": "Asia/Shanghai",
        "resolutions": ["refund", "exchange"],
        "return_window_ms": 604_800_000_u64,
        "partial_discount": "reclaim",
        "care": ["priority-reship"],
        "incentive_share_max": 1500,
        "hold_max_ms": 3_600_000,
        "low_stock": 5,
        "diminishing": {"free_returns": 1, "step": 5000},
        "hidden_from_probe": 2,
        "claims": "report",
        "own_namespaces": ["rebound", "shop"],
    });
    let set = service.put("/v1/policy").json(&wanted).send().await.expect(200).json();
    assert_eq!(set, wanted);
    assert_eq!(service.get("/v1/policy").send().await.expect(200).json(), wanted);
    // What is left out is standard again.
    let reset = service.put("/v1/policy").json(&json!({"currency": "CNY"})).send().await.expect(200).json();
    assert_eq!(reset, standard);
    service.put("/v1/policy").json(&standard).send().await.expect(200);
}

#[tokio::test]
async fn a_policy_that_does_not_stand_changes_nothing() {
    let service = Service::stocked().await;
    let before = service.get("/v1/policy").send().await.json();
    for (body, status, code) in [
        (json!({}), 422, "invalid_field"),
        (json!({"currency": "CNY", "hold_max": 1}), 422, "unknown_field"),
        (json!({"currency": "CNY", "partial_discount": "lose"}), 422, "invalid_field"),
        (json!({"currency": "CNY", "incentive_share_max": 10_001}), 422, "invalid_field"),
        (json!({"currency": "CNY", "claims": "ignore"}), 422, "invalid_field"),
        (json!({"currency": "CNY", "own_namespaces": ["a/b"]}), 422, "invalid_field"),
        (json!({"currency": "CNY", "own_namespaces": ["a", "a"]}), 422, "invalid_field"),
        (json!({"currency": "CNY", "resolutions": ["exchange"]}), 422, "invalid_field"),
        (
            json!({"currency": "CNY", "diminishing": {"free_returns": 1, "step": 10_001}}),
            422,
            "invalid_field",
        ),
        (json!({"currency": "CNY", "hidden_from_probe": 0}), 422, "invalid_field"),
        (json!({"currency": "USD"}), 409, "currency_fixed"),
    ] {
        let answer = service.put("/v1/policy").json(&body).send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().0.as_str()), (status, code), "{body}");
    }
    assert_eq!(service.get("/v1/policy").send().await.json(), before);
}

#[tokio::test]
async fn a_budget_is_set_and_read_back_as_it_can_be_set() {
    let service = Service::start().await;
    service.get("/v1/budgets/spring").send().await.expect(404);
    let wanted = json!({
        "currency": "CNY", "counts": "uses", "limit": 1_000, "max_value": 10_000, "benefits": ["amount-off"],
        "stacking": "combinable", "per_customer": 2,
    });
    let set = service.put("/v1/budgets/spring").json(&wanted).send().await.expect(200);
    assert_eq!(set.json(), wanted);
    assert_eq!(service.get("/v1/budgets/spring").send().await.expect(200).json(), wanted);
    let other = json!({"currency": "CNY", "limit": 10, "max_value": 5, "benefits": ["gift"]});
    let (_, detail) = service.put("/v1/budgets/spring").json(&other).send().await.expect(422).problem();
    assert!(detail.contains("counts"), "what it counted cannot become something else: {detail}");
    let shorter =
        json!({"currency": "CNY", "counts": "uses", "limit": 5, "max_value": 5, "benefits": ["gift"]});
    let set = service.put("/v1/budgets/spring").json(&shorter).send().await.expect(200).json();
    assert_eq!((&set["stacking"], &set["per_customer"]), (&json!("exclusive"), &json!(1)));
    service.put("/v1/budgets/autumn").json(&other).send().await.expect(200);
    let all = service.get("/v1/budgets").send().await.expect(200).json();
    let told: Vec<_> = all["budgets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["id"], &it["budget"]["counts"], &it["charged"], &it["left"]))
        .collect();
    let (autumn, spring, spend, uses) = (json!("autumn"), json!("spring"), json!("spend"), json!("uses"));
    assert_eq!(told, [(&autumn, &spend, &json!(0), &json!(10)), (&spring, &uses, &json!(0), &json!(5))]);
    for (name, value) in [
        ("currency", json!("USD")),
        ("limit", json!(-1)),
        ("benefits", json!(["cash"])),
        ("stacking", json!("always")),
        ("counts", json!("sheep")),
        ("id", json!("spring")),
    ] {
        let mut body = shorter.clone();
        body[name] = value;
        let answer = service.put("/v1/budgets/spring").json(&body).send().await.expect(422);
        assert!(answer.problem().1.contains(name), "{:?}", answer.problem());
    }
}

#[tokio::test]
async fn a_route_is_empty_until_it_is_set_and_names_what_does_not_stand() {
    let service = Service::start().await;
    for stage in ["segmentation", "recommendation", "coupon", "sharing", "progress"] {
        let path = format!("/v1/routes/{stage}");
        assert_eq!(service.get(&path).send().await.expect(200).json(), json!({"entries": []}));
        assert_eq!(
            service.put(&path).json(&json!({"entries": []})).send().await.expect(200).json(),
            json!({"entries": []})
        );
    }
    let entry = |changes: Value| {
        let mut entry = json!({"plugin": "rebound/upgrade@0.1.0"});
        entry.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({"entries": [entry]})
    };
    for (body, code, part) in [
        (entry(json!({})), "unknown_plugin", "rebound/upgrade@0.1.0"),
        (
            entry(json!({"fallback": {"plugin": "rebound/affinity@0.1.0"}})),
            "unknown_plugin",
            "rebound/upgrade",
        ),
        (entry(json!({"plugin": "upgrade"})), "invalid_field", "`entries[0].plugin`"),
        (entry(json!({"slots": 0})), "invalid_field", "entries[0].slots"),
        (entry(json!({"slot": 1})), "unknown_field", "did you mean `slots`?"),
        (entry(json!({"margin": true})), "invalid_field", "`entries[0].margin`"),
        (
            entry(json!({"fallback": {"plugin": "rebound/upgrade@0.1.0"}})),
            "invalid_field",
            "entries[0].fallback.plugin",
        ),
        (
            entry(json!({"fallback": {"plugin": "a/b@1.0.0", "slots": 1}})),
            "unknown_field",
            "`entries[0].fallback.slots`",
        ),
        (json!({}), "invalid_field", "`entries` is missing"),
    ] {
        let answer = service.put("/v1/routes/recommendation").json(&body).send().await.expect(422);
        let (got, detail) = answer.problem();
        assert_eq!(got, code, "{body}: {detail}");
        assert!(detail.contains(part), "{body}: {detail}");
    }
}

#[tokio::test]
async fn an_experiment_tells_its_phase_and_seed() {
    let service = Service::start().await;
    let draft = json!({
        "stage": "recommendation",
        "coverage": 5000,
        "arms": [{"key": "control", "weight": 5000, "entries": []}, {"key": "also", "weight": 5000, "entries": []}],
    });
    service.get("/v1/experiments/offers").send().await.expect(404);
    let made = service.put("/v1/experiments/offers").json(&draft).send().await.expect(200).json();
    assert_eq!(
        (&made["key"], &made["phase"], &made["status"]),
        (&json!("offers"), &json!(1), &json!("running"))
    );
    assert_eq!(made["arms"], draft["arms"]);
    let seed = made["seed"].as_str().unwrap().to_owned();
    assert!(!seed.is_empty());

    // What is read can be sent back, and changes nothing.
    assert_eq!(service.put("/v1/experiments/offers").json(&made).send().await.expect(200).json(), made);
    for (name, value) in [("key", json!("other")), ("phase", json!(2)), ("seed", json!("mine"))] {
        let mut other = made.clone();
        other[name] = value;
        let answer = service.put("/v1/experiments/offers").json(&other).send().await.expect(422);
        assert_eq!((answer.problem().0.as_str(), &answer.json()["field"]), ("invalid_field", &json!(name)));
        // Of an experiment that is not there yet, only the key can be known.
        let answer = service.put("/v1/experiments/another").json(&other).send().await.expect(422);
        assert_eq!(answer.problem().0, "invalid_field", "{name}");
    }
    service.get("/v1/experiments/another").send().await.expect(404);

    let mut wider = draft.clone();
    wider.as_object_mut().unwrap().remove("coverage");
    let widened = service.put("/v1/experiments/offers").json(&wider).send().await.expect(200).json();
    assert_eq!(
        (&widened["phase"], &widened["seed"], &widened["coverage"]),
        (&json!(1), &json!(seed), &json!(10_000))
    );

    let mut weighed = wider.clone();
    weighed["arms"][0]["weight"] = json!(4000);
    weighed["arms"][1]["weight"] = json!(6000);
    let mut kept = weighed.clone();
    kept["keep_seed"] = json!(true);
    let next = service.put("/v1/experiments/offers").json(&kept).send().await.expect(200).json();
    assert_eq!((&next["phase"], &next["seed"]), (&json!(2), &json!(seed)));
    let third = service.put("/v1/experiments/offers").json(&wider).send().await.expect(200).json();
    assert_eq!(third["phase"], 3);
    assert_ne!(third["seed"], json!(seed));

    assert_eq!(service.get("/v1/experiments/offers").send().await.expect(200).json(), third);
    assert_eq!(
        service.get("/v1/experiments").send().await.expect(200).json(),
        json!({"experiments": [third]})
    );
}

#[tokio::test]
async fn an_experiment_that_does_not_stand_is_refused_by_name() {
    let service = Service::start().await;
    let draft = json!({
        "stage": "coupon",
        "arms": [{"key": "a", "weight": 5000, "entries": []}, {"key": "b", "weight": 5000, "entries": []}],
    });
    service.put("/v1/experiments/first").json(&draft).send().await.expect(200);
    let taken = service.put("/v1/experiments/second").json(&draft).send().await.expect(409);
    assert_eq!(taken.problem().0, "stage_taken");
    assert!(taken.problem().1.contains("first"));
    let mut stopped = draft.clone();
    stopped["status"] = json!("stopped");
    service.put("/v1/experiments/first").json(&stopped).send().await.expect(200);
    service.put("/v1/experiments/second").json(&draft).send().await.expect(200);
    for (pointer, value, code, part) in [
        ("/stage", json!("coupons"), "invalid_field", "`stage`"),
        ("/stage", json!("sharing"), "invalid_field", "stage"),
        ("/arms/0/weight", json!(4999), "invalid_field", "9999"),
        ("/arms/1/key", json!("a"), "invalid_field", "arms[1].key"),
        ("/arms/1/key", json!("B b"), "invalid_field", "`arms[1].key`"),
        ("/arms/1/entries", json!([{"plugin": "a/b@1.0.0"}]), "unknown_plugin", "a/b@1.0.0"),
        ("/arms", json!([]), "invalid_field", "arms"),
    ] {
        let mut body = draft.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let answer = service.put("/v1/experiments/second").json(&body).send().await.expect(422);
        let (got, detail) = answer.problem();
        assert_eq!(got, code, "{pointer}: {detail}");
        assert!(detail.contains(part), "{pointer}: {detail}");
    }
}
