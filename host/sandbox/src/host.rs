//! What a strategy may import: `catalog` and `log`, and what they cost.

use rebound_domain::ids::ProductId;
use wasmtime::component::{ComponentType, Lift, Linker, WasmStr};
use wasmtime::{Engine, StoreContextMut};

use crate::call::{Call, charge};
use crate::outcome::Level;
use crate::wire;
use crate::wire::catalog::{Candidate, Query};
use crate::wire::context::Product;

/// A search. Fuel is about a nanosecond each, a search some ten microseconds: the default budget buys no more
/// than 2,000 of them, which is when the deadline would pass anyway.
const SEARCH_FUEL: u64 = 10_000;
/// Each entry of a query's lists.
const CONDITION_FUEL: u64 = 50;
/// Each result: ranked, and written to the guest's memory.
const CANDIDATE_FUEL: u64 = 100;
/// A look-up.
const GET_FUEL: u64 = 500;
/// Each product: a record of texts is copied.
const PRODUCT_FUEL: u64 = 1_000;
/// A log line, kept or not.
const LOG_FUEL: u64 = 500;
/// Each byte of it.
const LOG_BYTE_FUEL: u64 = 1;

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "wasmtime makes them out of the guest's discriminant")]
enum LogLevel {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// The imports of every strategy. There is no WASI here: anything else is refused at publish.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Call>> {
    let mut linker = Linker::new(engine);
    let mut catalog = linker.instance(&wire::interface("catalog"))?;
    catalog.func_wrap("search", |store, (query,): (Query,)| search(store, query))?;
    catalog.func_wrap("get", |store, (ids,): (Vec<u32>,)| get(store, &ids))?;
    let mut log = linker.instance(&wire::interface("log"))?;
    log.func_wrap("write", |store, (level, message): (LogLevel, WasmStr)| write(store, level, &message))?;
    Ok(linker)
}

/// A guest asked for more at once than a call may.
#[derive(Debug, thiserror::Error)]
#[error("{count} {what} in one call, over the limit of {count_max}")]
pub(crate) struct TooMuch {
    what: &'static str,
    count: usize,
    count_max: u32,
}

fn bounded(what: &'static str, count: usize, count_max: u32) -> Result<(), TooMuch> {
    if count > count_max as usize { Err(TooMuch { what, count, count_max }) } else { Ok(()) }
}

fn search(mut store: StoreContextMut<'_, Call>, query: Query) -> wasmtime::Result<(Vec<Candidate>,)> {
    let (conditions, excluded) = query.counts();
    // A search cannot be interrupted, and what it costs grows with its lists.
    bounded("categories and tags", conditions, store.data().conditions_max)?;
    bounded("excluded products", excluded, store.data().excluded_max)?;
    charge(&mut store, SEARCH_FUEL + CONDITION_FUEL * (conditions + excluded) as u64)?;
    let call = store.data();
    let query = query.clamped(call.results_max);
    let mut candidates = call.catalog.search(&query);
    candidates.truncate(query.limit as usize);
    charge(&mut store, CANDIDATE_FUEL * candidates.len() as u64)?;
    Ok((candidates.into_iter().map(Candidate::from).collect(),))
}

fn get(
    mut store: StoreContextMut<'_, Call>,
    ids: &[u32],
) -> wasmtime::Result<(Vec<Option<Product<String>>>,)> {
    bounded("ids", ids.len(), store.data().results_max)?;
    charge(&mut store, GET_FUEL + PRODUCT_FUEL * ids.len() as u64)?;
    let catalog = &store.data().catalog;
    let lookup = |id: &u32| catalog.get(ProductId(*id)).map(|found| Product::from(&*found));
    Ok((ids.iter().map(lookup).collect(),))
}

fn write(mut store: StoreContextMut<'_, Call>, level: LogLevel, message: &WasmStr) -> wasmtime::Result<()> {
    let level = match level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warn => Level::Warn,
        LogLevel::Error => Level::Error,
    };
    let (size, line) = {
        let text = message.to_str(&store)?;
        (text.len() as u64, store.data().log.cut(&text).to_owned())
    };
    charge(&mut store, LOG_FUEL + LOG_BYTE_FUEL * size)?;
    store.data_mut().log.write(level, line);
    Ok(())
}
