use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Service, event};

/// A return event with one field set to something else, or taken out.
fn with(pointer: &str, value: Value) -> String {
    let mut body = event("e-9", "r-9");
    match body.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = value;
        }
    }
    body.to_string()
}

fn without(pointer: &str) -> String {
    let mut body = event("e-9", "r-9");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    body.to_string()
}

#[tokio::test]
async fn an_event_that_does_not_stand_is_refused_by_name() {
    let service = Service::stocked().await;
    let cases: Vec<(String, u16, &str, &str)> = vec![
        ("".into(), 400, "invalid_json", "EOF"),
        ("{".into(), 400, "invalid_json", "line 1 column 1"),
        ("null".into(), 422, "invalid_field", "not an object"),
        ("[]".into(), 422, "invalid_field", "not an object"),
        (format!("{} {{}}", event("e-9", "r-9")), 400, "invalid_json", "trailing"),
        (with("/source", json!("\u{0}")), 422, "invalid_field", "`source`"),
        (with("/customer_id", json!("")), 422, "invalid_field", "`customer_id`"),
        (with("/return_id", json!("x".repeat(257))), 422, "invalid_field", "limit of 256"),
        (with("/requested_at", json!("yesterday")), 422, "invalid_field", "RFC 3339"),
        (with("/requested_at", json!(1_772_357_400)), 422, "invalid_field", "`requested_at`"),
        (with("/currency", json!("yuan")), 422, "invalid_field", "ISO 4217"),
        (with("/currency", json!("USD")), 422, "currency_mismatch", "CNY"),
        (with("/lines", json!([])), 422, "invalid_field", "lines is empty"),
        (with("/lines", json!({})), 422, "invalid_field", "`lines`"),
        (with("/lines/0/sku", json!("NOPE")), 422, "unknown_sku", "NOPE"),
        (with("/lines/0/quantity", json!(0)), 422, "invalid_field", "lines[0].quantity"),
        (with("/lines/0/quantity", json!(1.5)), 422, "invalid_field", "a whole number"),
        (with("/lines/0/paid", json!(-1)), 422, "invalid_field", "lines[0].paid"),
        (with("/lines/0/reason", json!("because")), 422, "invalid_field", "lines[0].reason"),
        (with("/requested_resolution", json!("money")), 422, "invalid_field", "requested_resolution"),
        (with("/lines/0/qty", json!(1)), 422, "unknown_field", "`lines[0].qty`"),
        (with("/chanel", json!("web")), 422, "unknown_field", "did you mean `channel`?"),
        (without("/return_id"), 422, "invalid_field", "`return_id` is missing"),
        (without("/lines/0/paid"), 422, "invalid_field", "`lines[0].paid` is missing"),
        (
            event("e-9", "r-9").to_string().replace("\"locale\"", "\"id\":\"e-8\",\"locale\""),
            422,
            "invalid_field",
            "twice",
        ),
    ];
    for (body, status, code, part) in cases {
        let answer = service.post("/v1/returns").text(&body).send().await;
        let (got, detail) = answer.problem();
        assert_eq!((answer.status.as_u16(), got.as_str()), (status, code), "{detail}: {body}");
        assert!(detail.contains(part), "{detail:?} does not name {part:?}");
    }
    service.get("/v1/returns/r-9").send().await.expect(404);
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_not_json() {
    let service = Service::stocked().await;
    let body = event("e-9", "r-9").to_string().replace("too red", "too \u{1}").into_bytes();
    let body: Vec<u8> = body.into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
    let answer = service.post("/v1/returns").body("application/json", body).send().await.expect(400);
    assert_eq!(answer.problem().0, "invalid_json");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let service = Service::stocked().await;
    let limit = 256 * 1024;
    let padded = |size: usize| {
        let body = event("e-9", "r-9").to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    // Announced, and found out while reading.
    for body in [Body::from(padded(limit + 1)), in_pieces(padded(limit + 1))] {
        let answer = service.post("/v1/returns").body("application/json", body).send().await.expect(413);
        assert_eq!(answer.problem().0, "body_too_large");
        assert!(answer.problem().1.contains("262144"));
    }
    service.post("/v1/returns").body("application/json", in_pieces(padded(limit))).send().await.expect(201);
}

fn in_pieces(text: String) -> Body {
    let pieces: Vec<_> = text
        .into_bytes()
        .chunks(1000)
        .map(|piece| Ok::<_, std::convert::Infallible>(piece.to_vec()))
        .collect();
    Body::from_stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn a_body_of_another_type_is_refused_with_the_right_one() {
    let service = Service::stocked().await;
    let event = event("e-9", "r-9").to_string();
    let cases = [
        ("/v1/returns", "text/plain", "application/json"),
        ("/v1/returns", "", "application/json"),
        ("/v1/returns", "application/x-ndjson", "application/json"),
        ("/v1/orders", "application/json", "application/x-ndjson"),
        ("/v1/catalog", "application/x-www-form-urlencoded", "application/x-ndjson"),
        ("/v1/customers", "text/plain", "application/x-ndjson"),
        ("/v1/plugins", "application/octet-stream", "application/wasm"),
    ];
    for (path, given, right) in cases {
        let answer = service.post(path).body(given, event.clone()).send().await.expect(415);
        let (code, detail) = answer.problem();
        assert_eq!(code, "unsupported_media_type");
        assert!(detail.contains(right), "{path} {given}: {detail}");
    }
    let call = service.post("/v1/returns").text(&event).without("content-type");
    assert!(call.send().await.expect(415).problem().1.contains("no content type"));
    let call = service.post("/v1/returns").text(&event).header("content-encoding", "gzip");
    assert!(call.send().await.expect(415).problem().1.contains("gzip"));
    let call = service.post("/v1/returns").body("Application/JSON; charset=utf-8", event);
    call.send().await.expect(201);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_the_same_shape() {
    let service = Service::start().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/returns/",
        "/v1/returns/a/b",
        "/v1/returns/r-1",
        "/v1/returns/%zz",
        "/v1/experiments/none",
        "/v1/budgets/none",
        "//v1/returns",
    ] {
        let answer = service.get(path).send().await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.problem().0, "not_found", "{path}");
    }
}

#[tokio::test]
async fn a_part_of_the_path_that_does_not_stand_is_refused() {
    let service = Service::start().await;
    let long = format!("/v1/returns/{}", "x".repeat(257));
    let cases = [
        (Method::GET, long.as_str(), 422, "invalid_field", "limit of 256"),
        (Method::GET, "/v1/returns/%0A", 422, "invalid_field", "return id"),
        (Method::GET, "/v1/returns/%FF", 400, "invalid_url", "UTF-8"),
        (Method::GET, "/v1/routes/coupons", 422, "invalid_field", "segmentation, recommendation, coupon"),
        (Method::PUT, "/v1/routes/%FF", 400, "invalid_url", "UTF-8"),
        (Method::GET, "/v1/experiments/A", 422, "invalid_field", "a-z"),
        (Method::PUT, "/v1/experiments/a%20b", 422, "invalid_field", "a-z"),
        (Method::GET, "/v1/budgets/%2F", 422, "invalid_field", "a-z"),
        (Method::PUT, "/v1/budgets/B", 422, "invalid_field", "a-z"),
    ];
    for (method, path, status, code, part) in cases {
        let answer = service.call(method, path).json(&json!({})).send().await;
        let (got, detail) = answer.problem();
        assert_eq!((answer.status.as_u16(), got.as_str()), (status, code), "{path}: {detail}");
        assert!(detail.contains(part), "{path}: {detail}");
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_refused_with_those_it_takes() {
    let service = Service::start().await;
    for (method, path, allow) in [
        (Method::GET, "/v1/returns", "POST"),
        (Method::DELETE, "/v1/returns/r-1", "GET,HEAD"),
        (Method::PATCH, "/v1/policy", "PUT,GET,HEAD"),
        (Method::OPTIONS, "/v1/orders", "POST"),
        (Method::POST, "/healthz", "GET,HEAD"),
    ] {
        let answer = service.call(method, path).send().await.expect(405);
        assert_eq!(answer.problem().0, "method_not_allowed", "{path}");
        let mut given: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        let mut want: Vec<_> = allow.split(',').collect();
        given.sort_unstable();
        want.sort_unstable();
        assert_eq!(given, want, "{path}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused_before_anything_is_done() {
    let service = Service::stocked().await;
    let body = event("e-9", "r-9");
    for (query, code, part) in [
        ("dryrun=true", "unknown_field", "did you mean `dry_run`?"),
        ("dry_run=yes", "invalid_field", "`true` or `false`"),
        ("dry_run", "invalid_field", "`true` or `false`"),
        ("dry_run=true&x=1", "unknown_field", "`x`"),
    ] {
        let answer = service.post(&format!("/v1/returns?{query}")).json(&body).send().await.expect(422);
        let (got, detail) = answer.problem();
        assert_eq!(got, code, "{query}: {detail}");
        assert!(detail.contains(part), "{query}: {detail}");
    }
    service.get("/v1/returns/r-9").send().await.expect(404);
    // Routes that always write take no parameters at all, and neither do reads.
    let everywhere = [
        (Method::POST, "/v1/orders"),
        (Method::POST, "/v1/catalog"),
        (Method::POST, "/v1/customers"),
        (Method::PUT, "/v1/routes/coupon"),
        (Method::GET, "/v1/routes/coupon"),
        (Method::PUT, "/v1/experiments/a"),
        (Method::GET, "/v1/experiments/a"),
        (Method::GET, "/v1/experiments"),
        (Method::PUT, "/v1/policy"),
        (Method::GET, "/v1/policy"),
        (Method::PUT, "/v1/budgets/a"),
        (Method::GET, "/v1/budgets/a"),
        (Method::GET, "/v1/plugins"),
        (Method::GET, "/v1/returns/r-1"),
        (Method::GET, "/metrics"),
        (Method::GET, "/openapi.json"),
    ];
    for (method, path) in everywhere {
        let answer = service.call(method, &format!("{path}?dry_run=true")).json(&body).send().await;
        assert_eq!(
            answer.problem(),
            ("unknown_field".into(), "`dry_run` is not known; this route takes no parameters".into()),
            "{path}"
        );
    }
    let answer = service.post("/v1/plugins?class=huge").body("application/wasm", "").send().await.expect(422);
    assert_eq!(answer.problem().0, "invalid_field");
    assert!(answer.problem().1.contains("large"));
}

#[tokio::test]
async fn nothing_but_the_probes_and_the_description_answers_without_the_token() {
    let service = Service::start().await;
    for (method, path) in [
        (Method::POST, "/v1/returns"),
        (Method::GET, "/v1/returns/r-1"),
        (Method::GET, "/metrics"),
        (Method::GET, "/nothing"),
        (Method::DELETE, "/v1/policy"),
    ] {
        for token in ["", "Bearer wrong", "Basic YWRtaW46YWRtaW4="] {
            let call = service.call(method.clone(), path).header("authorization", token);
            let answer = call.send().await;
            assert_eq!(
                (answer.status.as_u16(), answer.problem().0.as_str()),
                (401, "unauthorized"),
                "{method} {path} {token}"
            );
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"rebound\"");
        }
    }
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs", "/v1/schemas"] {
        service.get(path).without("authorization").send().await.expect(200);
    }
}

#[tokio::test]
async fn an_open_service_answers_loopback_names_only() {
    let storage = std::sync::Arc::new(rebound_storage::MemoryStorage::new());
    let service =
        Service::with(storage, rebound_edge::AuthPolicy::Open, rebound_edge::Timeouts::default()).await;
    let call = || service.get("/v1/policy").without("authorization");
    call().header("host", "localhost:8080").send().await.expect(200);
    let answer = call().header("host", "rebound.evil.example").send().await.expect(421);
    assert_eq!(answer.problem().0, "misdirected_request");
}
