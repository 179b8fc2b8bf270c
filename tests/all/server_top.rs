//! `rebound top` against the real service.

use serde_json::json;

use rebound_tests::client::{Client, Method};

use crate::server_process::{Running, piped, rebound};

fn shop(service: &Running) -> Client {
    let client = Client::new(&service.url, None);
    let product = json!({"sku": "A", "title": "Shirt", "price": 9_900});
    let answer =
        client.send(Method::Post, "/v1/catalog", "application/x-ndjson", product.to_string().as_bytes());
    assert_eq!(answer.unwrap().status, 200);
    client
}

fn decide(client: &Client, id: usize) {
    let event = json!({"source": "shop", "id": format!("e-{id}"), "return_id": format!("r-{id}"), "customer_id": "c-1",
        "requested_at": "2026-03-01T09:30:00Z", "locale": "en", "currency": "CNY",
        "lines": [{"sku": "A", "quantity": 1, "paid": 9900, "reason": "color"}]});
    client.ok(Method::Post, "/v1/returns", &event).unwrap();
}

#[test]
fn one_frame_tells_how_the_service_is_doing() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::dev(data.path());
    let frame = service.run(&["top", "--once"]).expect(0, &[]).stdout;
    for want in ["events     0.0/s\n", "latency    p50 -  p99 -\n", "arms\n  none\n", "quarantine\n  none\n"]
    {
        assert!(frame.contains(want), "{want}: {frame}");
    }
    assert!(!frame.contains('\u{1b}'), "a frame for scripts steers no terminal");
    let frame = service.run(&["top", "--once", "--json"]).expect(0, &[]).json();
    assert_eq!(frame["events_per_second"], 0.0);
}

#[test]
fn what_happens_between_two_readings_is_shown() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::dev(data.path());
    let client = shop(&service);
    let mut top = piped(&["top", "--json", "--url", &service.url]);
    let mut frames = std::io::BufRead::lines(std::io::BufReader::new(top.stdout.take().unwrap()));
    // Decisions go on until a frame has seen some: when the first reading is taken is nobody's to know.
    let mut seen = None;
    for id in 0..1_000 {
        decide(&client, id);
        if id % 20 != 19 {
            continue;
        }
        let frame: serde_json::Value = serde_json::from_str(&frames.next().unwrap().unwrap()).unwrap();
        if frame["events_per_second"].as_f64().unwrap() > 0.0 {
            seen = Some(frame);
            break;
        }
    }
    top.kill().unwrap();
    top.wait().unwrap();
    let frame = seen.unwrap();
    assert!(frame["outcomes"]["made"].as_f64().unwrap() > 0.0, "{frame}");
    assert!(
        frame["latency_p99_ms"].as_f64().unwrap() > 0.0 && frame["commit_p50_ms"].as_f64().unwrap() > 0.0,
        "{frame}"
    );
}

#[test]
fn nobody_at_the_address_is_told_with_the_way_out() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    rebound(&["top", "--once", "--url", &format!("http://{free}")])
        .expect(3, &["no service answers", "rebound serve"]);
    rebound(&["top", "--interval", "0"]).expect(2, &["0"]);
}
