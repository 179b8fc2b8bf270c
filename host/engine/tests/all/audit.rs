//! Every change of what operators set is in the audit log, with it or not at all, and the log hangs together.

use std::sync::Arc;

use rebound_domain::access::{Caller, Grants, Scope, TokenId, Who};
use rebound_domain::ids::{BudgetId, CustomerId};
use rebound_domain::manifest::Stage;
use rebound_domain::policy::{Budget, Policy};
use rebound_engine::{AuditLink, Chain, Engine, Said, audit_hash, verify_stored_audit};
use rebound_storage::testing::{Fault as StorageFault, FaultyStorage};
use rebound_storage::{Batch, Bytes, Direction, Entry, Key, KeyRange, Storage};
use serde_json::{Value, json};

use crate::house::{House, budget, currency, entry, request};

async fn entries(engine: &Engine) -> Vec<Value> {
    let page = engine.audit(0, 1_000).await.unwrap();
    let mut chain = Chain::default();
    page.links.iter().for_each(|link| chain.follow(link).unwrap());
    chain.end(&page.head).unwrap();
    page.links.into_iter().map(|link| link.entry.unwrap()).collect()
}

fn named(number: u32) -> Budget {
    Budget { id: BudgetId::new(format!("b-{number}")).unwrap(), ..budget() }
}

/// Everything of the log as it is stored.
async fn stored(storage: &dyn Storage) -> Vec<(Key, Bytes)> {
    let read = storage.scan("audit".into(), KeyRange::all(), 1_000, Direction::Forward).await.unwrap();
    let value = |(key, entry): (Bytes, Entry)| (Key::new("audit", key), entry.bytes().unwrap().clone());
    read.value.into_iter().map(value).collect()
}

#[tokio::test]
async fn who_changed_what_from_what_to_what() {
    let house = House::new().await;
    let plugin = house.hostile().await;
    let holder = Caller {
        who: Who::Token { id: TokenId::new([0xab; 8]), name: "ann".to_owned() },
        grants: Grants::new(vec![Scope::Operate]),
    };
    let engine = house.engine.acting(Arc::new(holder));
    engine.set_policy(Policy { low_stock: 3, ..Policy::standard(currency()) }).await.unwrap();
    engine.set_policy(Policy { low_stock: 4, ..Policy::standard(currency()) }).await.unwrap();
    engine.set_route(Stage::Coupon, vec![entry(&plugin, "\"nothing\"")]).await.unwrap();
    engine.set_budget(budget()).await.unwrap();
    let said = || Said { who: "ann".to_owned(), reason: "sold out".to_owned() };
    engine.hold(&plugin, Stage::Coupon, said()).await.unwrap();
    engine.release(&plugin, Stage::Coupon, said()).await.unwrap();

    let entries = entries(&engine).await;
    let told: Vec<_> = entries.iter().map(|it| (it["action"].as_str().unwrap(), &it["subject"])).collect();
    let version = json!(plugin.to_string());
    let at_stage = json!(format!("{plugin}/coupon"));
    let (policy, coupon, spring) = (json!("policy"), json!("coupon"), json!("spring"));
    assert_eq!(told[0], ("plugin.publish", &version));
    assert_eq!(told[1].0, "approval.set");
    assert_eq!(
        told[2..],
        [
            ("policy.set", &policy),
            ("policy.set", &policy),
            ("route.set", &coupon),
            ("budget.set", &spring),
            ("quarantine.hold", &at_stage),
            ("quarantine.release", &at_stage),
        ]
    );
    assert_eq!(entries[0]["who"], json!({"kind": "host"}), "what the host does is its own");
    assert_eq!(entries[2]["who"], json!({"kind": "token", "token": "abababababababab", "name": "ann"}));
    assert_eq!((&entries[2]["before"], &entries[2]["after"]["low_stock"]), (&Value::Null, &json!(3)));
    assert_eq!(
        (&entries[3]["before"]["low_stock"], &entries[3]["after"]["low_stock"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(entries[6]["after"]["hold"]["reason"], "sold out");
    assert_eq!(entries[7]["before"]["hold"]["reason"], "sold out");
    assert_eq!(entries[7]["after"]["hold"], Value::Null);
    assert!(entries[0]["after"]["digest"].as_str().unwrap().starts_with("sha256:"));
}

#[tokio::test]
async fn a_change_and_its_entry_are_one_write() {
    let house = House::new().await;
    house.engine.set_budget(budget()).await.unwrap();
    let revision = |owner: &[u8], key: &[u8], records: &[(Key, Entry)]| {
        let (_, entry) = records.iter().find(|(it, _)| it.owner == owner && it.key == key).unwrap();
        entry.revision().unwrap()
    };
    let records = house.records().await;
    let change = revision(b"control", b"budget/spring", &records);
    assert_eq!(revision(b"audit", b"head", &records), change);
    assert_eq!(revision(b"audit", b"entry/\0\0\0\0\0\0\0\x01", &records), change);

    for fault in [StorageFault::Refused, StorageFault::LostUnknown] {
        let before = house.records().await;
        let faulty = house.fronted(Arc::new(FaultyStorage::new(house.storage.clone(), [fault]))).await;
        faulty.engine.set_policy(Policy::standard(currency())).await.unwrap_err();
        assert_eq!(house.records().await, before, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_told() {
    let house = House::new().await;
    let bad = Policy { timezone: "Mars".to_owned(), ..Policy::standard(currency()) };
    house.engine.set_policy(bad).await.unwrap_err();
    assert!(entries(&house.engine).await.is_empty());
}

#[tokio::test]
async fn changes_at_the_same_time_chain_and_none_is_lost() {
    let house = House::new().await;
    // A second process on the same storage: each finds the head moved by the other.
    let other = house.fronted(house.storage.clone()).await;
    let change = |number: u32| {
        let engine = if number.is_multiple_of(2) { &house.engine } else { &other.engine };
        let engine = engine.clone();
        tokio::spawn(async move { engine.set_budget(named(number)).await })
    };
    for task in (0..40).map(change).collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    let mut subjects: Vec<_> =
        entries(&house.engine).await.iter().map(|it| it["subject"].as_str().unwrap().to_owned()).collect();
    subjects.sort();
    let mut wanted: Vec<_> = (0..40).map(|number| format!("b-{number}")).collect();
    wanted.sort();
    assert_eq!(subjects, wanted);
}

#[tokio::test]
async fn an_entry_that_landed_without_an_answer_is_followed_by_the_next() {
    let house = House::new().await;
    let storage = FaultyStorage::new(house.storage.clone(), [StorageFault::LandsUnknown]);
    let faulty = house.fronted(Arc::new(storage)).await;
    faulty.engine.set_budget(named(1)).await.unwrap_err();
    faulty.engine.set_budget(named(2)).await.unwrap();
    assert_eq!(entries(&faulty.engine).await.len(), 2);
    let restarted = house.restarted().await;
    restarted.engine.set_budget(named(3)).await.unwrap();
    assert_eq!(entries(&restarted.engine).await.len(), 3);
}

#[tokio::test]
async fn one_changed_byte_anywhere_in_the_stored_log_is_found() {
    let house = House::new().await;
    for number in 1..=3 {
        house.engine.set_budget(named(number)).await.unwrap();
    }
    let storage = house.storage.as_ref();
    assert_eq!(verify_stored_audit(storage).await.unwrap().unwrap().sequence, 3);
    let put = async |key: &Key, bytes: Bytes| {
        let mut batch = Batch::new();
        batch.put(key.clone(), bytes);
        storage.commit(batch).await.unwrap();
    };
    let mut tried = 0;
    for (key, bytes) in stored(storage).await {
        for index in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[index] ^= 1;
            put(&key, changed.into()).await;
            let verdict = verify_stored_audit(storage).await.unwrap();
            assert!(verdict.is_err(), "byte {index} of {key}: {}", bytes.escape_ascii());
            tried += 1;
        }
        put(&key, bytes).await;
    }
    assert!(tried > 1_000, "{tried} bytes");
    assert_eq!(verify_stored_audit(storage).await.unwrap().unwrap().sequence, 3);
}

#[tokio::test]
async fn an_entry_that_is_taken_out_is_missed() {
    let house = House::new().await;
    for number in 1..=3 {
        house.engine.set_budget(named(number)).await.unwrap();
    }
    let second = stored(house.storage.as_ref()).await.swap_remove(1).0;
    let mut batch = Batch::new();
    batch.delete(second);
    house.storage.commit(batch).await.unwrap();
    let broken = verify_stored_audit(house.storage.as_ref()).await.unwrap().unwrap_err();
    assert_eq!((broken.sequence, broken.problem), (2, "is missing"));
}

#[tokio::test]
async fn a_hash_is_of_the_canonical_form() {
    let house = House::new().await;
    house.engine.set_budget(named(1)).await.unwrap();
    let page = house.engine.audit(0, 10).await.unwrap();
    let AuditLink { hash, entry, .. } = &page.links[0];
    let text = serde_json::to_string_pretty(entry.as_ref().unwrap()).unwrap();
    assert_eq!(&audit_hash(&serde_json::from_str(&text).unwrap()), hash, "however it is written");
    assert_eq!(page.head.hash, *hash);
}

async fn set_head(house: &House, sequence: u64, hash: &str) {
    let mut batch = Batch::new();
    batch.put(Key::new("audit", "head"), json!({"sequence": sequence, "hash": hash}).to_string());
    house.storage.commit(batch).await.unwrap();
}

/// The next change would have put the right head over one that somebody had changed.
#[tokio::test]
async fn a_head_that_was_changed_is_not_healed_by_the_next_change() {
    let house = House::new().await;
    house.engine.set_budget(named(1)).await.unwrap();
    set_head(&house, 1, &"1".repeat(64)).await;
    house.engine.set_budget(named(2)).await.unwrap();
    let broken = verify_stored_audit(house.storage.as_ref()).await.unwrap().unwrap_err();
    assert_eq!(broken.sequence, 2);
}

#[tokio::test]
async fn no_entry_is_written_over_when_the_head_was_set_back() {
    let house = House::new().await;
    for number in 1..=3 {
        house.engine.set_budget(named(number)).await.unwrap();
    }
    let before = stored(house.storage.as_ref()).await;
    let first = house.engine.audit(0, 1).await.unwrap().links.remove(0);
    set_head(&house, 1, &first.hash).await;
    let house = house.restarted().await;
    house.engine.set_budget(named(4)).await.unwrap_err();
    assert_eq!(stored(house.storage.as_ref()).await[..3], before[..3]);
    let broken = verify_stored_audit(house.storage.as_ref()).await.unwrap().unwrap_err();
    assert_eq!(broken.problem, "is newer than the head; the head was changed");
}

#[tokio::test]
async fn who_exports_and_who_erases_a_person_is_told_and_not_which_person() {
    let house = House::with_products(&["a"]).await;
    house.decide(&request("e-1", "r-1", "customer-ab12", &["a"])).await.unwrap();
    let customer = CustomerId::new("customer-ab12").unwrap();
    let holder = Caller {
        who: Who::Token { id: TokenId::new([0xab; 8]), name: "ann".to_owned() },
        grants: Grants::new(vec![Scope::PersonalData]),
    };
    let engine = house.engine.acting(Arc::new(holder));
    let nobody = CustomerId::new("nobody").unwrap();
    assert_eq!(engine.export_customer(&nobody).await.unwrap(), None);
    engine.erase_customer(&nobody).await.unwrap();
    assert!(entries(&engine).await.is_empty(), "nothing was shown and nothing changed");

    engine.export_customer(&customer).await.unwrap().unwrap();
    let erased = engine.erase_customer(&customer).await.unwrap();
    engine.erase_customer(&customer).await.unwrap();
    let entries = entries(&engine).await;
    let told: Vec<_> = entries.iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["customer.export", "customer.erase"]);
    for entry in &entries {
        assert_eq!(entry["who"]["name"], "ann", "{entry}");
        let subject = entry["subject"].as_str().unwrap();
        let hash = subject.strip_prefix("customer/").unwrap();
        assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{subject}");
        let owner: Vec<u8> =
            (0..32).step_by(2).map(|at| u8::from_str_radix(&hash[at..at + 2], 16).unwrap()).collect();
        let records = house.records().await;
        let leads = |(key, _): &(Key, Entry)| [&key.owner, &key.key].iter().any(|it| it.ends_with(&owner));
        assert!(!records.iter().any(leads), "the log leads to no record");
        assert!(!entry.to_string().contains("ab12"), "{entry}");
    }
    assert_eq!(entries[0]["subject"], entries[1]["subject"], "the same person is the same subject");
    assert_eq!(entries[0]["after"], json!({"records": 2, "is_whole": true}));
    assert_eq!(entries[1]["after"], json!({"records": erased.records}));
}

#[tokio::test]
async fn a_person_s_data_are_not_shown_when_that_cannot_be_noted() {
    let house = House::with_products(&["a"]).await;
    house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
    let faulty = FaultyStorage::new(house.storage.clone(), [StorageFault::Refused]);
    let faulty = house.fronted(Arc::new(faulty)).await;
    let customer = CustomerId::new("c-1").unwrap();
    faulty.engine.export_customer(&customer).await.unwrap_err();
}
