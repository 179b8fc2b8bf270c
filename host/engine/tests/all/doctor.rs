//! The doctor finds nothing in what the service wrote, and finds whatever was done to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rebound_domain::experiment::{Arm, Draft, PhaseSeed, Status};
use rebound_domain::ids::{ArmKey, ExperimentKey, OrderId};
use rebound_domain::manifest::Stage;
use rebound_domain::money::{BasisPoints, Money};
use rebound_domain::policy::Counts;
use rebound_domain::time::Instant;
use rebound_engine::{Diagnosis, Examined, Finding, FindingKind, HostKey, KeySlots, examine};
use rebound_storage::{Entry, Key, MemoryStorage};

use crate::counter::counter;
use crate::erasure::{id, live, mac};
use crate::house::{DAY, House, entry, order, request};
use crate::past_returns::past;
use crate::promises::{LIMIT, giving};

/// Examines records with a house's keys.
pub(crate) async fn examined(house: &House, records: Vec<(Key, Entry)>) -> (Diagnosis, Vec<Finding>) {
    let slots = KeySlots::open(&house.slots()).unwrap();
    let storage = Arc::new(MemoryStorage::holding(records));
    let mut findings = Vec::new();
    let mut take = |told| {
        if let Examined::Found(finding) = told {
            findings.push(finding);
        }
    };
    let diagnosis = examine(storage, HostKey::new([9; 32]), slots, &mut take).await.unwrap();
    (diagnosis, findings)
}

/// A house in which a bit of everything was done.
async fn lived_in() -> House {
    let house = giving("gives 300", Counts::Spend, 9 * LIMIT, 9).await;
    let hostile = house.hostile().await;
    house.engine.set_route(Stage::Recommendation, vec![entry(&hostile, "\"holds 3600000\"")]).await.unwrap();
    split(&house).await;
    house.engine.import_orders(vec![order("o-g", None, 1, &["a"])]).await.unwrap()[0].as_ref().unwrap();
    live(&house.engine, "c-1", &["o-1", "r-1", "e-1", "note", "vip", "email"]).await;
    let mut back = request("e-2", "r-2", "c-1", &["a"]);
    back.lines[0].order_id = Some(OrderId::new("o-1").unwrap());
    back.lines[0].paid = Money(5_000);
    house.decide(&back).await.unwrap();
    let before = past("r-0", "c-1", Some("o-1"), &["a"]);
    house.engine.import_past_returns(vec![before]).await.unwrap()[0].as_ref().unwrap();
    live(&house.engine, "c-2", &["o-2", "r-3", "e-3", "note", "vip", "email"]).await;
    // One whose coupons and holds have ended, and one who was erased.
    house.engine.run_due(Instant(102 * DAY)).await.unwrap();
    let mut later = request("e-4", "r-4", "c-1", &["a"]);
    (later.requested_at, later.lines[0].paid) = (Instant(103 * DAY), Money(5_000));
    house.decide(&later).await.unwrap();
    let mut gone = request("e-5", "r-5", "c-3", &["a"]);
    (gone.requested_at, gone.lines[0].paid) = (Instant(103 * DAY), Money(5_000));
    house.decide(&gone).await.unwrap();
    house.engine.erase_customer(&id("c-3")).await.unwrap();
    house
}

/// Splits a stage's customers between two arms.
pub(crate) async fn split(house: &House) {
    let counter = house.publish(counter("tests/counter", "1.0.0", 1)).await;
    let arm =
        |key: &str, entries| Arm { key: ArmKey::new(key).unwrap(), weight: BasisPoints(5_000), entries };
    let arms = vec![arm("a", vec![entry(&counter, "{}")]), arm("b", vec![entry(&counter, "{}")])];
    let draft = Draft {
        stage: Stage::Segmentation,
        status: Status::Running,
        coverage: BasisPoints(10_000),
        arms,
        seed: PhaseSeed::New,
    };
    house.engine.set_experiment(ExperimentKey::new("split").unwrap(), draft).await.unwrap();
}

/// What kind of record it is, in words.
fn kind(key: &Key) -> String {
    let nobody = [b"c".as_slice(), &[0; 16]].concat();
    let first = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == b'/').unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    match key.owner.as_ref() {
        owner if owner == nobody => format!("nobody's {}", first(&key.key)),
        [b'c', id @ ..] if id.len() == 16 => format!("customer's {}", first(&key.key)),
        [b'e' | b'r' | b'i' | b'o' | b'k', id @ ..] if id.len() == 16 => first(&key.key),
        owner if owner.starts_with(b"component") => "component".to_owned(),
        owner if owner == b"control" || owner == b"catalog" || owner == b"audit" => {
            format!("{} {}", first(owner), first(&key.key))
        }
        owner => first(owner),
    }
}

fn is_of(key: &Key, what: &str) -> bool {
    kind(key) == what
}

#[tokio::test]
async fn what_the_service_wrote_is_sound_and_every_kind_of_record_is_known() {
    let house = lived_in().await;
    let records = house.records().await;
    let kinds: BTreeSet<String> = records.iter().map(|(key, _)| kind(key)).collect();
    for wanted in [
        "customer's coupon",
        "customer's hold",
        "customer's past_return",
        "customer's state",
        "customer's exposure",
        "nobody's coupon",
        "due",
        "outbox",
        "budget",
        "erasure",
        "event",
        "return",
        "order",
        "coupon",
    ] {
        assert!(kinds.contains(wanted), "no {wanted} in {kinds:?}");
    }
    let count = records.len() as u64;
    let (diagnosis, findings) = examined(&house, records).await;
    assert_eq!(findings, []);
    assert_eq!((diagnosis.records, diagnosis.customers), (count, 2));
    assert!(diagnosis.unchecked.is_empty(), "{diagnosis:?}");
}

/// Records of these kinds are named by no other and count in no other: one that is gone is missed by nobody.
const NAMED_BY_NOBODY: [&str; 13] = [
    "control approval",
    "control budget",
    "control experiment",
    "control policy",
    "control route",
    "customer's exposure",
    "customer's recording",
    "customer's state",
    "event",
    "nobody's exposure",
    "order",
    "outbox",
    "return",
];

#[tokio::test]
async fn whichever_record_is_taken_out_is_missed() {
    let house = lived_in().await;
    let records = house.records().await;
    let mut unmissed = BTreeSet::new();
    for (key, _) in &records {
        let rest = records.iter().filter(|(other, _)| other != key).cloned().collect();
        let (_, findings) = examined(&house, rest).await;
        if findings.is_empty() {
            // Of an erased customer it is only known that these were theirs; a living one's are missed.
            let taken = matches!(kind(key).as_str(), "event" | "order" | "return");
            assert!(!taken || is_erased_s(&records, key), "{} is not missed: {key}", kind(key));
            unmissed.insert(kind(key));
        }
    }
    let wanted: BTreeSet<String> = NAMED_BY_NOBODY.map(str::to_owned).into();
    let surprises: Vec<_> = unmissed.difference(&wanted).collect();
    assert!(surprises.is_empty(), "{surprises:?} are not missed");
}

/// Whether an index says that what it names was erased; or it is a sale that an erasure left.
fn is_erased_s(records: &[(Key, Entry)], key: &Key) -> bool {
    let (_, entry) = records.iter().find(|(other, _)| other == key).unwrap();
    let bytes = entry.bytes().unwrap();
    let nobody = format!("{:?}", [0_u8; 16]).replace(' ', "");
    bytes.as_ref() == b"erased"
        || std::str::from_utf8(bytes).is_ok_and(|text| text.contains(&nobody))
        // A guest's order has an index under the same id.
        || key.owner[0] == b'o'
            && !records.iter().any(|(other, _)| other.owner[0] == b'i' && other.owner[1..] == key.owner[1..])
}

#[tokio::test]
async fn whichever_sealed_record_is_changed_is_named() {
    let house = lived_in().await;
    let records = house.records().await;
    let sealed = |key: &Key| {
        let kind = kind(key);
        // A recording may be one that was on its way when its customer was erased: it opens to nobody, rightly.
        (kind.starts_with("customer's ") && !kind.ends_with("exposure") && !kind.ends_with("recording"))
            || ["nobody's coupon", "component"].contains(&kind.as_str())
            || key.owner[0] == b'o' && key.owner.len() == 17
    };
    let mut changed = 0;
    for (index, (key, entry)) in records.iter().enumerate().filter(|(_, (key, _))| sealed(key)) {
        let Entry::Value { revision, bytes } = entry else { panic!("{key} is sealed") };
        let mut bytes = bytes.to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let mut records = records.clone();
        records[index].1 = Entry::Value { revision: *revision, bytes: bytes.into() };
        let (_, findings) = examined(&house, records).await;
        let place: String = key.owner[1..].iter().map(|byte| format!("{byte:02x}")).collect();
        let is_named = |finding: &Finding| finding.place.contains(&place);
        assert!(kind(key) == "component" || findings.iter().any(is_named), "{key}: {findings:?}");
        assert!(!findings.is_empty(), "{key}");
        changed += 1;
    }
    assert!(changed > 15, "{changed}");
}

#[tokio::test]
async fn a_budget_s_counter_that_was_changed_is_named_with_both_sums() {
    let house = lived_in().await;
    let mut records = house.records().await;
    let (_, counter) = records.iter_mut().find(|(key, _)| is_of(key, "budget")).unwrap();
    let Entry::Counter(charged) = counter else { panic!("{counter:?}") };
    let should = *charged;
    *charged += 7;
    let (diagnosis, findings) = examined(&house, records).await;
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(finding.kind, FindingKind::BudgetDiffers);
    assert_eq!(finding.place, "budget spring");
    assert!(finding.what.contains(&(should + 7).to_string()) && finding.what.contains(&should.to_string()));
    assert_eq!(diagnosis.found.len(), 1);
}

#[tokio::test]
async fn a_customer_s_counts_that_lag_behind_the_records_are_named() {
    let house = lived_in().await;
    let before = house.records().await;
    let mut again = request("e-6", "r-6", "c-2", &["a"]);
    again.lines[0].paid = Money(5_000);
    house.decide(&again).await.unwrap();
    let mut records = house.records().await;
    // Everything of the new return is there, and the profile is the one of before.
    let mut stale = 0;
    for (key, entry) in &mut records {
        let old = before.iter().find(|(other, _)| other == key && is_of(other, "customer's profile"));
        if let Some((_, old)) = old
            && old != entry
        {
            *entry = old.clone();
            stale += 1;
        }
    }
    assert_eq!(stale, 1);
    let (_, findings) = examined(&house, records).await;
    assert!(findings.iter().all(|finding| finding.kind == FindingKind::CountDiffers), "{findings:?}");
    let told: Vec<&str> = findings.iter().map(|finding| finding.what.as_str()).collect();
    for text in
        ["returns is 1, and the customer's records come to 2", "refunded is ", "coupons had of spring is "]
    {
        assert!(told.iter().any(|what| what.starts_with(text)), "no `{text}` in {told:?}");
    }
}

#[tokio::test]
async fn records_without_their_customer_s_key_are_named_once() {
    let house = lived_in().await;
    let records = house.records().await;
    let (gone, _) = records.iter().find(|(key, _)| is_of(key, "customer's key")).unwrap().clone();
    let (diagnosis, findings) =
        examined(&house, records.into_iter().filter(|(key, _)| *key != gone).collect()).await;
    assert_eq!(diagnosis.found.get(&FindingKind::KeyMissing), Some(&1), "{findings:?}");
    assert!(findings.iter().all(|finding| finding.kind == FindingKind::KeyMissing), "{findings:?}");
}

#[tokio::test]
async fn two_customers_with_one_slot_are_named() {
    let house = lived_in().await;
    let mut records = house.records().await;
    let mut keys = records.iter_mut().filter(|(key, _)| is_of(key, "customer's key"));
    let (Some((_, one)), Some((key, other))) = (keys.next(), keys.next()) else { panic!("two customers") };
    // A key for the second customer that opens with the slot of the first.
    let number = one.bytes().unwrap()[..8].to_vec();
    let place = usize::try_from(u64::from_be_bytes(number.as_slice().try_into().unwrap())).unwrap() * 32;
    let secret = std::fs::read(house.slots()).unwrap()[place..place + 32].to_vec();
    let owner = &key.owner[1..];
    let wrapping = mac(&[b"customer key", owner, &secret]);
    let sealed = XChaCha20Poly1305::new(&wrapping.into())
        .encrypt(&XNonce::from([7; 24]), Payload { msg: &[8; 32], aad: owner })
        .unwrap();
    let Entry::Value { bytes, .. } = other else { panic!("{other:?}") };
    *bytes = [number, vec![7; 24], sealed].concat().into();
    let (diagnosis, findings) = examined(&house, records).await;
    assert_eq!(diagnosis.found.get(&FindingKind::SlotShared), Some(&1), "{findings:?}");
}
