//! One call in this process: no sandbox, Rebound's, Extism's.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use rebound_sandbox::{Compiler, Outcome};
use recommend::{Answer, recommend, recommend_json};

use crate::Contestants;
use crate::question::{answer, question};
use crate::shop;

const ROUNDS: usize = 41;
const WARM_UP_ROUNDS: usize = 3;
const CALLS: u32 = 100;

/// One contestant: its name, and one call.
type Contestant<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Microseconds a call, by contestant.
pub(crate) struct Calls(Vec<(&'static str, f64)>);

pub(crate) fn run(contestants: &Contestants) -> Result<Calls> {
    let situation = shop::situation();
    let (catalog, context) = (shop::catalog(), shop::context(&situation, "{}"));
    let question = question(&situation);
    let json = serde_json::to_vec(&question)?;
    let right = recommend(&question);
    ensure!(question.candidates.len() == 50 && right.offers.len() == 3, "the shop has changed: {right:?}");

    let cache = tempfile::tempdir()?;
    let sandbox = shop::sandbox_in(cache.path(), shop::patient(), Compiler::InProcess);
    let affinity = shop::publish(&sandbox, &std::fs::read(&contestants.affinity)?);
    let sandboxed = || match affinity.recommend(&context, &catalog, &shop::unknown()).outcome {
        Outcome::Value(recommendations) => recommendations,
        failed => panic!("Rebound: {:?}", failed.detail()),
    };
    same("Rebound", &answer(&sandboxed()), &right)?;

    let manifest = Manifest::new([Wasm::data(std::fs::read(&contestants.extism)?)]);
    let compiled = CompiledPlugin::new(PluginBuilder::new(manifest))?;
    let call =
        |plugin: &mut Plugin| plugin.call::<&[u8], Vec<u8>>("recommend", &json).expect("Extism answers");
    let mut kept = Plugin::new_from_compiled(&compiled)?;
    same("Extism", &serde_json::from_slice(&call(&mut kept))?, &right)?;

    let mut contestants: Vec<Contestant<'_>> = vec![
        ("native Rust", Box::new(|| drop(black_box(recommend(black_box(&question)))))),
        ("native Rust, JSON in and out", Box::new(|| drop(black_box(recommend_json(black_box(&json)))))),
        ("Rebound, a fresh instance", Box::new(|| drop(black_box(sandboxed())))),
        (
            "Extism 1.30, a fresh instance of a compiled plug-in, JSON",
            Box::new(|| {
                let mut plugin = Plugin::new_from_compiled(&compiled).expect("it was made once");
                drop(black_box(call(&mut plugin)));
            }),
        ),
        ("Extism 1.30, one instance for all calls, JSON", Box::new(|| drop(black_box(call(&mut kept))))),
    ];
    let mut spans: Vec<Vec<Duration>> = vec![Vec::new(); contestants.len()];
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        for ((_, run), spans) in contestants.iter_mut().zip(&mut spans) {
            let start = Instant::now();
            (0..CALLS).for_each(|_| run());
            let span = start.elapsed() / CALLS;
            if round >= WARM_UP_ROUNDS {
                spans.push(span);
            }
        }
    }
    let median = |spans: &mut Vec<Duration>| {
        spans.sort_unstable();
        spans[spans.len() / 2].as_secs_f64() * 1e6
    };
    Ok(Calls(contestants.iter().zip(&mut spans).map(|((name, _), spans)| (*name, median(spans))).collect()))
}

/// A contestant that answers something else is no rival.
pub(crate) fn same(who: &str, given: &Answer, right: &Answer) -> Result<()> {
    let offers = |answer: &Answer| -> Vec<_> {
        let offer =
            |it: &recommend::Offer| (it.product, it.resolution.clone(), it.price_hold_ms, it.copy.len());
        answer.offers.iter().map(offer).collect()
    };
    ensure!(offers(given) == offers(right), "{who} answers {given:?}, and the rule is {right:?}");
    // Node counts in doubles.
    let near = given.offers.iter().zip(&right.offers).all(|(a, b)| (a.score - b.score).abs() < 1e-5);
    ensure!(near, "{who} scores {given:?}, and the rule is {right:?}");
    Ok(())
}

impl Calls {
    pub(crate) fn print(&self, json: bool) {
        let rebound =
            self.0.iter().find(|(name, _)| name.starts_with("Rebound")).map_or(f64::NAN, |(_, us)| *us);
        if !json {
            println!("| one call | us | times Rebound's |\n|---|---:|---:|");
        }
        for (what, us) in &self.0 {
            let times = us / rebound;
            match json {
                true => println!("{}", serde_json::json!({"call": what, "us": us, "times": times})),
                false => println!("| {what} | {us:.1} | {times:.2} |"),
            }
        }
        if !json {
            println!();
        }
    }
}
