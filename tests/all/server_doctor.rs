//! `rebound doctor` over the real binary: it waits for a stopped service, finds nothing in what was served, and names
//! what was damaged.

use std::path::Path;

use rebound_storage::{Batch, Entry, Key, SledOptions, SledStorage, Storage};
use rebound_tests::client::{Client, Method};
use rustix::process::Signal;
use serde_json::json;

use crate::server_process::{Running, rebound};

/// Decides a return of each of `customers` customers, and stops.
fn serve(data: &Path, customers: u32) {
    let service = Running::dev(data);
    let client = Client::new(&service.url, None);
    let product = json!({"sku": "A-1", "title": "Thing", "price": 100}).to_string();
    client.send(Method::Post, "/v1/catalog", "application/x-ndjson", product.as_bytes()).unwrap();
    for number in 0..customers {
        let event = json!({"source": "shop", "id": format!("e-{number}"), "return_id": format!("r-{number}"),
            "customer_id": format!("c-{number}"), "locale": "en", "requested_at": "2026-03-01T09:30:00Z",
            "currency": "CNY", "lines": [{"sku": "A-1", "quantity": 1, "paid": 100}]});
        client.ok(Method::Post, "/v1/returns", &event).unwrap();
    }
    let busy = rebound(&["doctor", "--data", data.to_str().unwrap(), "--json"]).expect(11, &[]).json();
    assert_eq!(busy["error"]["code"], "data_locked");
    assert!(busy["error"]["detail"].as_str().unwrap().contains("open in another process"), "{busy}");
    service.signal(Signal::TERM);
    assert_eq!(service.wait().0.code(), Some(0));
}

/// Changes a stopped service's storage behind its back.
fn damage(data: &Path, change: impl FnOnce(&[(Key, Entry)], &mut Batch)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let storage = SledStorage::open(&data.join("storage"), SledOptions::default()).unwrap();
        let records = storage.scan_all(None, 1024).await.unwrap().value;
        let mut batch = Batch::new();
        change(&records, &mut batch);
        storage.commit(batch).await.unwrap();
        storage.close().await.unwrap();
    });
}

#[test]
fn a_stopped_service_is_sound_and_a_damaged_one_is_told_what_where_and_what_to_do() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let directory = data.to_str().unwrap();
    serve(&data, 3);
    let sound = rebound(&["doctor", "--data", directory]).expect(0, &[]);
    assert!(
        sound.stdout.contains("of 3 customers") && sound.stdout.trim_end().ends_with(": sound"),
        "{sound:?}"
    );
    let sound = rebound(&["doctor", "--data", directory, "--json"]).expect(0, &[]).json();
    assert_eq!(
        (&sound["sound"], &sound["customers"], &sound["found"]),
        (&json!(true), &json!(3), &json!({}))
    );

    let is_plan = |key: &Key| key.owner.first() == Some(&b'c') && key.key.starts_with(b"plan/");
    damage(&data, |records, batch| {
        let (plan, _) = records.iter().find(|(key, _)| is_plan(key)).unwrap();
        batch.delete(plan.clone());
    });
    let found = rebound(&["doctor", "--data", directory, "--json"]).expect(20, &[]).json();
    assert_eq!(found["sound"], false);
    // The return's index names it, and the profile counts it.
    assert_eq!(found["found"], json!({"missing": 1, "count_differs": 2}), "{found}");
    let missing = &found["findings"].as_array().unwrap().iter().find(|it| it["kind"] == "missing").unwrap();
    assert!(missing["place"].as_str().unwrap().ends_with(" return"), "{missing}");
    assert!(missing["what"].as_str().unwrap().contains("its plan is missing at c"), "{missing}");
    assert!(missing["remedy"].as_str().unwrap().contains("backup"), "{missing}");
    let text = rebound(&["doctor", "--data", directory, "--list", "1"]).expect(20, &[]).stdout;
    for says in ["3 findings", "2 more are not listed; --list 3 lists all", "1 missing: restore"] {
        assert!(text.contains(says), "no `{says}` in {text}");
    }
    for person in ["c-0", "r-0", "e-0", "c-1", "r-1", "e-1", "c-2"] {
        assert!(
            !text.contains(&format!("\"{person}\"")) && !found.to_string().contains(&format!("\"{person}\""))
        );
    }
}

#[test]
fn what_is_no_data_directory_is_not_made_one() {
    let parent = tempfile::tempdir().unwrap();
    let missing = parent.path().join("missing");
    rebound(&["doctor", "--data", missing.to_str().unwrap()]).expect(15, &["cannot be read", "missing"]);
    assert!(!missing.exists());
    rebound(&["doctor", "--data", parent.path().to_str().unwrap()]).expect(15, &["holds no records"]);
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    let data = parent.path().join("data");
    serve(&data, 1);
    std::fs::remove_file(data.join("host.key")).unwrap();
    rebound(&["doctor", "--data", data.to_str().unwrap()]).expect(15, &["no host.key"]);
    assert!(!data.join("host.key").exists(), "a doctor makes no key");
}
