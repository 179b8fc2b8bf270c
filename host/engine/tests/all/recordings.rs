//! What is recorded runs again bit for bit, names nobody, and goes when it is old, replaced or its customer's key is.

use std::path::Path;
use std::sync::OnceLock;

use rebound_domain::event::CustomerRequest;
use rebound_domain::ids::PluginRef;
use rebound_domain::limits::Limits;
use rebound_domain::manifest::Stage;
use rebound_domain::money::{BasisPoints, Money};
use rebound_domain::policy::{Budget, Policy};
use rebound_domain::time::Instant;
use rebound_engine::{Fault, Personal, RecordingError, RecordingId, Replay, ReplayError};
use rebound_storage::{Batch, Storage};
use serde_json::Value;

use crate::counter::counter;
use crate::house::{DAY, House, budget, currency, entry, order, product, request};

/// Records everything.
fn all() -> Limits {
    Limits { record_share_bp: 10_000, ..Limits::default() }
}

/// Records what failed.
fn failed_only() -> Limits {
    // A version that keeps failing is called all the same.
    Limits { record_share_bp: 0, quarantine_failures: 1_000_000, ..Limits::default() }
}

impl House {
    /// The ids of all recordings, the latest first.
    async fn recorded(&self) -> Vec<RecordingId> {
        self.engine.settled().await;
        self.engine.recordings().await.unwrap().into_iter().map(|it| it.id).collect()
    }

    async fn replayed(&self, id: &RecordingId) -> Result<Replay, ReplayError> {
        self.engine.replay(id, None, Personal::Shown).await
    }

    async fn serve(&self, stage: Stage, plugin: &PluginRef, act: &str) {
        self.engine.set_route(stage, vec![entry(plugin, &format!("{act:?}"))]).await.unwrap();
    }

    /// Decides the next return of a customer, `day` days in.
    async fn back(&self, number: u32, day: u64) {
        let mut event = request(&format!("e-{number}"), &format!("r-{number}"), "c-1", &["a"]);
        event.requested_at = Instant(day * DAY);
        self.decide(&event).await.unwrap();
    }

    /// How many records of this kind are stored.
    async fn stored(&self, owner: &[u8], key: &[u8]) -> usize {
        let of = |it: &&(rebound_storage::Key, rebound_storage::Entry)| {
            it.0.owner.starts_with(owner) && it.0.key.starts_with(key)
        };
        self.records().await.iter().filter(of).count()
    }
}

fn shipped() -> &'static [(Stage, Vec<u8>)] {
    static BUILT: OnceLock<Vec<(Stage, Vec<u8>)>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let names = [
            ("segments", Stage::Segmentation),
            ("upgrade", Stage::Recommendation),
            ("affinity", Stage::Recommendation),
            ("coupons", Stage::Coupon),
            ("share", Stage::Sharing),
            ("progress", Stage::Progress),
        ];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
        let folders: Vec<_> = names.iter().map(|(name, _)| folder.join(name)).collect();
        let built = rebound_toolchain::build_all(&folders, &rebound_toolchain::Options::default()).unwrap();
        names.iter().zip(built).map(|((_, stage), built)| (*stage, built.bytes)).collect()
    })
}

#[tokio::test]
async fn every_call_of_every_shipped_strategy_replays_bit_for_bit() {
    let house = House::limited(all()).await;
    let products = (0..40).map(|index| {
        let mut product = product(&format!("s-{index}"), 10_000 + index * 150);
        product.title = format!("Linen dress number {index} with pockets");
        product.stock = Some(5);
        product
    });
    assert!(house.engine.import_products(products.collect()).await.unwrap().iter().all(Result::is_ok));
    let orders = (0..6).map(|index| {
        let skus = [format!("s-{index}"), format!("s-{}", index + 3)];
        order(&format!("o-{index}"), Some("c-1"), (60 + index) * DAY, &[&skus[0], &skus[1]])
    });
    assert!(house.engine.import_orders(orders.collect()).await.unwrap().iter().all(Result::is_ok));
    let mut policy = Policy::standard(currency());
    policy.incentive_share_max = BasisPoints(10_000);
    house.engine.set_policy(policy).await.unwrap();
    let budget = Budget { limit: Money(10_000_000), max_value: Money(100_000), per_customer: 9, ..budget() };
    house.engine.set_budget(budget).await.unwrap();
    let mut routes: Vec<(Stage, Vec<_>)> = Vec::new();
    for (stage, bytes) in shipped() {
        let plugin = house.publish(bytes.clone()).await;
        match routes.iter_mut().find(|(known, _)| known == stage) {
            Some((_, entries)) => entries.push(entry(&plugin, "{}")),
            None => routes.push((*stage, vec![entry(&plugin, "{}")])),
        }
    }
    for (stage, entries) in routes {
        house.engine.set_route(stage, entries).await.unwrap();
    }
    for (number, reason) in ["color", "size", "quality", "changed-mind"].into_iter().enumerate() {
        let mut event =
            request(&format!("e-{number}"), &format!("r-{number}"), "c-1", &["s-0", &format!("s-{number}")]);
        event.lines.truncate(1 + number % 2);
        event.lines.iter_mut().for_each(|line| line.paid = Money(40_000));
        event.lines[0].reason = rebound_domain::event::REASONS.contains(&reason).then(|| reason.to_owned());
        house.decide(&event).await.unwrap();
    }

    let ids = house.recorded().await;
    assert_eq!(ids.len(), 4);
    // The catalogue that answered then is not the one that there is now.
    house.engine.import_products(vec![product("s-0", 1), product("new", 10_001)]).await.unwrap();
    let mut worked: Vec<PluginRef> = Vec::new();
    for id in ids {
        let replay = house.replayed(&id).await.unwrap();
        assert!(replay.is_same && replay.meter == replay.meter_recorded, "{replay:#?}");
        assert_eq!(replay.calls.len(), 6, "{replay:#?}");
        worked.extend(replay.calls.into_iter().filter(|it| it.outcome == "value").map(|it| it.plugin));
    }
    worked.sort();
    worked.dedup();
    assert_eq!(worked.len(), 6, "each answered at least once: {worked:?}");
}

#[tokio::test]
async fn every_call_that_failed_is_recorded_and_fails_again_in_the_same_way() {
    let house = House::limited(failed_only()).await;
    house.stock(&["a", "b"]).await;
    let hostile = house.hostile().await;
    let acts = [
        ("panic", "unreachable"),
        ("spin", "out-of-fuel"),
        ("nan", "invalid-output"),
        ("product 999", "invalid-output"),
        ("allocate", "memory"),
        ("recurse", "stack"),
        ("fail 10", "internal"),
        ("nonsense", "invalid-config"),
    ];
    for (number, (act, outcome)) in (0..).zip(acts) {
        house.serve(Stage::Recommendation, &hostile, act).await;
        house.back(number, 100).await;
        house.engine.settled().await;
        let found = house.engine.recordings().await.unwrap();
        assert_eq!(found.len(), number as usize + 1, "{act}");
        for summary in &found {
            assert!(summary.why == "failed" && summary.is_whole, "{summary:?}");
            let replay = house.replayed(&summary.id).await.unwrap();
            assert!(replay.is_same && replay.calls.len() == 1, "{act}: {replay:#?}");
        }
        let told = found.iter().any(|it| it.calls[0].2 == outcome || it.calls[0].2 == "deadline");
        assert!(told, "{act}: {found:?}");
    }
}

#[tokio::test]
async fn a_decision_that_did_not_fail_is_recorded_for_its_share_only() {
    let mut counts = Vec::new();
    for share in [0, 5_000, 5_000, 10_000] {
        let limits = Limits { record_share_bp: share, ..Limits::default() };
        let house = House::limited(limits).await;
        house.stock(&["a"]).await;
        let hostile = house.hostile().await;
        house.serve(Stage::Segmentation, &hostile, "serve").await;
        for number in 0..20 {
            house.back(number, 100).await;
        }
        let why = house.engine.recordings().await.unwrap();
        assert!(why.iter().all(|it| it.why == "sampled"));
        counts.push(house.recorded().await.len());
    }
    assert_eq!((counts[0], counts[3]), (0, 20));
    assert!((1..20).contains(&counts[1]), "{counts:?}");
    assert_eq!(counts[1], counts[2], "the return decides, not chance");
}

#[tokio::test]
async fn nothing_is_recorded_when_none_are_kept() {
    let house = House::limited(Limits { recordings: 0, ..all() }).await;
    house.stock(&["a"]).await;
    let hostile = house.hostile().await;
    house.serve(Stage::Segmentation, &hostile, "panic").await;
    house.back(1, 100).await;
    assert!(house.recorded().await.is_empty());
    assert_eq!(house.stored(b"recording", b"").await, 0);
}

#[tokio::test]
async fn the_ring_keeps_the_latest_and_nothing_else_also_over_a_restart() {
    let mut house = House::limited(Limits { recordings: 3, ..all() }).await;
    house.stock(&["a"]).await;
    for number in 0..7 {
        house.back(number, 100 + u64::from(number)).await;
    }
    let ids = house.recorded().await;
    assert_eq!(ids.len(), 3);
    assert_eq!((house.stored(b"recording", b"").await, house.stored(b"c", b"recording/").await), (3, 3));
    let kept = house.engine.recording(&ids[0], Personal::Shown).await.unwrap();
    assert_eq!(kept["inputs"]["request"]["return_id"], "r-6");
    house = house.restarted_with(Limits { recordings: 3, ..all() }).await;
    house.back(7, 107).await;
    assert_eq!(house.recorded().await.len(), 3);
    assert_eq!((house.stored(b"recording", b"").await, house.stored(b"c", b"recording/").await), (3, 3));
}

#[tokio::test]
async fn a_recording_is_gone_when_it_is_too_old() {
    let limits = Limits { recording_age: rebound_domain::time::Duration::days(2), ..failed_only() };
    let house = House::limited(limits).await;
    house.stock(&["a"]).await;
    let hostile = house.hostile().await;
    house.serve(Stage::Segmentation, &hostile, "panic").await;
    house.back(1, 100).await;
    let old = house.recorded().await.pop().unwrap();
    house.serve(Stage::Segmentation, &hostile, "serve").await;
    house.back(2, 101).await;
    assert_eq!(house.recorded().await.len(), 1, "not yet");
    house.back(3, 102).await;
    assert!(house.recorded().await.is_empty());
    let gone = house.engine.recording(&old, Personal::Masked).await;
    assert!(matches!(gone, Err(RecordingError::Unknown { .. })), "{gone:?}");
    assert_eq!(house.stored(b"recording", b"").await, 1, "it lies there unseen");
    house.serve(Stage::Segmentation, &hostile, "panic").await;
    house.back(4, 102).await;
    assert_eq!(house.recorded().await.len(), 1);
    assert_eq!((house.stored(b"recording", b"").await, house.stored(b"c", b"recording/").await), (1, 1));
}

#[tokio::test]
async fn a_recording_that_is_too_large_says_so_and_is_not_run_again() {
    let house = House::limited(Limits { recording_bytes: 1024, ..all() }).await;
    house.stock(&["a"]).await;
    house.serve(Stage::Segmentation, &house.hostile().await, "serve").await;
    house.back(1, 100).await;
    let id = house.recorded().await.pop().unwrap();
    let summary = house.engine.recordings().await.unwrap().pop().unwrap();
    assert!(!summary.is_whole && summary.bytes < 1024 && summary.calls[0].2 == "value", "{summary:?}");
    let kept = house.engine.recording(&id, Personal::Shown).await.unwrap();
    assert_eq!(kept["inputs"], Value::Null);
    let refused = house.replayed(&id).await;
    assert!(matches!(refused, Err(ReplayError::Truncated { .. })), "{refused:?}");
}

#[tokio::test]
async fn another_component_under_the_same_version_is_not_taken_for_what_ran() {
    let house = House::limited(all()).await;
    house.stock(&["a"]).await;
    let plugin = house.publish(counter("tests/counter", "1.0.0", 1)).await;
    house.engine.set_route(Stage::Segmentation, vec![entry(&plugin, "{}")]).await.unwrap();
    house.back(1, 100).await;
    let id = house.recorded().await.pop().unwrap();
    assert!(house.replayed(&id).await.unwrap().is_same);
    // As after somebody exchanged the data behind the host's back.
    let records = house.records().await;
    let is_plugin = |key: &rebound_storage::Key| key.key.starts_with(b"plugin/");
    let (key, _) = records.into_iter().find(|(key, _)| is_plugin(key)).unwrap();
    let mut batch = Batch::new();
    batch.delete(key);
    house.storage.commit(batch).await.unwrap();
    let house = house.restarted_with(all()).await;
    let missing = house.replayed(&id).await;
    assert!(matches!(missing, Err(ReplayError::UnknownPlugin { .. })), "{missing:?}");
    house.publish(counter("tests/counter", "1.0.0", 2)).await;
    let foreign = house.replayed(&id).await;
    assert!(matches!(foreign, Err(ReplayError::Digest { .. })), "{foreign:?}");
}

#[tokio::test]
async fn another_version_runs_on_the_same_inputs_and_the_difference_is_shown() {
    let house = House::limited(all()).await;
    house.stock(&["a"]).await;
    let first = house.publish(counter("tests/counter", "1.0.0", 1)).await;
    let same = house.publish(counter("tests/counter", "1.1.0", 1)).await;
    let forgetful = house.publish(counter("tests/counter", "2.0.0", 2)).await;
    let other = house.publish(counter("tests/other", "1.0.0", 1)).await;
    house.engine.set_route(Stage::Segmentation, vec![entry(&first, "{}")]).await.unwrap();
    house.back(1, 100).await;
    house.back(2, 101).await;
    let id = house.recorded().await.into_iter().next().unwrap();
    let replay = |plugin: &PluginRef| house.engine.replay(&id, Some(plugin.clone()), Personal::Shown);
    assert!(replay(&same).await.unwrap().is_same);
    let replayed = replay(&forgetful).await.unwrap();
    assert!(!replayed.is_same);
    let differences = &replayed.calls[0].differences;
    let key = differences.iter().find(|it| it.path == "output.segment.key").unwrap();
    assert_eq!((&key.recorded, &key.replayed), (&Some("ss".into()), &Some("s".into())));
    assert!(matches!(replay(&other).await, Err(ReplayError::NotInvolved { .. })));
    let masked = house.engine.replay(&id, Some(forgetful), Personal::Masked).await.unwrap();
    let key = masked.calls[0].differences.iter().find(|it| it.path == "output.segment.key").unwrap();
    assert_eq!((&key.recorded, &key.replayed), (&Some("masked".into()), &Some("masked".into())));
}

const SECRETS: [&str; 8] = [
    "customer-ef56",
    "note-gh78",
    "code-ij90",
    "trait-kl12",
    "channel-mn34",
    "order-op56",
    "event-ab12",
    "return-cd34",
];

/// One recorded decision of a customer who says much.
async fn told() -> (House, RecordingId) {
    let house = House::limited(all()).await;
    house.stock(&["sku-in-the-open"]).await;
    let plugin = house.publish(counter("tests/counter", "1.0.0", 1)).await;
    house.engine.set_route(Stage::Segmentation, vec![entry(&plugin, "{}")]).await.unwrap();
    let mut event = request("event-ab12", "return-cd34", "customer-ef56", &["sku-in-the-open"]);
    event.lines[0].note = Some("note-gh78".to_owned());
    event.lines[0].reason_code = Some("code-ij90".to_owned());
    let orders = vec![order("order-op56", Some("customer-ef56"), 1, &["sku-in-the-open"])];
    event.lines[0].order_id = Some(orders[0].id.clone());
    let customer = CustomerRequest {
        customer_id: event.customer_id.clone(),
        traits: vec!["trait-kl12".to_owned()],
        consent: vec!["channel-mn34".to_owned()],
        locale: None,
    };
    house.engine.import_orders(orders).await.unwrap()[0].as_ref().unwrap();
    house.engine.import_customers(vec![customer]).await.unwrap()[0].as_ref().unwrap();
    house.decide(&event).await.unwrap();
    let id = house.recorded().await.pop().unwrap();
    (house, id)
}

#[tokio::test]
async fn no_personal_value_is_shown_unless_it_is_asked_for_and_that_is_announced() {
    let (house, id) = told().await;
    let masked = house.engine.recording(&id, Personal::Masked).await.unwrap().to_string();
    for secret in SECRETS {
        assert!(!masked.contains(secret), "{secret}: {masked}");
    }
    assert!(masked.contains("sku-in-the-open") && masked.contains("tests/counter@1.0.0"), "{masked}");
    let unmaskings = async || {
        let told = house.engine.outbox().await.unwrap();
        crate::emitted::check(&told);
        told.into_iter().filter(|event| event.kind == "rebound.recording.unmasked").collect::<Vec<_>>()
    };
    assert!(unmaskings().await.is_empty());
    let shown = house.engine.recording(&id, Personal::Shown).await.unwrap().to_string();
    for secret in SECRETS {
        assert!(shown.contains(secret), "{secret}: {shown}");
    }
    let told = unmaskings().await;
    assert_eq!(told.iter().map(|event| &event.data["recording"]).collect::<Vec<_>>(), [id.as_str()]);
    house.replayed(&id).await.unwrap();
    assert_eq!(unmaskings().await.len(), 2, "an unmasked replay tells as much");
}

#[tokio::test]
async fn a_recording_says_nothing_once_its_customers_key_is_thrown_away() {
    let (house, id) = told().await;
    let records = house.records().await;
    for (key, entry) in &records {
        let text =
            String::from_utf8_lossy(entry.bytes().map_or(&[][..], |bytes| bytes.as_ref())).into_owned();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is readable under {key:?}");
        }
    }
    let is_data_key = |key: &rebound_storage::Key| key.owner.starts_with(b"c") && key.key.as_ref() == b"key";
    let (key, _) = records.into_iter().find(|(key, _)| is_data_key(key)).unwrap();
    let mut batch = Batch::new();
    batch.delete(key);
    house.storage.commit(batch).await.unwrap();
    for personal in [Personal::Masked, Personal::Shown] {
        let gone = house.engine.recording(&id, personal).await;
        assert!(matches!(gone, Err(RecordingError::Erased { .. })), "{gone:?}");
    }
    let gone = house.replayed(&id).await;
    assert!(matches!(gone, Err(ReplayError::Recording(RecordingError::Erased { .. }))), "{gone:?}");
    assert_eq!(house.engine.recordings().await.unwrap().len(), 1, "that it was is no secret");
}

#[tokio::test]
async fn a_recording_that_was_changed_does_not_open() {
    let (house, id) = told().await;
    let records = house.records().await;
    let is_chunk = |key: &rebound_storage::Key| key.key.starts_with(b"recording/");
    let (key, entry) = records.into_iter().find(|(key, _)| is_chunk(key)).unwrap();
    let mut bytes = entry.bytes().unwrap().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let mut batch = Batch::new();
    batch.put(key, bytes);
    house.storage.commit(batch).await.unwrap();
    let refused = house.replayed(&id).await;
    let want = matches!(refused, Err(ReplayError::Recording(RecordingError::Fault(Fault::Damaged(_)))));
    assert!(want, "{refused:?}");
}

#[tokio::test]
async fn a_tuned_share_counts_from_the_next_decision_on() {
    let house = House::limited(failed_only()).await;
    house.stock(&["a"]).await;
    house.back(1, 1).await;
    assert_eq!(house.recorded().await.len(), 0);
    house.engine.tune(&all());
    house.back(2, 2).await;
    assert_eq!(house.recorded().await.len(), 1);
}
