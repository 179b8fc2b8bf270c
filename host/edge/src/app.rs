//! The routes as one service, apart from serving it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use rebound_engine::Engine;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;

use crate::auth::{self, AuthPolicy};
use crate::code::Code;
use crate::observe::{Observation, observe};
use crate::problem::Problem;
use crate::strikes::Strikes;
use crate::{openapi, routes};

/// Components that may be on their way in at once; each is held in memory whole.
const UPLOADS_MAX: usize = 2;
/// Imports that may go on at once. Each holds a chunk of 1 MiB, its parsed lines and what the network has sent: a
/// few MiB, so all of them together stay in the low hundreds. Connections alone would let thousands in.
const IMPORTS_MAX: usize = 32;

/// What every route shares. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    engine: Engine,
    auth: AuthPolicy,
    readiness: Readiness,
    timeouts: Timeouts,
    strikes: Strikes,
    uploads: Arc<Semaphore>,
    imports: Arc<Semaphore>,
    /// One backup at a time: each reads everything.
    backups: Arc<Semaphore>,
    document: Bytes,
}

/// How long a client may take to send a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a whole body of bounded size.
    pub body: Duration,
    /// Between two pieces of an import, which is as long as it likes.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { body: Duration::from_secs(30), idle: Duration::from_secs(30) }
    }
}

/// Whether the service wants traffic. Cheap to clone; every clone is the same switch.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// From now on no new traffic is wanted; what comes is served all the same.
    pub fn withdraw(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether traffic is wanted.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl AppState {
    /// What the routes need.
    #[must_use]
    pub fn new(engine: Engine, auth: AuthPolicy, readiness: Readiness, timeouts: Timeouts) -> Self {
        let shared = Shared {
            engine,
            auth,
            readiness,
            timeouts,
            strikes: Strikes::new(auth::monotonic_micros()),
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
            imports: Arc::new(Semaphore::new(IMPORTS_MAX)),
            backups: Arc::new(Semaphore::new(1)),
            document: openapi::document(),
        };
        Self(Arc::new(shared))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn auth(&self) -> &AuthPolicy {
        &self.0.auth
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    pub(crate) fn strikes(&self) -> &Strikes {
        &self.0.strikes
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.0.timeouts
    }

    /// The right to send a component; none while as many as there may be are on their way or being published.
    pub(crate) fn upload_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.uploads).try_acquire_owned().ok()
    }

    /// The right to import; none while as many imports as there may be go on.
    pub(crate) fn import_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.imports).try_acquire_owned().ok()
    }

    /// The right to make a backup; none while one is being made.
    pub(crate) fn backup_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.backups).try_acquire_owned().ok()
    }

    pub(crate) fn document(&self) -> Bytes {
        self.0.document.clone()
    }
}

/// The whole API: routes, authentication, problems for everything that is not found, panics caught, answers
/// logged and marked as private.
pub fn app(state: AppState) -> Router {
    observed_app(state, Observation::default())
}

/// Like [`app`], and watched as `observation` says.
pub fn observed_app(state: AppState, observation: Observation) -> Router {
    let (guarded, _) = routes::guarded().split_for_parts();
    let (probes, _) = routes::probes().split_for_parts();
    let guarded = guarded
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), auth::authenticate));
    let (public, _) = routes::public().split_for_parts();
    let open = probes.merge(public).method_not_allowed_fallback(method_not_allowed);
    watched(guarded.merge(open), observation).with_state(state)
}

/// Panics caught, answers logged and marked as private.
fn watched<S: Clone + Send + Sync + 'static>(router: Router<S>, observation: Observation) -> Router<S> {
    router.layer(CatchPanicLayer::custom(panicked)).layer(from_fn_with_state(observation, observe))
}

async fn not_found(request: Request) -> Problem {
    let path = request.uri().path();
    Problem::new(Code::NotFound, format!("{path} is no path of this API; /openapi.json lists them all"))
}

async fn method_not_allowed(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::new(
        Code::MethodNotAllowed,
        format!("{path} does not take {method}; the allow header lists what it takes"),
    )
}

fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    Problem::internal(format!("a handler panicked: {message}")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{StatusCode, header};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::problem::PROBLEM_JSON;

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_for_without_its_message() {
        let router = Router::new().route("/", get(|| async { panic!("a secret bug") as &str }));
        let app: Router = watched(router, Observation::default());
        let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("\"internal\"") && !text.contains("secret"), "{text}");
    }
}
