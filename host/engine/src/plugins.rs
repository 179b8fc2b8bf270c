//! Publishing a version, and finding what is published.

use std::sync::Arc;

use bytes::Bytes;
use rebound_domain::claims::{Standing, Templates, Violation};
use rebound_domain::compose;
use rebound_domain::ids::{Digest, PluginRef};
use rebound_domain::manifest::{Manifest, Stage};
use rebound_domain::policy::ClaimsMode;
use rebound_domain::time::Instant;
use rebound_sandbox::Class;
use rebound_storage::{Batch, Storage, VALUE_BYTES_MAX};
use serde_json::{Value, json};

use crate::Engine;
use crate::audit::Change;
use crate::control::{Control, Published};
use crate::error::{ControlError, Damaged, Fault, PublishError};
use crate::keys;
use crate::rack::{ComponentFacts, Seat};
use crate::records::{PluginRecord, encode};

/// Bytes of a component in one stored value; values are at most 64 KiB.
const CHUNK_BYTES: usize = 48 * 1024;
/// Chunks in one batch; a batch is at most 1 MiB.
const CHUNKS_PER_BATCH: usize = 16;

/// References in one config schema. Definitions that each name the next one twice double at every step, and forty of
/// them keep a validator busy for days; so few can at worst be followed some 3^10 times, in milliseconds.
const SCHEMA_REFERENCES_MAX: usize = 32;

/// A published version, as operators see it.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Name and version.
    pub plugin: PluginRef,
    /// Of the component's bytes.
    pub digest: Digest,
    /// Of the component, bytes.
    pub size: u64,
    /// Its resource class.
    pub class: Class,
    /// When.
    pub published_at: Instant,
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// Whether its texts may be said under the policy in force.
    pub standing: Standing,
    /// What its texts say and must not; none where the rules were enforced when it was published.
    pub violations: Vec<Violation>,
}

/// Whether a publication is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It was published now.
    New,
    /// The same bytes were published before.
    Known,
}

impl Published {
    pub(crate) fn publication(&self, control: &Control) -> Publication {
        Publication {
            plugin: self.words.plugin().clone(),
            digest: self.seat.component.digest,
            size: self.seat.component.size,
            class: self.seat.component.class,
            published_at: self.published_at,
            manifest: Arc::clone(&self.words.manifest),
            standing: control.standing(self),
            violations: self.words.templates.violations().to_vec(),
        }
    }

    /// Compiles a version's templates, or shares those of `like` where the texts are the same: most versions of a plugin
    /// change its code alone, and holding texts against the rules takes half a millisecond.
    pub(crate) fn new(record: PluginRecord, like: Option<&Self>) -> Result<Self, PublishError> {
        let PluginRecord { digest, size, class, published_at, manifest } = record;
        let manifest = Arc::new(manifest);
        let same = like.filter(|like| {
            let known = &like.words.manifest;
            known.templates == manifest.templates && known.personas == manifest.personas
        });
        let templates = match same {
            Some(like) => Arc::clone(&like.words.templates),
            None => Arc::new(Templates::new(&manifest).map_err(|error| PublishError::Manifest {
                field: "templates".to_owned(),
                problem: error.to_string(),
            })?),
        };
        let component = ComponentFacts { digest, size, class: class.into() };
        let seat = Arc::new(Seat::new(component, Arc::clone(&manifest)));
        let words = compose::Published { manifest, templates, digest };
        Ok(Self { published_at, seat, words })
    }

    /// Checks that this version can serve a stage with a config.
    pub(crate) fn check(&self, stage: Stage, config: &str) -> Result<(), ControlError> {
        let plugin = || self.words.manifest.plugin.clone();
        if !self.words.manifest.stages.contains(&stage) {
            let serves =
                self.words.manifest.stages.iter().map(|stage| stage.word()).collect::<Vec<_>>().join(", ");
            return Err(ControlError::WrongStage { plugin: plugin(), stage, serves });
        }
        let refuse = |path: String, problem: String| ControlError::Config { plugin: plugin(), path, problem };
        let config =
            serde_json::from_str(config).map_err(|error| refuse(String::new(), error.to_string()))?;
        let schema =
            schema(&self.words.manifest.config_schema).map_err(|problem| refuse(String::new(), problem))?;
        schema.validate(&config).map_err(|error| refuse(error.instance_path().to_string(), error.to_string()))
    }
}

/// Compiles a config schema. References out of the schema itself are refused: the host fetches nothing.
fn schema(text: &str) -> Result<jsonschema::Validator, String> {
    let schema = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let reference_count = references(&schema);
    if reference_count > SCHEMA_REFERENCES_MAX {
        return Err(format!(
            "it has {reference_count} references, over the limit of {SCHEMA_REFERENCES_MAX}; write out what they name"
        ));
    }
    jsonschema::validator_for(&schema).map_err(|error| error.to_string())
}

/// How many references a schema holds, at any depth; the parser bounds the depth. A property that has the name of a
/// reference counts as one.
fn references(schema: &serde_json::Value) -> usize {
    const NAMES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
    match schema {
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, value)| usize::from(NAMES.contains(&name.as_str())) + references(value))
            .sum(),
        serde_json::Value::Array(items) => items.iter().map(references).sum(),
        _ => 0,
    }
}

impl Engine {
    /// Publishes a component under the name and version of its own manifest. Published versions never change.
    ///
    /// Runs to its end even when the caller goes away. Compiling takes up to `limits.compile_time`.
    ///
    /// # Errors
    /// [`PublishError`]: refused by the sandbox, a manifest that does not stand, or a version that is taken.
    pub async fn publish(&self, class: Class, bytes: Bytes) -> Result<(Publication, Novelty), PublishError> {
        let engine = self.clone();
        let task = tokio::spawn(async move { engine.publish_now(class, bytes).await });
        task.await.map_err(|_| Fault::Lost("publishing"))?
    }

    async fn publish_now(&self, class: Class, bytes: Bytes) -> Result<(Publication, Novelty), PublishError> {
        let digest = Digest::of(&bytes);
        if let Some(known) = self.published_before(digest, class)? {
            return Ok((known, Novelty::Known));
        }
        // Without the control plane's lock: an operator who must stop an experiment does not wait for a compiler.
        let sandbox = self.shared.sandbox.clone();
        let component = bytes.clone();
        let (plugin, manifest) = tokio::task::spawn_blocking(move || sandbox.publish(class, &component))
            .await
            .map_err(|_| Fault::Lost("compiling a component"))??;
        schema(&manifest.config_schema)
            .map_err(|problem| PublishError::Manifest { field: "config-schema".to_owned(), problem })?;
        let name = manifest.plugin.clone();
        self.check_namespace(&name)?;
        self.check_free(&name)?;
        self.check_quota(&name, bytes.len() as u64)?;
        let record = PluginRecord {
            digest,
            size: bytes.len() as u64,
            class: class.into(),
            published_at: self.wall_clock(),
            manifest,
        };
        let stored = encode(&record);
        let facts = json!({ "digest": digest, "size": record.size, "class": record.class });
        if stored.len() > VALUE_BYTES_MAX {
            let problem = format!(
                "take {} bytes as stored with the rest of the manifest, over the limit of {VALUE_BYTES_MAX}; shorten them, the config schema or the personas, or split the plugin",
                stored.len()
            );
            return Err(PublishError::Manifest { field: "templates".to_owned(), problem });
        }
        let published = Arc::new(Published::new(record, None)?);
        self.check_claims(&published)?;
        self.store_component(&digest, &bytes).await?;

        let writing = self.shared.control_writer.lock().await;
        // What was so before compiling need not be so now.
        if let Some(known) = self.published_before(digest, class)? {
            return Ok((known, Novelty::Known));
        }
        self.check_free(&name)?;
        self.check_quota(&name, bytes.len() as u64)?;
        self.check_claims(&published)?;
        let mut batch = Batch::new();
        let key = keys::plugin(&name);
        batch.expect_absent(key.clone()).put(key, stored);
        self.commit_audited(batch, Change::new("plugin.publish", &name, Value::Null, facts)).await?;
        tracing::info!(plugin = %name, %digest, size = bytes.len(), "a version is published");
        // It will be routed or looked at soon, more likely than any other that is not.
        self.shared.rack.put(&published.seat, plugin);
        self.change_control(|control| {
            control.plugins.insert(name, Arc::clone(&published));
        });
        drop(writing);
        Ok((published.publication(&self.control()), Novelty::New))
    }

    /// The publication of the same bytes, if they were published before.
    fn published_before(&self, digest: Digest, class: Class) -> Result<Option<Publication>, PublishError> {
        let control = self.control();
        let Some(known) = control.plugins.values().find(|known| known.words.digest == digest) else {
            return Ok(None);
        };
        let publication = known.publication(&control);
        self.check_namespace(&publication.plugin)?;
        match publication.class == class {
            true => Ok(Some(publication)),
            false => Err(PublishError::ClassFixed { plugin: publication.plugin, class: publication.class }),
        }
    }

    /// Checks what the version's texts say. A constant is never taken back, so one that is known stays known; the
    /// policy may change while a component compiles.
    fn check_claims(&self, published: &Published) -> Result<(), PublishError> {
        let control = self.control();
        let (plugin, templates) = (published.words.plugin(), &published.words.templates);
        if let Some(key) = templates.constants().into_iter().find(|key| control.book.constant(key).is_none())
        {
            return Err(PublishError::UnknownConstant { plugin: plugin.clone(), key: key.clone() });
        }
        let violations = templates.violations();
        if control.policy.value.claims == ClaimsMode::Enforce && !violations.is_empty() {
            self.shared.violations.refused(plugin, violations, self.wall_clock());
            return Err(PublishError::ClaimsViolated {
                plugin: plugin.clone(),
                violations: violations.to_vec(),
            });
        }
        Ok(())
    }

    /// Only a component says whose it is, so this cannot be asked before it was compiled.
    fn check_namespace(&self, plugin: &PluginRef) -> Result<(), PublishError> {
        match self.caller.publishes(&plugin.name.namespace()) {
            true => Ok(()),
            false => {
                Err(PublishError::Foreign { plugin: plugin.clone(), grants: self.caller.grants.clone() })
            }
        }
    }

    fn check_free(&self, plugin: &PluginRef) -> Result<(), PublishError> {
        match self.control().plugins.contains_key(plugin) {
            true => Err(PublishError::VersionTaken { plugin: plugin.clone() }),
            false => Ok(()),
        }
    }

    /// Stores the bytes before the record that names them; bytes left by a crash in between are written again.
    async fn store_component(&self, digest: &Digest, bytes: &Bytes) -> Result<(), Fault> {
        let mut index = 0;
        for group in bytes.chunks(CHUNK_BYTES * CHUNKS_PER_BATCH) {
            let mut batch = Batch::new();
            for chunk in group.chunks(CHUNK_BYTES) {
                batch.put(keys::component_chunk(digest, index), bytes.slice_ref(chunk));
                index += 1;
            }
            self.shared.storage.commit(batch).await?;
        }
        Ok(())
    }

    /// Every published version, by name and version.
    #[must_use]
    pub fn plugins(&self) -> Vec<Publication> {
        let control = self.control();
        control.plugins.values().map(|published| published.publication(&control)).collect()
    }

    /// One published version.
    #[must_use]
    pub fn plugin(&self, plugin: &PluginRef) -> Option<Publication> {
        let control = self.control();
        control.plugins.get(plugin).map(|published| published.publication(&control))
    }
}

/// Reads a component's bytes back.
pub(crate) async fn component(storage: &dyn Storage, component: &ComponentFacts) -> Result<Vec<u8>, Fault> {
    let chunk_count = component.size.div_ceil(CHUNK_BYTES as u64);
    let mut bytes = Vec::new();
    for index in 0..u32::try_from(chunk_count).expect("a component has at most some MiB") {
        let read = storage.get(vec![keys::component_chunk(&component.digest, index)]).await?;
        let entry = read.value.into_iter().next().flatten();
        let chunk =
            entry.as_ref().and_then(|entry| entry.bytes()).ok_or(Damaged::Missing { what: "component" })?;
        bytes.extend_from_slice(chunk);
    }
    Ok(bytes)
}
