//! Erasing a customer is real: nothing of the person opens any more with any key there is, in the storage, its log or a
//! copy made before; what the sums rest on stays.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use rebound_domain::event::CustomerRequest;
use rebound_domain::ids::CustomerId;
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_engine::{Clock, DecideError, Engine, EngineOptions, Erased, HostKey, KeySlots, Mode, Origin};
use rebound_sandbox::{CacheOptions, Class, Compiler, Sandbox, SandboxOptions};
use rebound_storage::{Entry, Key, SCAN_LIMIT_MAX, SledOptions, SledStorage, Storage};

use crate::counter::counter;
use crate::hooked::Hooked;
use crate::house::{House, body, currency, entry, order, product, request};

const HOST: [u8; 32] = [9; 32];
const SECRETS: [&str; 8] = [
    "victim-ab12",
    "order-cd34",
    "return-ef56",
    "event-gh78",
    "note-ij90",
    "trait-kl12",
    "channel-mn34",
    "order-op56",
];

pub(crate) fn id(customer: &str) -> CustomerId {
    CustomerId::new(customer).unwrap()
}

async fn engine(dir: &Path, limits: Limits) -> Engine {
    let host_key = HostKey::new(HOST);
    let cache = CacheOptions { dir: dir.join("cache"), key: host_key.derive("compiled components") };
    let sandbox =
        Sandbox::start(SandboxOptions { limits, cache, compiler: Compiler::InProcess, concurrency: 1 });
    let options = EngineOptions {
        storage: Arc::new(SledStorage::open(&dir.join("storage"), SledOptions::default()).unwrap()),
        sandbox: sandbox.unwrap(),
        host_key,
        key_slots: KeySlots::open(&dir.join("customer.keys")).unwrap(),
        limits,
        clock: Clock::Event,
        currency: currency(),
        compute_threads: NonZeroUsize::MIN,
        compute_queue_count_max: 16,
    };
    Engine::start(options).await.unwrap()
}

pub(crate) async fn live(engine: &Engine, customer: &str, words: &[&str]) {
    let [order_id, return_id, event_id, note, trait_, channel] = words else { panic!("six words") };
    let customer_request = CustomerRequest {
        customer_id: id(customer),
        traits: vec![(*trait_).to_owned()],
        consent: vec![(*channel).to_owned()],
        locale: None,
    };
    engine.import_customers(vec![customer_request]).await.unwrap()[0].as_ref().unwrap();
    let orders = vec![order(order_id, Some(customer), 1, &["a"])];
    engine.import_orders(orders).await.unwrap()[0].as_ref().unwrap();
    let mut event = request(event_id, return_id, customer, &["a"]);
    event.lines[0].note = Some((*note).to_owned());
    engine.decide(event.clone(), body(&event), Mode::Commit).await.unwrap();
    engine.settled().await;
}

pub(crate) fn mac(parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(&HOST).unwrap();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn open(key: &[u8; 32], place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    let payload = Payload { msg: sealed, aad: place };
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), payload).ok()
}

/// Opens whatever can be opened of the records under `owner`, and of all that belong to no customer, with every key that
/// can be made of the host's and of any 32 bytes of the slots. Written apart from the engine on purpose.
fn opened(records: &[(Key, Entry)], owner: &[u8], slots: &[u8]) -> Vec<Vec<u8>> {
    let customer = [b"c".as_slice(), owner].concat();
    let derived = |purpose: &str| mac(&[b"derive", purpose.as_bytes()]);
    let mut keys = vec![HOST, derived("records"), derived("customer keys"), derived("compiled components")];
    for (key, entry) in records.iter().filter(|(key, _)| key.owner == customer && key.key == "key") {
        let wrapped = &entry.bytes().unwrap()[8..];
        assert_eq!(key.key, "key");
        for window in slots.windows(32) {
            let key = mac(&[b"customer key", owner, window]);
            keys.extend(open(&key, owner, wrapped).map(|key| <[u8; 32]>::try_from(key).unwrap()));
        }
    }
    let mut all = Vec::new();
    for (key, entry) in records {
        let Some(bytes) = entry.bytes() else { continue };
        let places: [&[u8]; 2] = [&key.key, &key.owner];
        for (with, place) in keys.iter().flat_map(|key| places.map(|place| (key, place))) {
            all.extend(open(with, place, bytes));
            all.extend(bytes.get(16..).and_then(|bytes| open(with, place, bytes)));
        }
    }
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

async fn records(dir: &Path) -> Vec<(Key, Entry)> {
    let storage = SledStorage::open(&dir.join("storage"), SledOptions::default()).unwrap();
    let all = storage.scan_all(None, SCAN_LIMIT_MAX).await.unwrap().value;
    assert!(all.len() < SCAN_LIMIT_MAX, "the test reads one page");
    storage.close().await.unwrap();
    all
}

fn told(opened: &[Vec<u8>]) -> BTreeSet<&'static str> {
    SECRETS.into_iter().filter(|secret| opened.iter().any(|bytes| holds(bytes, secret))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_person_opens_with_any_key_there_is_in_the_log_or_in_a_copy_made_before() {
    let house = tempfile::tempdir().unwrap();
    let (dir, before) = (house.path().join("data"), house.path().join("before"));
    fs::create_dir(&dir).unwrap();
    let limits = Limits { record_share_bp: 10_000, ..Limits::default() };
    let engine_1 = engine(&dir, limits).await;
    engine_1.import_products(vec![product("a", 1000)]).await.unwrap()[0].as_ref().unwrap();
    let plugin = counter("tests/counter", "1.0.0", 1);
    let plugin = engine_1.publish(Class::Standard, plugin.into()).await.unwrap().0.plugin;
    engine_1.set_route(Stage::Segmentation, vec![entry(&plugin, "{}")]).await.unwrap();
    live(&engine_1, "victim-ab12", &SECRETS[1..7]).await;
    let [victim, neighbour] = ["victim-ab12", "neighbour"].map(|customer| {
        let mac = mac(&[b"customer", customer.as_bytes()]);
        <[u8; 16]>::try_from(&mac[..16]).unwrap()
    });
    live(&engine_1, "neighbour", &["o-n", "r-n", "e-n", "note-n", "trait-n", "channel-n"]).await;
    // Nobody's, and sealed with the host's key: what shows that the search has that key.
    engine_1.import_orders(vec![order("guest-order", None, 1, &["a"])]).await.unwrap()[0].as_ref().unwrap();
    let known = engine_1.export_customer(&id("victim-ab12")).await.unwrap().unwrap();
    engine_1.close().await.unwrap();
    drop(engine_1);
    copy(&dir.join("storage"), &before.join("storage"));
    let slots = fs::read(dir.join("customer.keys")).unwrap();
    let readable = told(&opened(&records(&before).await, &victim, &slots));
    assert_eq!(readable.len(), 7, "the same search finds the person before: {readable:?}");
    assert_eq!(known["recordings"].as_array().unwrap().len(), 1, "{known}");

    let engine_2 = engine(&dir, limits).await;
    assert!(engine_2.erase_customer(&id("victim-ab12")).await.unwrap().records > 5);
    engine_2.close().await.unwrap();
    drop(engine_2);
    let slots = fs::read(dir.join("customer.keys")).unwrap();
    for copy in [&before, &dir] {
        let records = records(copy).await;
        let opened = opened(&records, &victim, &slots);
        assert!(
            opened.iter().any(|bytes| holds(bytes, "guest-order")),
            "what is sealed with the host's keys still opens"
        );
        assert_eq!(told(&opened), BTreeSet::new(), "in {copy:?}");
    }
    let theirs = opened(&records(&dir).await, &neighbour, &slots);
    assert!(theirs.iter().any(|bytes| holds(bytes, "note-n")), "only the erased person is gone");
    for file in files(&dir).iter().chain(&files(&before)) {
        let bytes = fs::read(file).unwrap();
        let found: Vec<_> = SECRETS.iter().filter(|secret| holds(&bytes, secret)).collect();
        assert!(found.is_empty(), "{file:?} holds {found:?} in the clear");
    }
    let theirs = [b"c".as_slice(), &victim].concat();
    let left: Vec<_> = records(&dir).await.into_iter().filter(|(key, _)| key.owner == theirs).collect();
    assert!(left.is_empty(), "{left:?}");

    // The copy put back beside today's slots, without either list of erasures: an engine serves everybody but the person.
    fs::remove_dir_all(dir.join("storage")).unwrap();
    fs::remove_file(dir.join("customer.erasures")).unwrap();
    copy(&before.join("storage"), &dir.join("storage"));
    let engine_3 = engine(&dir, limits).await;
    assert_eq!(engine_3.export_customer(&id("victim-ab12")).await.unwrap(), None);
    assert!(engine_3.export_customer(&id("neighbour")).await.unwrap().is_some());
    assert!(
        engine_3.erase_customer(&id("victim-ab12")).await.unwrap().records > 5,
        "leftovers go all the same"
    );
    assert!(engine_3.outbox().await.unwrap().iter().all(|event| event.subject != "return-ef56"));
    engine_3.close().await.unwrap();
}

#[tokio::test]
async fn a_repeat_is_refused_as_erased_and_a_new_event_starts_a_new_person() {
    let house = House::with_products(&["a"]).await;
    live(&house.engine, "c-1", &["o-1", "r-1", "e-1", "note", "vip", "email"]).await;
    let mut old = request("e-1", "r-1", "c-1", &["a"]);
    old.lines[0].note = Some("note".to_owned());
    assert_eq!(house.decide(&old).await.unwrap().origin, Origin::Stored);
    assert!(house.engine.erase_customer(&id("c-1")).await.unwrap().records > 2);
    assert_eq!(house.engine.erase_customer(&id("c-1")).await.unwrap(), Erased::default(), "again, nothing");

    for house in [&house, &house.restarted().await] {
        assert_eq!(house.engine.export_customer(&id("c-1")).await.unwrap(), None);
        assert_eq!(house.engine.plan(&old.return_id).await.unwrap(), None);
        let again = house.decide(&old).await.unwrap_err();
        assert!(matches!(again, DecideError::Erased { .. }), "{again}");
        let other = house.decide(&request("e-2", "r-1", "c-1", &["a"])).await.unwrap_err();
        assert!(matches!(other, DecideError::Erased { .. }), "the return, too: {other}");
        let orders = vec![order("o-1", Some("c-1"), 1, &["a"])];
        assert!(
            house.engine.import_orders(orders).await.unwrap()[0].is_err(),
            "an old order brings nobody back"
        );
    }
    let made = house.decide(&request("e-3", "r-3", "c-1", &["a"])).await.unwrap();
    assert_eq!(made.origin, Origin::Made);
    assert!(house.engine.plan(&made.plan.return_id).await.unwrap().is_some());
    let person = house.engine.export_customer(&id("c-1")).await.unwrap().unwrap();
    assert_eq!(
        (&person["profile"]["orders"], &person["profile"]["returns"]),
        (&0.into(), &1.into()),
        "{person}"
    );
    assert!(matches!(house.decide(&old).await.unwrap_err(), DecideError::Erased { .. }));
}

#[tokio::test]
async fn what_was_sold_is_still_known_after_an_erasure_and_a_restart() {
    let house = House::with_products(&["a"]).await;
    live(&house.engine, "c-1", &["o-1", "r-1", "e-1", "note", "vip", "email"]).await;
    let before = house.engine.catalogue_stats();
    house.engine.erase_customer(&id("c-1")).await.unwrap();
    let after = house.restarted().await.engine.catalogue_stats();
    assert_eq!(after.orders, before.orders, "{before:?} {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_races_an_erasure_brings_nothing_back() {
    let house = Arc::new(House::with_products(&["a"]).await);
    for round in 0..20 {
        let before =
            house.decide(&request(&format!("a-{round}"), &format!("a-{round}"), "c-1", &["a"])).await;
        before.unwrap();
        let (event, erasing) =
            (request(&format!("b-{round}"), &format!("b-{round}"), "c-1", &["a"]), house.clone());
        let erasing = tokio::spawn(async move { erasing.engine.erase_customer(&id("c-1")).await });
        let decided = house.decide(&event).await;
        erasing.await.unwrap().unwrap();
        decided.unwrap();
        let returns = match house.engine.export_customer(&id("c-1")).await.unwrap() {
            // It came after, to a new person.
            Some(person) => {
                assert_eq!(person["plans"].as_array().unwrap().len(), 1, "{person}");
                person["profile"]["returns"].as_u64().unwrap()
            }
            // It came before.
            None => 1,
        };
        assert_eq!(returns, 1, "round {round}: the old history is gone");
    }
}

#[tokio::test]
async fn a_decision_between_an_erasure_s_reading_and_its_last_batch_is_erased_too() {
    let house = House::with_products(&["a"]).await;
    house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap();
    let (other, event) = (house.engine.clone(), request("e-2", "r-2", "c-1", &["a"]));
    let act = Box::pin(async move {
        other.decide(event.clone(), body(&event), Mode::Commit).await.unwrap();
    });
    let storage = Hooked::acting(house.storage.clone(), Hooked::AT_COMMIT, act);
    let erasing = house.fronted(storage.clone()).await;
    erasing.engine.erase_customer(&id("c-1")).await.unwrap();
    assert!(storage.has_acted());
    for return_id in ["r-1", "r-2"] {
        let gone = house.decide(&request("e-3", return_id, "c-1", &["a"])).await.unwrap_err();
        assert!(matches!(gone, DecideError::Erased { .. }), "{return_id}: {gone:?}");
    }
    assert_eq!(house.engine.export_customer(&id("c-1")).await.unwrap(), None);
}

/// What a crash between the last batch and the slot leaves, or a backup put back whole: the list says erased, and the
/// slot and the records are there.
#[tokio::test]
async fn a_start_makes_good_what_the_list_of_erasures_says() {
    let house = House::with_products(&["a"]).await;
    live(&house.engine, "c-1", &["o-1", "r-1", "e-1", "note", "vip", "email"]).await;
    let before = house.records().await;
    let slots = house.slots();
    let secrets = fs::read(&slots).unwrap();
    house.engine.erase_customer(&id("c-1")).await.unwrap();
    let gone = fs::read(&slots).unwrap();
    let changed = secrets.iter().zip(&gone).filter(|(before, after)| before != after).count();
    assert!((24..=32).contains(&changed), "one slot is overwritten: {changed} bytes");
    assert_eq!(
        gone.iter().zip(&secrets).rposition(|(after, before)| after != before).map(|at| at < 32),
        Some(true)
    );

    fs::write(&slots, &secrets).unwrap();
    let mut batch = rebound_storage::Batch::new();
    for (key, entry) in before.iter().filter(|(key, _)| key.owner.len() == 17 && key.owner[0] == b'c') {
        batch.put(key.clone(), entry.bytes().unwrap().clone());
    }
    house.storage.commit(batch).await.unwrap();
    let house = house.restarted().await;
    assert_eq!(fs::read(&slots).unwrap(), gone, "the slot is overwritten again");
    let of_customers = |(key, _): &&(Key, Entry)| key.owner.len() == 17 && key.owner[0] == b'c';
    assert_eq!(house.records().await.iter().filter(of_customers).count(), 0, "and what came back is deleted");
    assert_eq!(house.engine.export_customer(&id("c-1")).await.unwrap(), None);
}
