//! From the engine's errors to problems: the one place that knows which error has which code.
//!
//! What is the caller's fault is said in the error's own words. What is the host's own trouble is said in
//! general; its reason goes to the log.

use std::error::Error;
use std::io::ErrorKind;

use axum::http::header;
use rebound_domain::access::{Reach, Scope};
use rebound_domain::ids::ReturnId;
use rebound_engine::{
    ControlError, Damaged, DecideError, Fault, LineError, PublishError, RecordingError, ReplayError,
    TokenError, chain,
};
use rebound_sandbox::{CompileError, LoadError};
use rebound_storage::{CommitError, StorageError, Unavailable};

use crate::access;
use crate::code::Code;
use crate::path;
use crate::problem::Problem;

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let chain = chain(&fault);
        match trouble(&fault) {
            Trouble::Passing => {
                let detail =
                    "more work is waiting than the host takes on; send the same request again in a moment";
                Problem::new(Code::Busy, detail)
            }
            Trouble::Storage => {
                let detail =
                    "the storage does not answer; send the same request again later, nothing is done twice";
                Problem::failure(Code::StorageUnavailable, detail, chain)
            }
            Trouble::Room(why) => {
                let detail = format!("nothing was written: {why}; send the same request again then");
                Problem::failure(Code::StorageUnavailable, &detail, chain)
            }
            Trouble::Bug => Problem::internal(chain),
        }
    }
}

/// What a fault means to whoever asked.
enum Trouble {
    /// The same request may well succeed next time.
    Passing,
    /// Nothing will succeed before somebody has looked at the storage.
    Storage,
    /// The disk has no room for anything more, and that passes.
    Room(String),
    /// The host did something wrong, or finds what it cannot have written.
    Bug,
}

fn trouble(fault: &Fault) -> Trouble {
    match fault {
        Fault::Busy => Trouble::Passing,
        Fault::Storage(error) => storage_trouble(error),
        Fault::Commit(error) => match error.as_ref() {
            // A conflict that outlived its retries.
            CommitError::Conflict { .. } | CommitError::Overloaded { .. } => Trouble::Passing,
            CommitError::Unavailable(why @ (Unavailable::Full { .. } | Unavailable::ReadOnly)) => {
                Trouble::Room(why.to_string())
            }
            CommitError::Unavailable(_) | CommitError::Unknown(_) => Trouble::Storage,
            CommitError::Unreadable(error) => storage_trouble(error),
            CommitError::BoundExceeded { .. } | CommitError::Invalid(_) => Trouble::Bug,
        },
        Fault::Damaged(Damaged::Slots { source }) => match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Trouble::Room("the disk of customer.keys is full; free some space".to_owned())
            }
            ErrorKind::ReadOnlyFilesystem => Trouble::Room(
                "the file system of customer.keys has become read-only; mount it again".to_owned(),
            ),
            _ => Trouble::Storage,
        },
        Fault::Damaged(_) | Fault::Lost(_) => Trouble::Bug,
    }
}

fn storage_trouble(error: &StorageError) -> Trouble {
    match error {
        StorageError::Unavailable(_) | StorageError::Read(_) => Trouble::Storage,
        StorageError::Invalid(_) | StorageError::Corrupt { .. } => Trouble::Bug,
    }
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        let detail = error.to_string();
        match error {
            DecideError::EventConflict { .. } => Problem::new(Code::EventConflict, detail),
            DecideError::ReturnDecided { return_id } => {
                Problem::new(Code::ReturnAlreadyDecided, detail).plan(plan_address(&return_id))
            }
            DecideError::Erased { .. } | DecideError::Unopened => Problem::new(Code::Erased, detail),
            DecideError::ReturnPast { .. } => Problem::new(Code::ReturnAlreadyDecided, detail),
            DecideError::UnknownSku { .. } => Problem::new(Code::UnknownSku, detail),
            DecideError::Currency { .. } => Problem::new(Code::CurrencyMismatch, detail).field("currency"),
            DecideError::Invalid { field, .. } => Problem::new(Code::InvalidField, detail).field(field),
            DecideError::Fault(fault) => fault.into(),
        }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let detail = error.to_string();
        match error {
            PublishError::Refused(rebound_sandbox::PublishError::Compile(CompileError::Child { .. })) => {
                Problem::internal(chain(&error))
            }
            PublishError::Refused(_) => Problem::new(Code::PluginRefused, detail),
            PublishError::Manifest { field, .. } => Problem::new(Code::PluginRefused, detail).field(field),
            PublishError::ClaimsViolated { violations, .. } => {
                Problem::new(Code::ClaimsViolated, detail).violations(violations)
            }
            PublishError::Foreign { plugin, .. } => {
                let wanted = Scope::Publish(Reach::Within(plugin.name.namespace()));
                Problem::new(Code::Forbidden, detail)
                    .header(header::WWW_AUTHENTICATE, access::insufficient(&wanted))
            }
            PublishError::UnknownConstant { .. } => Problem::new(Code::UnknownConstant, detail),
            PublishError::VersionTaken { .. } | PublishError::ClassFixed { .. } => {
                Problem::new(Code::VersionTaken, detail)
            }
            PublishError::OverQuota { .. } => Problem::new(Code::QuotaExceeded, detail),
            PublishError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let detail = error.to_string();
        match error {
            ControlError::UnknownPlugin { .. } => Problem::new(Code::UnknownPlugin, detail),
            ControlError::WrongStage { .. } => Problem::new(Code::WrongStage, detail),
            ControlError::TemplatesUnapproved { .. } => Problem::new(Code::TemplatesUnapproved, detail),
            ControlError::ClaimsViolated { violations, .. } => {
                Problem::new(Code::ClaimsViolated, detail).violations(violations)
            }
            ControlError::Config { path, .. } => Problem::new(Code::InvalidConfig, detail).field(path),
            ControlError::Invalid { field, .. } => Problem::new(Code::InvalidField, detail).field(field),
            ControlError::StageTaken { .. } => Problem::new(Code::StageTaken, detail),
            ControlError::CurrencyFixed { .. } => Problem::new(Code::CurrencyFixed, detail).field("currency"),
            ControlError::NotLoaded { ref source, .. } => not_loaded(&error, source),
            ControlError::Fault(fault) => fault.into(),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let detail = error.to_string();
        match error {
            TokenError::Terms(error) => Problem::new(Code::InvalidField, detail).field(error.field()),
            TokenError::Overlap { .. } => Problem::new(Code::InvalidField, detail).field("overlap_ms"),
            TokenError::TooMany => Problem::new(Code::InvalidField, detail),
            TokenError::Beyond { scope } => Problem::new(Code::Forbidden, detail)
                .header(header::WWW_AUTHENTICATE, access::insufficient(&scope)),
            TokenError::Unknown { .. } => Problem::new(Code::NotFound, detail),
            TokenError::Ended { .. } => Problem::new(Code::TokenEnded, detail),
            TokenError::Fault(fault) => fault.into(),
        }
    }
}

impl From<RecordingError> for Problem {
    fn from(error: RecordingError) -> Self {
        let detail = error.to_string();
        match error {
            RecordingError::Unknown { .. } | RecordingError::Erased { .. } => {
                Problem::new(Code::NotFound, detail)
            }
            RecordingError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let detail = error.to_string();
        match error {
            ReplayError::Recording(error) => error.into(),
            ReplayError::UnknownPlugin { .. } => Problem::new(Code::UnknownPlugin, detail),
            ReplayError::Truncated { .. } | ReplayError::Digest { .. } | ReplayError::NotInvolved { .. } => {
                Problem::new(Code::NotReplayable, detail)
            }
            ReplayError::NotLoaded { ref source, .. } => not_loaded(&error, source),
            ReplayError::Fault(fault) => fault.into(),
        }
    }
}

/// A version that does not load: limits that were lowered since are the operator's, all else is the host's own trouble.
fn not_loaded(error: &dyn Error, source: &LoadError) -> Problem {
    match source {
        LoadError::Read { .. }
        | LoadError::Digest { .. }
        | LoadError::Compile(CompileError::Child { .. }) => Problem::internal(chain(error)),
        LoadError::Refused(_) | LoadError::Compile(_) | LoadError::Link(_) => {
            let detail =
                format!("{error}: {source}; raise the limit that it names, or publish another version");
            Problem::new(Code::PluginNotLoaded, detail)
        }
    }
}

/// The code of an import's bad line.
pub(crate) fn line_code(error: &LineError) -> Code {
    match error {
        LineError::UnknownSku { .. } => Code::UnknownSku,
        LineError::Currency { .. } => Code::CurrencyMismatch,
        LineError::OrderConflict { .. } => Code::OrderConflict,
        LineError::Unopened => Code::Erased,
        LineError::ReturnConflict { .. } => Code::ReturnAlreadyDecided,
        LineError::Invalid { .. } => Code::InvalidField,
    }
}

/// Where a return's plan is read.
pub(crate) fn plan_address(return_id: &ReturnId) -> String {
    format!("/v1/returns/{}", path::encode(return_id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_without_room_is_told_from_one_that_is_broken() {
        let detail = |kind: ErrorKind| {
            let problem = Problem::from(Fault::Damaged(Damaged::Slots { source: kind.into() }));
            assert_eq!(problem.code(), Code::StorageUnavailable);
            problem.detail().to_owned()
        };
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert!(detail(kind).contains("the disk of customer.keys is full"), "{kind}");
        }
        assert!(detail(ErrorKind::ReadOnlyFilesystem).contains("read-only"));
        assert!(!detail(ErrorKind::Other).contains("customer.keys"), "nothing internal is told");
    }
}
