//! Who asks, for handlers: put into the request by [`crate::auth`], taken out here.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rebound_domain::access::{Caller, Scope};
use rebound_domain::ids::PluginName;
use rebound_engine::Engine;

use crate::access::forbidden;
use crate::app::AppState;
use crate::problem::Problem;

/// Who asks.
pub(crate) struct Asker(pub(crate) Arc<Caller>);

/// The engine in the name of whoever asks. Whatever changes something goes through it, so that the audit log names
/// them.
pub(crate) struct Acting(pub(crate) Engine);

impl Asker {
    /// Asks for a scope that a route does not need always.
    ///
    /// # Errors
    /// [`Problem`] naming the scope.
    pub(crate) fn require(&self, scope: &Scope) -> Result<(), Problem> {
        match self.0.grants.allow(scope) {
            true => Ok(()),
            false => Err(forbidden(&self.0.grants, scope)),
        }
    }

    /// Whether what a plugin did may be shown.
    pub(crate) fn sees(&self, plugin: &PluginName) -> bool {
        self.0.grants.sees(&plugin.namespace())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Arc<Caller>>().cloned();
        caller.map(Self).ok_or_else(|| Problem::internal("a route behind no authentication".to_owned()))
    }
}

impl FromRequestParts<AppState> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Asker(caller) = Asker::from_request_parts(parts, state).await?;
        Ok(Self(state.engine().acting(caller)))
    }
}
