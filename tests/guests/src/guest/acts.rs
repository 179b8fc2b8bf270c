//! What a config makes a stage do.

use std::cell::Cell;
use std::hint::black_box;

use super::answers::Spoil;
use super::bindings::rebound::strategy::{catalog, log};
use super::{Act, Context, Failure, StateChange, say};

thread_local! {
    /// Whatever is found here was left by an earlier call.
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Does what the config says, and then answers honestly, except where the act is about the answer.
pub(super) fn perform(config: &str) -> Result<Act, Failure> {
    std::panic::set_hook(Box::new(|panic| say(log::Level::Error, &panic.to_string())));
    // A route's config is JSON.
    let config = config.trim_matches('"');
    let (word, count) = config.split_once(' ').unwrap_or((config, "0"));
    let number: i64 = count.parse().map_err(|_| Failure::InvalidConfig(config.into()))?;
    let count = usize::try_from(number).unwrap_or(0);
    let mut act = Act {
        number: None,
        word: None,
        products: None,
        state: StateChange::Keep,
        sees: None,
        gives: None,
        holds: None,
        spoil: None,
    };
    match word {
        "serve" => {}
        "decline" => return Err(Failure::Declined("x".repeat(count))),
        "fail" => return Err(Failure::Internal("x".repeat(count))),
        "count" => {
            CALLS.set(CALLS.get() + 1);
            return Err(Failure::Declined(CALLS.get().to_string()));
        }
        "spin" => loop {
            black_box(0);
        },
        "spin-logging" => loop {
            say(log::Level::Debug, "");
        },
        "spin-searching" => loop {
            drop(catalog::search(&query(0)));
        },
        "spin-getting" => loop {
            drop(catalog::get(&[]));
        },
        // The dearest search there is: every list full, every result wanted.
        "spin-searching-all" => {
            let query = catalog::Query {
                any_tag: vec!["linen".into(); 32],
                exclude: vec![u32::MAX; 400],
                similar_to: Some(1),
                order_by: "affinity".into(),
                ..query(u32::MAX)
            };
            loop {
                drop(catalog::search(&query));
            }
        }
        "spin-getting-all" => {
            let ids = [1; 200];
            loop {
                drop(catalog::get(&ids));
            }
        }
        "grow" => {
            let before = core::arch::wasm32::memory_grow::<0>(count);
            return Err(Failure::Declined(format!("grown: {}", before != usize::MAX)));
        }
        "brim" => {
            while core::arch::wasm32::memory_grow::<0>(1) != usize::MAX {}
            return Err(Failure::Declined("full".into()));
        }
        "allocate" => loop {
            std::mem::forget(black_box(vec![1_u8; 64 * 1024]));
        },
        "recurse" => drop(recurse(0, usize::MAX)),
        "overflow" => overflow(0),
        "panic" => panic!("as the config says"),
        "abort" => core::arch::wasm32::unreachable(),
        "flood" => (0..count).for_each(|line| say(log::Level::Info, &format!("line {line}"))),
        "chatter" => say(log::Level::Info, &"好".repeat(count)),
        "search" => (0..count).for_each(|_| drop(catalog::search(&query(u32::MAX)))),
        "get" => {
            let found = catalog::get(&vec![1; count]);
            return Err(Failure::Declined(found.len().to_string()));
        }
        "fetch" => drop(catalog::get(&vec![1; count])),
        "found" => {
            let found = catalog::search(&query(u32::MAX));
            return Err(Failure::Declined(found.len().to_string()));
        }
        "exclude" => {
            let query = catalog::Query { exclude: vec![7; count], ..query(1) };
            drop(catalog::search(&query));
        }
        "tags" => {
            let query = catalog::Query { any_tag: vec!["linen".into(); count], ..query(1) };
            drop(catalog::search(&query));
        }
        "grow-then-panic" => {
            std::mem::drop(Vec::<u8>::new().try_reserve_exact(usize::MAX / 4));
            panic!("for a reason of its own");
        }
        "write" => say(log::Level::Info, &"x".repeat(count)),
        "offers" => act.products = Some(vec![1; count]),
        "product" => act.products = u32::try_from(count).ok().map(|id| vec![id]),
        "nan" => act.number = Some(f32::NAN),
        "infinite" => act.number = Some(f32::INFINITY),
        "negative-infinite" => act.number = Some(f32::NEG_INFINITY),
        "negative" => act.number = Some(-1.0),
        "word" => act.word = Some("Not A Word".into()),
        "remember" => {
            act.products = u32::try_from(count).ok().map(|last| (1..=last).collect());
            act.state = StateChange::Put(vec![7; count]);
        }
        "sees" => act.sees = Some(history),
        "bought" => act.sees = Some(bought),
        "open" => act.sees = Some(open),
        "gives" | "gives-twice" | "draws" => act.gives = Some((word.to_string(), count)),
        "holds" => act.holds = Some(count as u64),
        "state" => act.state = StateChange::Put(vec![7; count]),
        _ => act.spoil = Some(Spoil { word: word.into(), count: number }),
    }
    Ok(act)
}

/// What an honest strategy recommends: the three most similar products that cost a little more.
pub(super) fn pick(context: &Context) -> Vec<u32> {
    let returned = &context.event.lines[0].product;
    let query = catalog::Query {
        price_min: Some(returned.price),
        price_max: Some(returned.price * 6 / 5),
        similar_to: Some(returned.id),
        ..query(50)
    };
    let found = catalog::search(&query);
    let ids: Vec<u32> = found.iter().take(3).map(|candidate| candidate.id).collect();
    let texts = catalog::get(&ids).into_iter().flatten().map(|product| product.title.len()).sum::<usize>();
    say(log::Level::Debug, &format!("{} found, {texts} bytes of title", found.len()));
    ids
}

/// What is known of the customer, and what the catalogue learned of what sells beside what comes back.
fn history(context: &Context) -> String {
    let returned = context.event.lines[0].product.id;
    let found = catalog::search(&catalog::Query { similar_to: Some(returned), ..query(50) });
    let sold: u32 = found.iter().filter_map(|candidate| candidate.units_sold).sum();
    let with = found.iter().filter(|candidate| candidate.affinity.is_some_and(|it| it > 0.0)).count();
    format!("returns-{}-sold-{sold}-with-{with}", context.customer.returns)
}

/// How many coupons this customer can use.
fn open(context: &Context) -> String {
    format!("open-{}", context.customer.prior.coupons_open)
}

/// How many units of each purchase came back, the latest first.
fn bought(context: &Context) -> String {
    context.customer.purchases.iter().fold("back".into(), |told, it| format!("{told}-{}", it.returned))
}

fn query(limit: u32) -> catalog::Query {
    catalog::Query {
        categories: Vec::new(),
        brand: None,
        any_tag: Vec::new(),
        price_min: None,
        price_max: None,
        similar_to: None,
        style_of: None,
        exclude: Vec::new(),
        in_stock: true,
        order_by: "similarity".into(),
        limit,
    }
}

/// Deep, in frames without a local that has an address: only wasm's own stack grows. The calls around it keep it
/// from being turned into a loop.
fn recurse(depth: usize, end: usize) -> bool {
    if depth == end {
        return true;
    }
    say(log::Level::Debug, "");
    let is_odd = recurse(depth + 1, end);
    say(log::Level::Debug, if is_odd { "odd" } else { "even" });
    !is_odd
}

/// Deep, in frames on the stack that Rust keeps in memory.
#[expect(unconditional_recursion, reason = "that is the act")]
fn overflow(depth: u64) {
    let frame = black_box([depth; 16]);
    overflow(frame[3] + 1);
    black_box(frame);
}
