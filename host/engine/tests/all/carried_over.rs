//! A backup that is older than an erasure is put back: the erased person stays erased, whichever copies of the key files
//! are at hand, and nobody else notices.

use std::fs;

use rebound_domain::event::CustomerRequest;
use rebound_domain::policy::Counts;
use rebound_domain::time::Instant;
use rebound_engine::{DecideError, Erased, FindingKind, HoldQuery, Imported, LineError, Origin};
use rebound_storage::{Entry, Key};

use crate::doctor::{examined, split};
use crate::erasure::{id, live};
use crate::house::{DAY, House, order, request};
use crate::promises::{LIMIT, charged, decide, giving};

/// Somebody with an order, coupons and returns, and a neighbour; a copy of the storage made in the middle; then the
/// erasure.
struct Story {
    house: House,
    /// The storage as it was in the middle.
    copy: Vec<(Key, Entry)>,
    /// `customer.keys` as it was in the middle.
    keys: Vec<u8>,
}

impl Story {
    async fn tell() -> Self {
        let house = giving("gives 300", Counts::Spend, 3 * LIMIT, 9).await;
        split(&house).await;
        live(&house.engine, "c-1", &["o-1", "r-1", "e-1", "note", "vip", "email"]).await;
        decide(&house, 2, "c-1").await;
        live(&house.engine, "c-2", &["o-2", "r-n", "e-n", "note", "vip", "email"]).await;
        let (copy, keys) = (house.records().await, fs::read(house.slots()).unwrap());
        decide(&house, 3, "c-1").await;
        assert!(house.engine.erase_customer(&id("c-1")).await.unwrap().records > 8);
        Self { house, copy, keys }
    }

    /// The copy, started with the key files as they lie there.
    async fn restored(&self) -> House {
        self.house.restored(self.copy.clone()).await
    }
}

/// Nothing of the person comes back, and an event of theirs that is new starts a new person.
async fn is_erased(house: &House) {
    assert_eq!(house.engine.export_customer(&id("c-1")).await.unwrap(), None);
    let of = HoldQuery { customer_id: id("c-1"), sku: None, recommendation_id: None };
    assert_eq!(house.engine.holds(&of).await.unwrap(), []);
    // The last of them was decided after the copy was made.
    for (event, return_id) in [("e-1", "r-1"), ("e-2", "r-2"), ("e-3", "r-3"), ("e-9", "r-3")] {
        let again = house.decide(&request(event, return_id, "c-1", &["a"])).await.unwrap_err();
        assert!(matches!(again, DecideError::Erased { .. }), "{event}: {again}");
    }
    let orders = vec![order("o-1", Some("c-1"), 1, &["a"])];
    assert!(house.engine.import_orders(orders).await.unwrap()[0].is_err(), "an old order brings nobody back");
    assert_eq!(house.engine.erase_customer(&id("c-1")).await.unwrap(), Erased::default());
    let made = house.decide(&request("e-7", "r-7", "c-1", &["a"])).await.unwrap();
    assert_eq!(made.origin, Origin::Made);
    let person = house.engine.export_customer(&id("c-1")).await.unwrap().unwrap();
    assert_eq!((&person["profile"]["orders"], &person["profile"]["returns"]), (&0.into(), &1.into()));
    assert!(house.engine.export_customer(&id("c-2")).await.unwrap().is_some(), "the neighbour is there");
}

#[tokio::test]
async fn an_erasure_holds_in_an_older_backup_with_the_newest_keys() {
    let story = Story::tell().await;
    let house = story.restored().await;
    assert_eq!(examined(&house, house.records().await).await.1, [], "and everything hangs together");
    // Two coupons of 3.00 that were issued to the erased person: one was in the backup, and one came after it.
    assert_eq!(charged(&house).await, 2 * 300);
    let nobody = [b"c".as_slice(), &[0; 16]].concat();
    let is_kept = |(key, _): &&(Key, Entry)| key.owner == nobody && key.key.starts_with(b"exposure/");
    assert_eq!(house.records().await.iter().filter(is_kept).count(), 1, "an experiment keeps its sums");
    is_erased(&house).await;
    let later = house.restarted().await;
    assert_eq!(examined(&later, later.records().await).await.1, []);
    // What was issued is worth its money until it ends, then every budget has its charge back.
    later.engine.run_due(Instant(200 * DAY)).await.unwrap();
    assert_eq!(charged(&later).await, 0);
    assert_eq!(examined(&later, later.records().await).await.1, []);
}

#[tokio::test]
async fn an_erasure_holds_in_an_older_backup_with_keys_as_old_if_the_list_is_the_newest() {
    let story = Story::tell().await;
    let gone = fs::read(story.house.slots()).unwrap();
    fs::write(story.house.slots(), &story.keys).unwrap();
    let house = story.restored().await;
    let now = fs::read(house.slots()).unwrap();
    assert_ne!(gone, story.keys, "the erasure overwrote a slot");
    let overwritten = |keys: &[u8]| keys.chunks(32).position(|slot| slot == [0; 32]);
    assert_eq!(overwritten(&now), overwritten(&gone), "and the start overwrites it again");
    assert_eq!(examined(&house, house.records().await).await.1, []);
    is_erased(&house).await;
}

#[tokio::test]
async fn without_the_list_the_newest_keys_keep_the_person_erased_and_the_next_erasure_clears_away() {
    let story = Story::tell().await;
    fs::remove_file(story.house.erasures()).unwrap();
    let house = story.restored().await;
    let (diagnosis, findings) = examined(&house, house.records().await).await;
    assert_eq!(diagnosis.found.get(&FindingKind::ErasedCameBack), Some(&1), "{findings:?}");
    assert_eq!(house.engine.export_customer(&id("c-1")).await.unwrap(), None);
    for (event, return_id) in [("e-1", "r-1"), ("e-7", "r-7")] {
        let refused = house.decide(&request(event, return_id, "c-1", &["a"])).await.unwrap_err();
        assert!(matches!(refused, DecideError::Unopened), "{event}: {refused:?}");
    }
    assert!(house.decide(&request("e-8", "r-8", "c-2", &["a"])).await.is_ok(), "the neighbour is served");
    let orders = ["c-1", "c-2"].map(|customer| order(&format!("new-{customer}"), Some(customer), 1, &["a"]));
    let results = house.engine.import_orders(orders.into()).await.unwrap();
    assert_eq!(
        results,
        [Err(LineError::Unopened), Ok(Imported::Created)],
        "nor are the neighbour's orders left out"
    );
    let described = ["c-1", "c-2"].map(|customer| CustomerRequest {
        customer_id: id(customer),
        traits: vec!["new".to_owned()],
        consent: Vec::new(),
        locale: None,
    });
    let results = house.engine.import_customers(described.into()).await.unwrap();
    assert_eq!(results, [Err(LineError::Unopened), Ok(Imported::Updated)]);
    assert!(house.engine.erase_customer(&id("c-1")).await.unwrap().records > 5);
    let again = house.decide(&request("e-1", "r-1", "c-1", &["a"])).await.unwrap_err();
    assert!(matches!(again, DecideError::Erased { .. }), "{again:?}");
    assert_eq!(house.decide(&request("e-7", "r-7", "c-1", &["a"])).await.unwrap().origin, Origin::Made);
}

#[tokio::test]
async fn a_start_lists_erasures_that_the_list_beside_the_keys_lacks() {
    let story = Story::tell().await;
    let listed = fs::read_to_string(story.house.erasures()).unwrap();
    assert_eq!(listed.lines().count(), 1);
    fs::remove_file(story.house.erasures()).unwrap();
    // A crash after the last batch: the storage knows, the list does not.
    let house = story.house.restarted().await;
    let relisted = fs::read_to_string(house.erasures()).unwrap();
    assert_eq!(relisted.lines().count(), 1, "{relisted}");
    assert!(relisted.contains("\"left\":[]"), "what stood only in memory is gone");
    assert_eq!(examined(&house, house.records().await).await.1, []);
    is_erased(&house).await;
}

#[tokio::test]
async fn the_list_beside_the_keys_ties_nobody_to_what_was_bought() {
    let story = Story::tell().await;
    let listed = fs::read_to_string(story.house.erasures()).unwrap();
    let sale = "6f"; // The tag of an order of nobody's, in hex.
    let sales =
        story.house.records().await.into_iter().filter(|(key, _)| key.owner[0] == b'o' && key.key == "order");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let owners: Vec<String> = sales.map(|(key, _)| hex(&key.owner)).collect();
    assert!(!owners.is_empty() && owners.iter().all(|owner| owner.starts_with(sale)));
    assert!(owners.iter().all(|owner| !listed.contains(owner)), "{listed}");
}
