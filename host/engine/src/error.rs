//! What can go wrong, per use case. Domain words only: the edge decides about status codes.

use rebound_domain::access::Grants;
use rebound_domain::claims::Violation;
use rebound_domain::ids::{BudgetId, ConstantKey, ExperimentKey, Namespace, PluginRef, ReturnId, Sku};
use rebound_domain::manifest::Stage;
use rebound_domain::money::Currency;
use rebound_sandbox::{Class, LoadError};
use rebound_storage::{CommitError, StorageError};

use crate::identity::Unsealable;
use crate::keys;

/// An error and everything behind it, as one line for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// The host's own trouble: nothing the caller sent is at fault.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// More work is waiting than the host takes on. Nothing was done; the same request may come again.
    #[error("the host has more work waiting than it takes on; try again in a moment")]
    Busy,
    /// The storage cannot answer.
    #[error("the storage cannot answer")]
    Storage(#[from] StorageError),
    /// The storage cannot take a batch.
    #[error("the storage cannot take a batch")]
    Commit(#[source] Box<CommitError>),
    /// A record is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// A bug of the host: a task of its own ended without an answer.
    #[error("a task of the host ended without an answer: {0}")]
    Lost(&'static str),
}

impl Fault {
    /// Whether somebody else wrote first, and the same work done again may land.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Fault::Commit(error) => matches!(**error, CommitError::Conflict { .. }),
            Fault::Damaged(damaged) => matches!(damaged, Damaged::Keyless | Damaged::KeyLost),
            Fault::Busy | Fault::Storage(_) | Fault::Lost(_) => false,
        }
    }

    /// The budget that has too little left, when that is what kept a batch from landing.
    pub(crate) fn spent_budget(&self) -> Option<BudgetId> {
        match self {
            Fault::Commit(error) => match &**error {
                CommitError::BoundExceeded { key, .. } => keys::budget_of(key),
                _ => None,
            },
            _ => None,
        }
    }

    /// What to answer when `self`, a conflict, came at the last try: that others were always quicker, or what no
    /// number of tries puts right.
    pub(crate) fn at_last(self) -> Self {
        match self {
            Fault::Damaged(damaged) => Fault::Damaged(damaged),
            _ => Fault::Busy,
        }
    }
}

impl From<CommitError> for Fault {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Overloaded { .. } => Fault::Busy,
            error => Fault::Commit(Box::new(error)),
        }
    }
}

/// A record that is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    /// It opens, and says something else.
    #[error("the stored {what} cannot be read; it was written by a newer version or is damaged")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// What the reader found.
        source: serde_json::Error,
    },
    /// It does not open.
    #[error("the stored {what} cannot be opened")]
    Sealed {
        /// What it should be.
        what: &'static str,
        /// Why.
        source: Unsealable,
    },
    /// Records of a customer whose key was overwritten: they were erased meanwhile, or a backup brought them back.
    #[error(
        "a customer's key was erased and records are sealed with it; `rebound customer erase` removes them, and if nobody was erased, customer.keys is not the right one"
    )]
    Keyless,
    /// Records of a customer whose key was not there: somebody wrote or erased them meanwhile, or it is lost.
    #[error(
        "the stored customer key is missing though records are sealed with it; restore the data directory from a backup"
    )]
    KeyLost,
    /// The file of customers' key slots cannot be read or written.
    #[error("the file of customers' keys cannot be read or written")]
    Slots {
        /// Why.
        source: std::io::Error,
    },
    /// Something that another record names is not there.
    #[error(
        "the stored {what} is missing though another record names it; restore the data directory from a backup"
    )]
    Missing {
        /// What it should be.
        what: &'static str,
    },
}

/// Why a return got no plan.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The same event id came before with another body.
    #[error(
        "event {id} of {source_name} was already decided with another body; send a new event id, or the same body"
    )]
    EventConflict {
        /// Its source.
        source_name: String,
        /// Its id.
        id: String,
    },
    /// Another event has decided this return.
    #[error("return {return_id} was already decided by another event; read its plan, or use a new return id")]
    ReturnDecided {
        /// Which return.
        return_id: ReturnId,
    },
    /// The return was imported as one of the past.
    #[error("return {return_id} was imported as a past one and has no plan; use a new return id")]
    ReturnPast {
        /// Which return.
        return_id: ReturnId,
    },
    /// The event, or the return it is for, belongs to a customer who was erased.
    #[error(
        "return {return_id} was erased with its customer; an event that is new needs a new event id and a new return id"
    )]
    Erased {
        /// Which return.
        return_id: ReturnId,
    },
    /// What is held of the customer came back with a backup, and its key is gone.
    #[error(
        "this customer's key was erased and what is held of them opens to nobody; `rebound customer erase` removes it, then the same event starts a new person"
    )]
    Unopened,
    /// A line names a product that the catalogue does not hold.
    #[error("sku {sku} is not in the catalogue; import it first, then send the return again")]
    UnknownSku {
        /// Which.
        sku: Sku,
    },
    /// Another currency than the deployment's.
    #[error("the return is in {given}, this deployment trades in {currency}; convert it before sending")]
    Currency {
        /// What came.
        given: Currency,
        /// What is right.
        currency: Currency,
    },
    /// A field out of its range.
    #[error("{field} {problem}")]
    Invalid {
        /// Which field, as a JSON path.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The host's own trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why one line of an import was not taken. The others were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// A product the catalogue does not hold.
    #[error("sku {sku} is not in the catalogue; import the product first")]
    UnknownSku {
        /// Which.
        sku: Sku,
    },
    /// Another currency than the deployment's.
    #[error("currency {given} is not the deployment's {currency}; convert the amount")]
    Currency {
        /// What came.
        given: Currency,
        /// What is right.
        currency: Currency,
    },
    /// An order came before with other lines, or for somebody else.
    #[error(
        "order {id} is already known with other lines or another customer; neither can change, give a new order a new id"
    )]
    OrderConflict {
        /// Which.
        id: String,
    },
    /// What is held of the customer came back with a backup, and its key is gone.
    #[error(
        "this customer's key was erased and what is held of them opens to nobody; `rebound customer erase` removes it, then the line starts a new person"
    )]
    Unopened,
    /// A return came before with other lines, or for somebody else.
    #[error(
        "return {id} is already known with other lines or another customer; neither can change, give a new return a new id"
    )]
    ReturnConflict {
        /// Which.
        id: String,
    },
    /// A field out of its range.
    #[error("{field} {problem}")]
    Invalid {
        /// Which field.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// Why a component was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The sandbox refuses it.
    #[error(transparent)]
    Refused(#[from] rebound_sandbox::PublishError),
    /// Its manifest does not stand.
    #[error("the manifest's {field} does not stand: {problem}")]
    Manifest {
        /// Which field.
        field: String,
        /// Why.
        problem: String,
    },
    /// Its own words break rules, and the policy enforces them.
    #[error("{}", broken(.plugin, .violations))]
    ClaimsViolated {
        /// Which.
        plugin: PluginRef,
        /// Every one.
        violations: Vec<Violation>,
    },
    /// A template names a constant that was never declared.
    #[error(
        "{plugin} names the constant {{const.{key}}}, which nobody has declared; declare it first with PUT /v1/constants/{key}, with its words, its owner and its end"
    )]
    UnknownConstant {
        /// Which version.
        plugin: PluginRef,
        /// Which constant.
        key: ConstantKey,
    },
    /// The same bytes were published in another class.
    #[error(
        "{plugin} is already published with these bytes in the {} class, and published versions never change; publish it as {}, or raise the version",
        .class.word(), .class.word()
    )]
    ClassFixed {
        /// Which.
        plugin: PluginRef,
        /// The class it has.
        class: Class,
    },
    /// It names itself in a namespace that whoever sent it may not publish in.
    #[error(
        "{plugin} is not in a namespace that this token may publish in; its scopes are {grants}: ask for publish:{}/*, or rename the plugin",
        plugin.name.namespace()
    )]
    Foreign {
        /// Which.
        plugin: PluginRef,
        /// What whoever sent it may do.
        grants: Grants,
    },
    /// The version exists with other bytes.
    #[error(
        "{plugin} is already published with other bytes; raise the version, published versions never change"
    )]
    VersionTaken {
        /// Which.
        plugin: PluginRef,
    },
    /// Its namespace has as much as it may.
    #[error(
        "{plugin} would be {more} more to the {used} {what} of {namespace}, over its quota of {quota}; published versions are never taken back, so ask the operator to raise `{key}` of [namespaces.{namespace}]"
    )]
    OverQuota {
        /// Which version.
        plugin: Box<PluginRef>,
        /// Whose quota.
        namespace: Namespace,
        /// Of what.
        what: &'static str,
        /// Its key in the configuration.
        key: &'static str,
        /// What the namespace has.
        used: u64,
        /// What this version would add.
        more: u64,
        /// What it may have.
        quota: u64,
    },
    /// The host's own trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a route, experiment, policy or budget was not set.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// A plugin version that was never published.
    #[error("{plugin} is not published; publish it first")]
    UnknownPlugin {
        /// Which.
        plugin: PluginRef,
    },
    /// A plugin version that does not serve the stage.
    #[error("{plugin} does not export {stage}; it serves {serves}")]
    WrongStage {
        /// Which version.
        plugin: PluginRef,
        /// The stage asked for.
        stage: Stage,
        /// What it does export.
        serves: String,
    },
    /// Texts that nobody has approved.
    #[error(
        "the texts of {plugin} are not the operator's own, or in a language that the host has no word lists for, and nobody has approved them; read them with `rebound approve {plugin}`, then approve with `rebound approve {plugin} --owner YOU`"
    )]
    TemplatesUnapproved {
        /// Which version.
        plugin: PluginRef,
    },
    /// A version published while the rules were only reported.
    #[error("{}", broken(.plugin, .violations))]
    ClaimsViolated {
        /// Which version.
        plugin: PluginRef,
        /// Every one.
        violations: Vec<Violation>,
    },
    /// A config that the plugin's schema refuses.
    #[error("the config of {plugin} does not satisfy its schema at {path}: {problem}")]
    Config {
        /// Which version.
        plugin: PluginRef,
        /// JSON pointer into the config.
        path: String,
        /// Why.
        problem: String,
    },
    /// A rule of routes or experiments.
    #[error("{field} {problem}")]
    Invalid {
        /// Which field.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// Another experiment runs on the stage.
    #[error(
        "experiment {running} already runs on {stage}; stop it first, a stage has one experiment at a time"
    )]
    StageTaken {
        /// Which stage.
        stage: Stage,
        /// Which experiment.
        running: ExperimentKey,
    },
    /// The currency cannot change any more.
    #[error(
        "the deployment trades in {currency} and holds data in it; a new currency needs a new deployment"
    )]
    CurrencyFixed {
        /// Which.
        currency: Currency,
    },
    /// It was published, and does not load any more.
    #[error(
        "{plugin} cannot be loaded, so it cannot be routed; its compiled file is gone or of another build, and compiling it again fails"
    )]
    NotLoaded {
        /// Which version.
        plugin: PluginRef,
        /// Why.
        #[source]
        source: Box<LoadError>,
    },
    /// The host's own trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What whoever wrote the texts reads first; the whole list goes along.
fn broken(plugin: &PluginRef, violations: &[Violation]) -> String {
    let first = violations.first().map(|first| format!(", first {first}")).unwrap_or_default();
    format!(
        "the texts of {plugin} say what only facts may say, in {} places{first}; mend them all and raise the version",
        violations.len()
    )
}

macro_rules! faults {
    ($($error:ident),*) => {$(
        impl From<StorageError> for $error {
            fn from(error: StorageError) -> Self {
                $error::Fault(error.into())
            }
        }
        impl From<CommitError> for $error {
            fn from(error: CommitError) -> Self {
                $error::Fault(error.into())
            }
        }
        impl From<Damaged> for $error {
            fn from(error: Damaged) -> Self {
                $error::Fault(error.into())
            }
        }
    )*};
}

faults!(DecideError, PublishError, ControlError);
