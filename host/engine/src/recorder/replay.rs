//! Running a recording again, and what came out differently.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rebound_domain::catalog::{Candidate, Catalog, Query, Switched};
use rebound_domain::ids::{Digest, PluginRef, ProductId};
use rebound_domain::manifest::Stage;
use rebound_domain::product::Product;
use rebound_domain::situation::Context;
use rebound_sandbox::{LoadError, METER, Plugin};
use serde_json::Value;

use super::mask;
use super::overheard::{Asked, Question};
use super::recording::{Ended, Inputs, RecordedCall, Recording, RecordingId, written};
use super::shown::{Personal, RecordingError};
use crate::Engine;
use crate::control::Control;
use crate::error::Fault;
use crate::rack::{Seat, Unready};

/// Most questions of one call that are named as not in the recording.
const UNSEEN_MAX: usize = 32;
/// Ends that depend on the machine: of these only the outcome is compared.
const TIMED: &str = "deadline";

/// A recording, run again.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Which.
    pub id: RecordingId,
    /// Whether every call did what it had done, bit for bit.
    pub is_same: bool,
    /// What counted the recorded fuel.
    pub meter_recorded: String,
    /// What counts fuel now. Another one counts differently: then fuel is shown and not compared.
    pub meter: &'static str,
    /// In the order they ran.
    pub calls: Vec<Replayed>,
}

/// One call, run again.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// At which stage.
    pub stage: Stage,
    /// Which version had run.
    pub recorded: PluginRef,
    /// Which version ran now.
    pub plugin: PluginRef,
    /// Whether it stood in for one that failed.
    pub fallback: bool,
    /// How it had ended.
    pub outcome: String,
    /// What came out differently.
    pub differences: Vec<Difference>,
    /// What it asked the catalogue and had not been asked when it was recorded; at most 32. The same version asking
    /// anything new has diverged; another version is answered by the catalogue as it is now.
    pub unseen: Vec<String>,
}

impl Replayed {
    /// A question that was not recorded is a difference too: the same answer to it was luck.
    fn is_same(&self) -> bool {
        self.differences.is_empty() && self.unseen.is_empty()
    }
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: `output.offers[0].score`.
    pub path: String,
    /// What was recorded; none when there was nothing.
    pub recorded: Option<Value>,
    /// What came out now.
    pub replayed: Option<Value>,
}

/// Why a recording is not run again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It does not hold what it needs.
    #[error("recording {id} is not whole and cannot be run again: it {reason}")]
    Truncated {
        /// Which.
        id: RecordingId,
        /// Why.
        reason: String,
    },
    /// A version that ran then is not published here.
    #[error("{plugin} is not published here; publish the component that ran then")]
    UnknownPlugin {
        /// Which.
        plugin: PluginRef,
    },
    /// A version of the same name has other bytes.
    #[error(
        "{plugin} has other bytes ({published}) than those that ran then ({recorded}); it is another program"
    )]
    Digest {
        /// Which.
        plugin: PluginRef,
        /// What ran.
        recorded: Box<Digest>,
        /// What is published.
        published: Box<Digest>,
    },
    /// No version of the plugin that is to stand in ran then.
    #[error(
        "no version of {plugin} ran in this decision at a stage that it serves; name a version of one that did"
    )]
    NotInvolved {
        /// Which.
        plugin: PluginRef,
    },
    /// It was published, and does not load any more.
    #[error(
        "{plugin} cannot be loaded; its compiled file is gone or of another build, and compiling it again fails"
    )]
    NotLoaded {
        /// Which.
        plugin: PluginRef,
        /// Why.
        #[source]
        source: Box<LoadError>,
    },
    /// The host's own trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Engine {
    /// Runs the calls of a recording again on what was recorded, and compares. With `other`, that version runs in the
    /// place of every version of the same plugin, and only those calls are run. Nothing is stored or counted.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn replay(
        &self,
        id: &RecordingId,
        other: Option<PluginRef>,
        personal: Personal,
    ) -> Result<Replay, ReplayError> {
        let recording = self.read_recording(id).await?;
        if personal == Personal::Shown {
            self.announce_unmasked(id).await?;
        }
        let control = self.control();
        let Recording { meter, truncated, inputs, calls, .. } = recording;
        let Some(inputs) = inputs else {
            return Err(ReplayError::Truncated { id: id.clone(), reason: truncated.unwrap_or_default() });
        };
        let mut cast = Vec::new();
        for call in calls {
            if let Some(part) = Part::of(&control, call, other.as_ref())? {
                // Versions that no route names any more are not loaded; here there is time to compile.
                let plugin = self.shared.rack.ready(&part.seat).await;
                let plugin = plugin.map_err(|unready| match unready {
                    Unready::Load(error) => {
                        ReplayError::NotLoaded { plugin: part.name.clone(), source: Box::new(error) }
                    }
                    Unready::Fault(fault) => fault.into(),
                })?;
                cast.push((part, plugin));
            }
        }
        if let (Some(plugin), true) = (other, cast.is_empty()) {
            return Err(ReplayError::NotInvolved { plugin });
        }
        let (now, snapshot) = (inputs.situation.now, self.shared.shelf.snapshot());
        let is_metered_alike = meter == METER;
        let run = move || {
            let play = |(part, plugin): (Part, Arc<Plugin>)| {
                let live: Arc<dyn Catalog> = Arc::new(snapshot.at(now, part.call.margin));
                part.play(&plugin, &inputs, live, is_metered_alike, personal)
            };
            cast.into_iter().map(play).collect::<Vec<_>>()
        };
        let calls = self.shared.compute.run(run).await?;
        let is_same = calls.iter().all(Replayed::is_same);
        Ok(Replay { id: id.clone(), is_same, meter_recorded: meter, meter: METER, calls })
    }
}

/// A recorded call, and who plays it.
struct Part {
    call: RecordedCall,
    seat: Arc<Seat>,
    name: PluginRef,
    /// Whether the version that ran then runs again.
    is_original: bool,
    /// Another state version cannot read the state.
    has_state: bool,
}

impl Part {
    /// None when the call is not to be played.
    fn of(
        control: &Control,
        call: RecordedCall,
        other: Option<&PluginRef>,
    ) -> Result<Option<Self>, ReplayError> {
        let published = |plugin: &PluginRef| {
            let found = control.plugins.get(plugin);
            found.ok_or_else(|| ReplayError::UnknownPlugin { plugin: plugin.clone() })
        };
        let Some(other) = other else {
            let found = published(&call.plugin)?;
            let (recorded, published) = (call.digest, found.words.digest);
            if recorded != published {
                let (recorded, published) = (Box::new(recorded), Box::new(published));
                return Err(ReplayError::Digest { plugin: call.plugin, recorded, published });
            }
            let (seat, name) = (Arc::clone(&found.seat), call.plugin.clone());
            return Ok(Some(Self { call, seat, name, is_original: true, has_state: true }));
        };
        let found = published(other)?;
        if other.name != call.plugin.name || !found.words.manifest.stages.contains(&call.stage) {
            return Ok(None);
        }
        let state_version =
            |plugin: &PluginRef| control.plugins.get(plugin).map(|known| known.words.manifest.state_version);
        let has_state = state_version(&call.plugin) == Some(found.words.manifest.state_version);
        let is_original = found.words.digest == call.digest;
        let seat = Arc::clone(&found.seat);
        Ok(Some(Self { call, seat, name: other.clone(), is_original, has_state }))
    }

    fn play(
        self,
        plugin: &Plugin,
        inputs: &Inputs,
        live: Arc<dyn Catalog>,
        is_metered_alike: bool,
        personal: Personal,
    ) -> Replayed {
        let Self { call, name, is_original, has_state, .. } = self;
        let script = Arc::new(Script::new(&call.asked, (!is_original).then_some(live)));
        let context = Context {
            situation: &inputs.situation,
            slots: call.slots,
            config: &call.config,
            state: call.state.as_deref().filter(|_| has_state),
        };
        let catalog: Arc<dyn Catalog> = script.clone();
        let ended = run(call.stage, plugin, &context, &catalog, inputs);
        let differences = differences(&call.ended, ended, is_metered_alike, personal);
        Replayed {
            stage: call.stage,
            recorded: call.plugin,
            plugin: name,
            fallback: call.fallback,
            outcome: call.ended.outcome,
            differences,
            unseen: script.unseen(personal),
        }
    }
}

/// Where two ends of one call differ.
fn differences(
    recorded: &Ended,
    mut replayed: Ended,
    is_metered_alike: bool,
    personal: Personal,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    if recorded.outcome == TIMED && replayed.outcome == TIMED {
        // A clock cuts it in another place each time.
        return differences;
    }
    if !is_metered_alike {
        (replayed.fuel, replayed.fuel_max) = (recorded.fuel, recorded.fuel_max);
    }
    let (recorded, replayed) = (written(recorded), written(&replayed));
    compare(&mut Vec::new(), Some(&recorded), Some(&replayed), personal, &mut differences);
    differences
}

fn run(
    stage: Stage,
    plugin: &Plugin,
    context: &Context<'_>,
    catalog: &Arc<dyn Catalog>,
    inputs: &Inputs,
) -> Ended {
    let given = &inputs.given;
    match stage {
        Stage::Segmentation => Ended::whole(&plugin.classify(context, catalog)),
        Stage::Recommendation => Ended::whole(&plugin.recommend(context, catalog, &given.segment)),
        Stage::Coupon => Ended::whole(&plugin.compensate(context, catalog, &given.segment, &given.offers)),
        Stage::Sharing => {
            Ended::whole(&plugin.compose(context, catalog, &given.segment, &given.offers, &given.proposals))
        }
        Stage::Progress => Ended::whole(&plugin.narrate(context, catalog, &given.segment, &[], &[])),
    }
}

/// A catalogue that answers what was recorded.
struct Script {
    searches: Vec<(Query, Vec<Candidate>)>,
    products: BTreeMap<ProductId, Option<Arc<Product>>>,
    stocks: BTreeMap<ProductId, Option<u32>>,
    switched: BTreeMap<(ProductId, ProductId), Option<Switched>>,
    /// Who answers what was not recorded; nobody for the version that was.
    live: Option<Arc<dyn Catalog>>,
    unseen: Mutex<Vec<Question>>,
}

impl Script {
    fn new(asked: &[Asked], live: Option<Arc<dyn Catalog>>) -> Self {
        let mut script = Self {
            searches: Vec::new(),
            products: BTreeMap::new(),
            stocks: BTreeMap::new(),
            switched: BTreeMap::new(),
            live,
            unseen: Mutex::default(),
        };
        for asked in asked.iter().cloned() {
            match asked {
                Asked::Search { query, found } => script.searches.push((query, found)),
                Asked::Get { id, found } => drop(script.products.insert(id, found.map(Arc::new))),
                Asked::Stock { id, found } => drop(script.stocks.insert(id, found)),
                Asked::Switched { from, to, found } => drop(script.switched.insert((from, to), found)),
            }
        }
        script
    }

    /// Notes a question that was not recorded; whoever answers it, if anyone does.
    fn unknown(&self, question: Question) -> Option<&dyn Catalog> {
        let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        if unseen.len() < UNSEEN_MAX {
            unseen.push(question);
        }
        self.live.as_deref()
    }

    fn unseen(&self, personal: Personal) -> Vec<String> {
        let unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |question: &Question| match personal {
            Personal::Shown => question.text(),
            Personal::Masked => {
                let mut question = written(question);
                mask::document(&mut question);
                question.to_string()
            }
        };
        unseen.iter().map(text).collect()
    }
}

impl Catalog for Script {
    fn search(&self, query: &Query) -> Vec<Candidate> {
        match self.searches.iter().find(|(known, _)| known == query) {
            Some((_, found)) => found.clone(),
            None => {
                self.unknown(Question::Search(query.clone())).map_or_else(Vec::new, |live| live.search(query))
            }
        }
    }

    fn get(&self, id: ProductId) -> Option<Arc<Product>> {
        match self.products.get(&id) {
            Some(found) => found.clone(),
            None => self.unknown(Question::Get(id))?.get(id),
        }
    }

    fn stock(&self, id: ProductId) -> Option<u32> {
        match self.stocks.get(&id) {
            Some(found) => *found,
            None => self.unknown(Question::Stock(id))?.stock(id),
        }
    }

    fn switched(&self, from: ProductId, to: ProductId) -> Option<Switched> {
        match self.switched.get(&(from, to)) {
            Some(found) => *found,
            None => self.unknown(Question::Switched(from, to))?.switched(from, to),
        }
    }
}

/// One step of a path.
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// Collects where two values differ, each place once.
fn compare<'a>(
    path: &mut Vec<Step<'a>>,
    recorded: Option<&'a Value>,
    replayed: Option<&'a Value>,
    personal: Personal,
    differences: &mut Vec<Difference>,
) {
    match (recorded, replayed) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            for name in names {
                path.push(Step::Name(name));
                compare(path, a.get(name), b.get(name), personal, differences);
                path.pop();
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                path.push(Step::Index(index));
                compare(path, a.get(index), b.get(index), personal, differences);
                path.pop();
            }
        }
        (Some(a), Some(b)) if is_same(a, b) => {}
        (None, None) => {}
        (a, b) => {
            let names: Vec<String> = path
                .iter()
                .filter_map(|step| match step {
                    Step::Name(name) => Some((*name).to_owned()),
                    Step::Index(_) => None,
                })
                .collect();
            let side = |value: Option<&Value>| {
                let mut value = value.cloned()?;
                if personal == Personal::Masked {
                    mask::at(&names, &mut value);
                }
                Some(value)
            };
            differences.push(Difference { path: place(path), recorded: side(a), replayed: side(b) });
        }
    }
}

/// Whether two values without members are the same bit for bit: as numbers, zero and minus zero would be equal.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.to_string() == b.to_string(),
        (a, b) => a == b,
    }
}

fn place(path: &[Step<'_>]) -> String {
    path.iter().fold(String::new(), |mut text, step| {
        match step {
            Step::Name(name) if text.is_empty() => text.push_str(name),
            Step::Name(name) => {
                text.push('.');
                text.push_str(name);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(recorded: &Value, replayed: &Value, want: &[&str]) {
        let mut differences = Vec::new();
        compare(&mut Vec::new(), Some(recorded), Some(replayed), Personal::Shown, &mut differences);
        assert_eq!(differences.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), want);
    }

    fn ended(outcome: &str, fuel: u64) -> Ended {
        Ended {
            outcome: outcome.to_owned(),
            detail: Some(format!("after {fuel}")),
            output: None,
            fuel,
            fuel_max: fuel,
            memory_bytes: 1,
            output_bytes: 0,
            log_lines: 0,
            log: Vec::new(),
        }
    }

    #[test]
    fn what_a_clock_or_another_meter_changes_is_no_difference() {
        let paths = |recorded: &Ended, replayed: Ended, is_metered_alike| -> Vec<String> {
            let found = differences(recorded, replayed, is_metered_alike, Personal::Shown);
            found.into_iter().map(|it| it.path).collect()
        };
        let (one, two) = (ended("memory", 1), ended("memory", 2));
        assert_eq!(paths(&one, two.clone(), true), ["detail", "fuel", "fuel_max"]);
        assert_eq!(paths(&one, two, false), ["detail"]);
        assert!(paths(&ended(TIMED, 1), ended(TIMED, 2), true).is_empty());
        assert_eq!(paths(&ended(TIMED, 1), ended("memory", 1), true), ["outcome"]);
    }

    #[test]
    fn a_call_that_asked_something_new_is_not_the_same() {
        let call = Replayed {
            stage: Stage::Coupon,
            recorded: "a/b@1.0.0".parse().unwrap(),
            plugin: "a/b@1.0.0".parse().unwrap(),
            fallback: false,
            outcome: "value".to_owned(),
            differences: Vec::new(),
            unseen: Vec::new(),
        };
        assert!(call.is_same());
        assert!(!Replayed { unseen: vec!["{}".to_owned()], ..call }.is_same());
    }

    struct Live;

    impl Catalog for Live {
        fn search(&self, _: &Query) -> Vec<Candidate> {
            Vec::new()
        }
        fn get(&self, _: ProductId) -> Option<Arc<Product>> {
            None
        }
        fn stock(&self, _: ProductId) -> Option<u32> {
            Some(9)
        }
        fn switched(&self, _: ProductId, _: ProductId) -> Option<Switched> {
            None
        }
    }

    #[test]
    fn a_question_that_was_not_recorded_is_flagged_and_answered_for_another_version_only() {
        let recorded = [Asked::Stock { id: ProductId(1), found: Some(3) }];
        for (live, want) in [(None, None), (Some(Arc::new(Live) as Arc<dyn Catalog>), Some(9))] {
            let script = Script::new(&recorded, live);
            assert_eq!(script.stock(ProductId(1)), Some(3));
            assert!(script.unseen(Personal::Shown).is_empty());
            assert_eq!(script.stock(ProductId(2)), want);
            assert_eq!(script.unseen(Personal::Shown), [r#"{"stock":2}"#]);
            (0..100).for_each(|id| drop(script.search(&Query { limit: id, ..Query::default() })));
            assert_eq!(script.unseen(Personal::Shown).len(), UNSEEN_MAX);
        }
        let script = Script::new(&recorded, None);
        script.search(&Query { brand: Some("secret".to_owned()), ..Query::default() });
        assert!(!script.unseen(Personal::Masked)[0].contains("secret"));
    }

    #[test]
    fn a_difference_is_named_where_it_is_and_nowhere_else() {
        let value = json!({"fuel": 7, "output": {"offers": [{"score": 0.1}, {"score": 0.2}]}});
        check(&value, &value, &[]);
        let mut other = value.clone();
        other["output"]["offers"][1]["score"] = json!(0.200_000_000_000_000_04);
        check(&value, &other, &["output.offers[1].score"]);
        other["output"]["offers"].as_array_mut().unwrap().pop();
        other["fuel"] = json!(8);
        check(&value, &other, &["fuel", "output.offers[1]"]);
        check(&value, &json!({"fuel": 7, "more": 1}), &["output", "more"]);
        check(&json!(0.0), &json!(-0.0), &[""]);
    }
}
