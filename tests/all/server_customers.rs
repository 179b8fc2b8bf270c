//! Privacy over the real binary: export and erasure as a user does them, and a log that tells of no person.

use rebound_tests::client::{Client, Method};
use rustix::process::Signal;
use serde_json::json;

use crate::server_process::Running;

const PERSONAL: [&str; 8] = [
    "customer-ab12",
    "return-cd34",
    "event-ef56",
    "note-gh78",
    "order-ij90",
    "trait-kl12",
    "sku-unknown-mn34",
    "zz-op56",
];

fn shop(client: &Client) {
    let lines = [
        ("/v1/catalog", json!({"sku": "A-1", "title": "Thing", "category": "things", "price": 100})),
        (
            "/v1/orders",
            json!({"id": "order-ij90", "customer_id": "customer-ab12",
            "ordered_at": "2026-02-01T00:00:00Z", "lines": [{"sku": "A-1", "quantity": 1, "paid": 100}]}),
        ),
        (
            "/v1/customers",
            json!({"customer_id": "customer-ab12", "traits": ["trait-kl12"], "consent": ["email"]}),
        ),
    ];
    for (path, line) in lines {
        let sent =
            client.send(Method::Post, path, "application/x-ndjson", line.to_string().as_bytes()).unwrap();
        let answer = sent.json().unwrap();
        assert_eq!(answer["rejected"], 0, "{path}: {answer}");
    }
}

#[test]
fn a_customer_is_exported_and_erased_by_command_and_no_log_line_tells_of_them() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::dev(data.path());
    let client = Client::new(&service.url, None);
    shop(&client);
    let mut event = json!({"source": "shop", "id": "event-ef56", "return_id": "return-cd34",
        "customer_id": "customer-ab12", "locale": "en", "requested_at": "2026-03-01T09:30:00Z", "currency": "CNY",
        "lines": [{"sku": "A-1", "quantity": 1, "paid": 100, "order_id": "order-ij90", "note": "note-gh78"}]});
    client.ok(Method::Post, "/v1/returns", &event).unwrap();
    let person = service.run(&["customer", "export", "customer-ab12"]).expect(0, &[]).json();
    for text in ["return-cd34", "order-ij90", "trait-kl12"] {
        assert!(person.to_string().contains(text), "{person}");
    }
    service.run(&["customer", "erase", "customer-ab12"]).expect(2, &["--yes"]);
    let erased = service.run(&["customer", "erase", "customer-ab12", "--yes"]).expect(0, &[]);
    assert!(erased.stdout.contains("erased: "), "{erased:?}");
    let again = service.run(&["--json", "customer", "erase", "customer-ab12", "--yes"]).expect(0, &[]);
    assert_eq!(again.json(), json!({"records": 0}));
    service.run(&["customer", "export", "customer-ab12"]).expect(1, &["nothing is held"]);
    let post = |event: &serde_json::Value| {
        client
            .send(Method::Post, "/v1/returns", "application/json", event.to_string().as_bytes())
            .unwrap()
            .status
    };
    assert_eq!(post(&event), 410);
    // What is refused must not reach the log either.
    event["id"] = "zz-op56".into();
    event["return_id"] = "zz-op56".into();
    event["lines"][0]["sku"] = "sku-unknown-mn34".into();
    assert_eq!(post(&event), 422);
    event["requested_at"] = "customer-ab12".into();
    assert_eq!(post(&event), 422);
    service.signal(Signal::TERM);
    let (status, stdout, log) = service.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains("a customer was erased"), "the log is there to be searched: {log}");
    for text in PERSONAL {
        assert!(!log.contains(text) && !stdout.contains(text), "{text} is in the log:\n{log}");
    }
    // Nor does anything in the data directory hold it.
    let mut folders = vec![data.path().to_path_buf()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for text in PERSONAL {
                let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(!found, "{text} is readable in {}", path.display());
            }
        }
    }
    assert!(files > 2);

    std::fs::remove_file(data.path().join("customer.keys")).unwrap();
    let path = data.path().to_str().unwrap();
    let refused =
        crate::server_process::rebound(&["serve", "--data", path, "--dev", "--listen", "127.0.0.1:0"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(
        refused.stderr.contains("customer.keys") && refused.stderr.contains("put the file back"),
        "{refused:?}"
    );
}
