//! Tokens: what opens, what does not any more, and that nobody hands on what they do not have.

use std::sync::Arc;

use rebound_domain::access::{Caller, Grants, Rate, Scope, Terms, TokenId, TokenText, Who};
use rebound_domain::time::{Duration, Instant};
use rebound_engine::{Engine, Refused, TokenError};
use rebound_storage::{Batch, Key, Storage as _};

use crate::house::House;

fn terms(scopes: &[&str]) -> Terms {
    Terms {
        name: "shop".to_owned(),
        scopes: scopes.iter().map(|word| word.parse().unwrap()).collect(),
        expires_at: None,
        rate: Rate::default(),
    }
}

/// Whoever has a token with these scopes.
fn holder(engine: &Engine, scopes: &[&str]) -> Engine {
    let grants = Grants::new(scopes.iter().map(|word| word.parse().unwrap()).collect());
    engine.acting(Arc::new(Caller { who: Who::Dev, grants }))
}

#[tokio::test]
async fn a_token_opens_for_its_holder_also_after_a_restart() {
    let house = House::new().await;
    let (state, text) = house.engine.create_token(terms(&["events", "read:acme/*"])).await.unwrap();
    for house in [&house, &house.restarted().await] {
        let caller = house.engine.authenticate(&text.reveal(), house.engine.wall_now()).unwrap();
        assert_eq!(caller.who, Who::Token { id: state.id, name: "shop".to_owned() });
        assert!(caller.grants.allow(&Scope::Events) && !caller.grants.allow(&Scope::Catalogue));
    }
}

#[tokio::test]
async fn what_is_not_the_token_does_not_open() {
    let house = House::new().await;
    let (state, text) = house.engine.create_token(terms(&["events"])).await.unwrap();
    let (other, _) = house.engine.create_token(terms(&["admin"])).await.unwrap();
    let now = house.engine.wall_now();
    let refused = |text: &str| house.engine.authenticate(text, now).unwrap_err();
    let right_secret_of_another = TokenText::new(other.id, *text.secret());
    assert_eq!(refused(&right_secret_of_another.reveal()), Refused::Unknown);
    assert_eq!(refused(&TokenText::new(state.id, [0; 32]).reveal()), Refused::Unknown);
    let unknown = TokenText::new("00000000000000ff".parse().unwrap(), *text.secret());
    assert_eq!(refused(&unknown.reveal()), Refused::Unknown);
    for bad in ["", "rbt_", &text.reveal()[..90]] {
        assert!(matches!(refused(bad), Refused::Form(_)), "{bad}");
    }
}

/// Whoever can write to the storage cannot make a token do what a stronger one may.
#[tokio::test]
async fn a_stored_secret_does_not_open_under_another_id() {
    let house = House::new().await;
    let (weak, text) = house.engine.create_token(terms(&["events"])).await.unwrap();
    let (strong, _) = house.engine.create_token(terms(&["admin"])).await.unwrap();
    let key = |id: TokenId| Key::new("token", format!("token/{id}"));
    let read = house.storage.get(vec![key(weak.id), key(strong.id)]).await.unwrap().value;
    let stored = |index: usize| -> serde_json::Value {
        serde_json::from_slice(read[index].as_ref().unwrap().bytes().unwrap()).unwrap()
    };
    let mut forged = stored(1);
    forged["secret"] = stored(0)["secret"].clone();
    let mut batch = Batch::new();
    batch.put(key(strong.id), forged.to_string());
    house.storage.commit(batch).await.unwrap();
    let house = house.restarted().await;
    let now = house.engine.wall_now();
    let moved = TokenText::new(strong.id, *text.secret());
    assert_eq!(house.engine.authenticate(&moved.reveal(), now).unwrap_err(), Refused::Unknown);
    house.engine.authenticate(&text.reveal(), now).unwrap();
}

#[tokio::test]
async fn no_secret_is_stored() {
    let house = House::new().await;
    let (state, text) = house.engine.create_token(terms(&["events"])).await.unwrap();
    let (_, rotated) = house.engine.rotate_token(state.id, Duration::hours(1)).await.unwrap();
    let records = house.records().await;
    assert!(records.len() > 3);
    for secret in [text, rotated] {
        let (raw, hex) = (*secret.secret(), secret.reveal()[21..85].to_owned());
        let listed = format!("{raw:?}").replace(' ', "");
        for (key, entry) in &records {
            let Some(bytes) = entry.bytes() else { continue };
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains(&hex) && !text.contains(listed.trim_matches(['[', ']'])), "{key}: {text}");
            assert!(!bytes.windows(32).any(|window| window == raw), "{key}");
        }
    }
}

#[tokio::test]
async fn a_token_ends_when_it_is_revoked_or_its_time_is_over() {
    let house = House::new().await;
    let now = house.engine.wall_now();
    let end = now + Duration::hours(1);
    let (_, text) =
        house.engine.create_token(Terms { expires_at: Some(end), ..terms(&["events"]) }).await.unwrap();
    house.engine.authenticate(&text.reveal(), Instant(end.0 - 1)).unwrap();
    assert_eq!(house.engine.authenticate(&text.reveal(), end).unwrap_err(), Refused::Expired);

    let (state, text) = house.engine.create_token(terms(&["events"])).await.unwrap();
    let revoked = house.engine.revoke_token(state.id).await.unwrap();
    assert!(revoked.revoked_at.is_some());
    assert_eq!(house.engine.revoke_token(state.id).await.unwrap().revoked_at, revoked.revoked_at, "once");
    for house in [&house, &house.restarted().await] {
        assert_eq!(house.engine.authenticate(&text.reveal(), now).unwrap_err(), Refused::Revoked);
    }
    let refused = house.engine.rotate_token(state.id, Duration(0)).await;
    assert!(matches!(refused, Err(TokenError::Ended { .. })), "a revoked token does not come back");
}

#[tokio::test]
async fn a_rotated_secret_opens_as_long_as_was_said() {
    let house = House::new().await;
    let (state, old) = house.engine.create_token(terms(&["events"])).await.unwrap();
    let (rotated, new) = house.engine.rotate_token(state.id, Duration::hours(2)).await.unwrap();
    let until = rotated.previous_until.unwrap();
    for house in [&house, &house.restarted().await] {
        let check = |text: &TokenText, now| house.engine.authenticate(&text.reveal(), now).map(drop);
        assert_eq!(check(&new, until), Ok(()));
        assert_eq!(check(&old, Instant(until.0 - 1)), Ok(()));
        assert_eq!(check(&old, until), Err(Refused::RotatedOut));
    }
    let (_, newest) = house.engine.rotate_token(state.id, Duration(0)).await.unwrap();
    let check = |text: &TokenText| house.engine.authenticate(&text.reveal(), Instant(until.0 - 1)).map(drop);
    assert_eq!((check(&old), check(&new)), (Err(Refused::Unknown), Err(Refused::Unknown)), "at once");
    assert_eq!(check(&newest), Ok(()));
    let long = house.engine.rotate_token(state.id, Duration::days(31)).await;
    assert!(matches!(long, Err(TokenError::Overlap { .. })));
}

#[tokio::test]
async fn nobody_makes_or_rotates_a_token_that_may_do_more() {
    let house = House::new().await;
    let admin = holder(&house.engine, &["admin"]);
    let refused = admin.create_token(terms(&["events", "personal-data"])).await;
    assert!(matches!(refused, Err(TokenError::Beyond { scope: Scope::PersonalData })));
    admin.create_token(terms(&["events", "publish:acme/*", "admin"])).await.unwrap();
    let (personal, _) = house.engine.create_token(terms(&["personal-data"])).await.unwrap();
    let refused = admin.rotate_token(personal.id, Duration(0)).await;
    assert!(matches!(refused, Err(TokenError::Beyond { .. })), "a new secret would be theirs");
    admin.revoke_token(personal.id).await.unwrap();
}

#[tokio::test]
async fn a_token_asks_as_often_as_it_may() {
    let house = House::new().await;
    let rate = Rate { per_second: 1, burst: 3 };
    let (state, text) = house.engine.create_token(Terms { rate, ..terms(&["events"]) }).await.unwrap();
    let (_, other) = house.engine.create_token(terms(&["events"])).await.unwrap();
    let now = house.engine.wall_now();
    let mut passed = 0;
    let refused = loop {
        match house.engine.authenticate(&text.reveal(), now) {
            // A thousand more would have taken a thousand seconds.
            Ok(_) if passed < 1_000 => passed += 1,
            Ok(_) => panic!("nothing bounds it"),
            Err(refused) => break refused,
        }
    };
    let Refused::TooOften { per_second: 1, burst: 3, wait } = refused else { panic!("{refused:?}") };
    assert!(passed >= 3 && wait.as_micros() <= 1_000_000, "{passed} {wait:?}");
    assert!(house.engine.authenticate(&other.reveal(), now).is_ok(), "others are not slowed down");
    // A new secret is no new bucket. On a machine that stops for a second a request may have come free.
    let (_, rotated) = house.engine.rotate_token(state.id, Duration(0)).await.unwrap();
    let passed = (0..10).filter(|_| house.engine.authenticate(&rotated.reveal(), now).is_ok()).count();
    assert!(passed < 3, "{passed} requests of a full bucket");
}

#[tokio::test]
async fn the_last_use_is_known_and_stored_once_an_hour() {
    let house = House::new().await;
    let (state, text) = house.engine.create_token(terms(&["events"])).await.unwrap();
    let last_used = |house: &House| house.engine.tokens().remove(0).last_used_at;
    assert_eq!(last_used(&house), None);
    let start = house.engine.wall_now();
    let mut stored = Vec::new();
    for minutes in [0_u64, 1, 59, 61] {
        let now = start + Duration(minutes * 60_000);
        house.engine.authenticate(&text.reveal(), now).unwrap();
        // The write is a task of its own on this one thread, and the storage answers at once.
        tokio::task::yield_now().await;
        assert_eq!(last_used(&house), Some(now), "in memory to the millisecond");
        let restarted = house.restarted().await;
        assert_eq!(restarted.engine.tokens()[0].id, state.id);
        stored.push(last_used(&restarted).map(|at| at.since(start).0 / 60_000));
    }
    assert_eq!(stored, [Some(0), Some(0), Some(0), Some(61)]);
}

#[tokio::test]
async fn there_is_room_for_so_many_tokens_and_the_ended_make_it() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for _ in 0..1_024 {
        ids.push(house.engine.create_token(terms(&["events"])).await.unwrap().0.id);
    }
    let refused = house.engine.create_token(terms(&["events"])).await;
    assert!(matches!(refused, Err(TokenError::TooMany)));
    house.engine.revoke_token(ids[7]).await.unwrap();
    house.engine.create_token(terms(&["events"])).await.unwrap();
    for house in [&house, &house.restarted().await] {
        let tokens = house.engine.tokens();
        assert_eq!(tokens.len(), 1_024);
        assert!(tokens.iter().all(|token| token.id != ids[7]));
    }
}
