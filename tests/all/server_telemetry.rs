//! Spans and figures of the real binary, as a collector that speaks the real protocol receives them.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rustix::process::Signal;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::harness::{components, skip};
use crate::server_desk::Desk;

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A collector. It takes what comes, after it has refused spans as often as it is told to.
struct Collector {
    url: String,
    bodies: Receiver<(String, HeaderMap, Bytes)>,
    _runtime: Runtime,
}

#[derive(Clone)]
struct Taking {
    seen: Sender<(String, HeaderMap, Bytes)>,
    refusals: Arc<Mutex<u32>>,
}

impl Collector {
    fn start(refusals: u32) -> Self {
        let runtime = Runtime::new().unwrap();
        let (seen, bodies) = channel();
        let taking = Taking { seen, refusals: Arc::new(Mutex::new(refusals)) };
        let router = Router::new().route("/v1/{signal}", post(take)).with_state(taking);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { url, bodies, _runtime: runtime }
    }

    fn next(&self, wanted: &str) -> (HeaderMap, Bytes) {
        loop {
            let (signal, headers, body) = self.bodies.recv_timeout(PATIENCE).unwrap();
            if signal == wanted {
                return (headers, body);
            }
        }
    }

    /// The spans of a trace, once its request's own is among them.
    fn tree(&self, trace: &[u8]) -> Vec<Span> {
        loop {
            let (_, body) = self.next("traces");
            let sent = ExportTraceServiceRequest::decode(body).unwrap();
            let spans = sent.resource_spans.into_iter().flat_map(|it| it.scope_spans).flat_map(|it| it.spans);
            let spans: Vec<Span> = spans.filter(|span| span.trace_id == trace).collect();
            if spans.iter().any(|span| span.name == "request") {
                return spans;
            }
        }
    }
}

async fn take(
    State(taking): State<Taking>,
    Path(signal): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let is_refused = {
        let mut refusals = taking.refusals.lock().unwrap();
        let is_refused = *refusals > 0 && signal == "traces";
        *refusals -= u32::from(is_refused);
        is_refused
    };
    if is_refused {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    // The test may have seen enough.
    taking.seen.send((signal, headers, body)).ok();
    StatusCode::OK
}

/// A service with a product and the shipped segmentation in its route.
fn desk(arguments: &[&str]) -> Desk {
    let desk = Desk::new(arguments);
    desk.run(&["import", "catalog", &desk.file("products.csv", "sku,title,price\nA,Shirt,9900\n")])
        .expect(0, &[]);
    let component = components().join("rebound-segments.wasm");
    desk.run(&["publish", component.to_str().unwrap()]).expect(0, &[]);
    desk.run(&["route", "set", "segmentation", "rebound/segments@0.1.0"]).expect(0, &[]);
    desk
}

/// Sends an event; returns the status and the trace of the answer.
fn decide(desk: &Desk, id: &str, caller: Option<&str>) -> (u16, Option<String>) {
    let event = json!({"source": "shop", "id": format!("e-{id}"), "return_id": format!("r-{id}"), "customer_id": "c-1",
        "requested_at": "2026-03-01T09:30:00Z", "locale": "en", "currency": "CNY",
        "lines": [{"sku": "A", "quantity": 1, "paid": 9900, "reason": "color"}]});
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request =
        agent.post(format!("{}/v1/returns", desk.service.url)).header("content-type", "application/json");
    if let Some(caller) = caller {
        request = request.header("traceparent", caller);
    }
    let response = request.send(event.to_string()).unwrap();
    let trace = response.headers().get("traceparent").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), trace)
}

/// The figures in the format that every scraper knows.
fn figures(desk: &Desk) -> String {
    let agent: ureq::Agent = ureq::Agent::new_with_defaults();
    let request = agent.get(format!("{}/metrics", desk.service.url)).header("accept", "text/plain");
    request.call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn a_decision_arrives_as_one_tree_under_its_caller() {
    let collector = Collector::start(1);
    let endpoint = format!("otlp.endpoint={}", collector.url);
    let desk = desk(&[
        "--set",
        &endpoint,
        "--set",
        "otlp.headers=x-key=hush",
        "--set",
        "trace.share_bp=0",
        "--set",
        "otlp.metrics_interval=1",
    ]);
    let (status, told) = decide(&desk, "1", Some(CALLER));
    assert_eq!(status, 201);
    let told = told.unwrap();
    assert!(told.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && told.ends_with("-01"), "{told}");
    assert_ne!(told, CALLER, "the host's own span is told, not the caller's");

    let trace = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes();
    let spans = collector.tree(&trace);
    let by_name: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.name.as_str(), span)).collect();
    let names: Vec<&str> = by_name.keys().copied().collect();
    assert_eq!(names, ["commit", "decide", "read", "request", "stage"], "{spans:?}");
    assert_eq!(by_name["request"].parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!(by_name["decide"].parent_span_id, by_name["request"].span_id);
    for part in ["read", "stage", "commit"] {
        assert_eq!(by_name[part].parent_span_id, by_name["decide"].span_id, "{part}");
    }
    let said: BTreeMap<&str, Any> = by_name["stage"]
        .attributes
        .iter()
        .map(|it| (it.key.as_str(), it.value.clone().unwrap().value.unwrap()))
        .collect();
    assert_eq!(said["rebound.plugin"], Any::StringValue("rebound/segments".to_owned()));
    assert_eq!(said["rebound.version"], Any::StringValue("0.1.0".to_owned()));
    assert_eq!(said["rebound.outcome"], Any::StringValue("value".to_owned()));
    assert!(matches!(said["rebound.fuel"], Any::IntValue(fuel) if fuel > 0));
    let text = format!("{spans:?}");
    assert!(!text.contains("c-1") && !text.contains("r-1") && !text.contains("e-1"), "{text}");

    let (headers, body) = collector.next("metrics");
    assert_eq!(headers["x-key"], "hush");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let figures = ExportMetricsServiceRequest::decode(body).unwrap();
    let metrics = &figures.resource_metrics[0].scope_metrics[0].metrics;
    assert!(metrics.iter().any(|metric| metric.name == "rebound_decisions"), "{metrics:?}");

    // Nobody asked for this one, and the share is nothing.
    let (_, told) = decide(&desk, "2", None);
    assert!(told.unwrap().ends_with("-00"));
    desk.service.signal(Signal::TERM);
    let (status, _, log) = desk.service.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("hush"), "{log}");
}

#[test]
fn without_a_collector_nothing_is_followed() {
    let desk = desk(&[]);
    let (status, told) = decide(&desk, "1", Some(CALLER));
    assert_eq!((status, told), (201, None));
}

#[test]
fn a_collector_that_is_away_costs_no_decision_and_what_is_lost_is_counted() {
    // A port that nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("otlp.endpoint=http://{free}");
    let desk = desk(&["--set", &endpoint, "--set", "trace.share_bp=10000", "--set", "trace.queue=64"]);
    for index in 0..40 {
        assert_eq!(decide(&desk, &index.to_string(), None).0, 201);
    }
    // 40 decisions of five spans do not fit into 64 places.
    let figures = figures(&desk);
    let dropped =
        figures.lines().find_map(|line| line.strip_prefix("rebound_trace_spans_total{outcome=\"dropped\"} "));
    let dropped: u32 = dropped.unwrap().parse().unwrap();
    assert!(dropped > 0, "{figures}");
    desk.service.signal(Signal::TERM);
    let (status, _, log) = desk.service.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(log.matches("telemetry is not taken").count(), 1, "{log}");
}

#[test]
fn prometheus_own_tool_finds_nothing_wrong_with_the_figures() {
    let promtool = Command::new("promtool").arg("--version").output();
    if promtool.is_err() {
        return skip("promtool is not installed (Debian: prometheus): the figures were not checked by it");
    }
    let collector = Collector::start(0);
    let endpoint = format!("otlp.endpoint={}", collector.url);
    let desk = desk(&["--set", &endpoint]);
    decide(&desk, "1", None);
    let figures = figures(&desk);
    assert!(figures.contains("# TYPE rebound_decisions_total counter"), "{figures}");
    let mut check = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut check.stdin.take().unwrap(), figures.as_bytes()).unwrap();
    let checked = check.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && told.is_empty(), "{told}\n{figures}");
}
