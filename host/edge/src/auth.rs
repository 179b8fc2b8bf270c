//! Who may ask: the holder of a token, or, while developing, whoever is on this machine. What they may do is
//! [`crate::access`]'s.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use rebound_domain::access::Caller;
use rebound_engine::Refused;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::access;
use crate::app::AppState;
use crate::code::Code;
use crate::problem::Problem;
use crate::strikes::Peer;

/// Who may ask.
#[derive(Clone)]
pub enum AuthPolicy {
    /// Whoever knows the admin token, or has a token of their own.
    Token(TokenDigest),
    /// Everybody. For development on a loopback address: a request that names another host is refused, so that no
    /// web page can reach it by pointing a name of its own here (DNS rebinding).
    Open,
}

impl AuthPolicy {
    /// Asks for a token; this one is the admin's, and is not kept.
    #[must_use]
    pub fn token(token: &str) -> Self {
        Self::Token(TokenDigest(Sha256::digest(token).into()))
    }

    /// Who sent these headers; `tokens` tells who has a token that is not the admin's.
    fn identify(
        &self,
        headers: &HeaderMap,
        tokens: impl FnOnce(&str) -> Result<Arc<Caller>, Refused>,
    ) -> Result<Arc<Caller>, Problem> {
        static ADMIN: LazyLock<Arc<Caller>> = LazyLock::new(|| Arc::new(Caller::admin()));
        static DEV: LazyLock<Arc<Caller>> = LazyLock::new(|| Arc::new(Caller::dev()));
        match self {
            Self::Token(digest) => match bearer(headers) {
                None => Err(unauthorized("no token came; send authorization: Bearer and a token")),
                Some(token) if digest.is_of(token) => Ok(Arc::clone(&ADMIN)),
                Some(token) => tokens(&String::from_utf8_lossy(token)).map_err(refused),
            },
            Self::Open => match headers.get(header::HOST).map(HeaderValue::to_str) {
                Some(Ok(host)) if !is_loopback(host) => {
                    let detail =
                        format!("this server answers on its loopback address only, not for host {host}");
                    Err(Problem::new(Code::MisdirectedRequest, detail))
                }
                Some(Err(_)) => Err(Problem::new(Code::MisdirectedRequest, "the host header is not a name")),
                _ => Ok(Arc::clone(&DEV)),
            },
        }
    }
}

impl fmt::Debug for AuthPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::Open => "Open",
        })
    }
}

/// SHA-256 of the token: what is compared takes the same time whatever was sent, its length included.
#[derive(Clone)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    fn is_of(&self, token: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(token).into();
        self.0.ct_eq(&given).into()
    }
}

/// Lets through what may pass, and says in the request who it is.
pub(crate) async fn authenticate(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let engine = state.engine();
    let tokens = |token: &str| engine.authenticate(token, engine.wall_now());
    let caller = state.auth().identify(request.headers(), tokens);
    let caller = caller.map_err(|problem| struck(&state, &request, problem))?;
    // What matches no route is not found, for whoever has a token.
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        let need = access::need(request.method(), route.as_str())?;
        need.check(&caller.grants, route.as_str(), request.uri().path())?;
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// What a failed request is answered: that it failed, or, to a peer that failed too often, when to try again. A valid token
/// never comes here.
fn struck(state: &AppState, request: &Request, problem: Problem) -> Problem {
    let peer = request.extensions().get::<Peer>().filter(|_| problem.code() == Code::Unauthorized);
    let Some(peer) = peer else { return problem };
    match state.strikes().note(*peer, monotonic_micros()) {
        Ok(()) => problem,
        Err(micros) => {
            let detail = "too many requests without a valid token came from this address; send a valid one, or try again later";
            too_often(detail.to_owned(), Duration::from_micros(micros))
        }
    }
}

/// Since the first request of the process. The wall's clock may go back.
pub(crate) fn monotonic_micros() -> u64 {
    static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn too_often(detail: String, wait: Duration) -> Problem {
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    let seconds = u16::try_from(seconds).unwrap_or(u16::MAX);
    Problem::new(Code::RateLimited, detail).header(header::RETRY_AFTER, seconds.into())
}

/// Why a token does not pass. The same text for whatever is none of ours.
fn refused(refused: Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::TooOften { wait, .. } => too_often(detail, wait),
        _ => unauthorized(&detail),
    }
}

fn unauthorized(detail: &str) -> Problem {
    let challenge = HeaderValue::from_static("Bearer realm=\"rebound\"");
    Problem::new(Code::Unauthorized, detail).header(header::WWW_AUTHENTICATE, challenge)
}

/// The token of the one authorization header; its scheme is written in any case (RFC 9110).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _port)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _port)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &AuthPolicy, headers: &HeaderMap) -> Result<(), Problem> {
        policy.identify(headers, |_| Err(Refused::Unknown)).map(drop)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        pairs.iter().map(pair).for_each(|(name, value): (axum::http::HeaderName, _)| {
            headers.append(name, value);
        });
        headers
    }

    #[test]
    fn only_the_one_bearer_token_passes() {
        let policy = AuthPolicy::token("secret");
        for good in ["Bearer secret", "bearer secret", "BEARER  secret "] {
            assert!(check(&policy, &headers(&[("authorization", good)])).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer secre",
            "Bearer secrets",
            "Basic secret",
            "secret",
            "Bearersecret",
        ] {
            let problem = check(&policy, &headers(&[("authorization", bad)])).unwrap_err();
            assert_eq!(problem.code(), Code::Unauthorized, "{bad}");
        }
        assert!(check(&policy, &HeaderMap::new()).is_err());
        let twice = headers(&[("authorization", "Bearer secret"), ("authorization", "Bearer other")]);
        assert!(check(&policy, &twice).is_err());
    }

    #[test]
    fn an_open_server_answers_for_loopback_names_only() {
        for good in
            ["localhost", "localhost:8080", "127.0.0.1:80", "127.9.9.9", "[::1]:8080", "[::1]", "LOCALHOST"]
        {
            assert!(check(&AuthPolicy::Open, &headers(&[("host", good)])).is_ok(), "{good}");
        }
        for bad in
            ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "[::2]:80", "", ":80"]
        {
            let problem = check(&AuthPolicy::Open, &headers(&[("host", bad)])).unwrap_err();
            assert_eq!(problem.code(), Code::MisdirectedRequest, "{bad}");
        }
        assert!(check(&AuthPolicy::Open, &HeaderMap::new()).is_ok());
    }

    #[test]
    fn another_token_is_whoevers_the_engine_says() {
        let policy = AuthPolicy::token("secret");
        let holder = Arc::new(Caller::dev());
        let asked = policy.identify(&headers(&[("authorization", "Bearer rbt_x")]), |token| {
            assert_eq!(token, "rbt_x");
            Ok(Arc::clone(&holder))
        });
        assert_eq!(asked.unwrap(), holder);
        let admin =
            policy.identify(&headers(&[("authorization", "Bearer secret")]), |_| Err(Refused::Unknown));
        assert_eq!(*admin.unwrap(), Caller::admin());
    }

    #[test]
    fn a_request_too_many_says_when_there_is_room_in_whole_seconds() {
        for (millis, seconds) in [(1, "1"), (1_000, "1"), (1_001, "2"), (59_001, "60")] {
            let wait = std::time::Duration::from_millis(millis);
            let problem = refused(Refused::TooOften { per_second: 1, burst: 1, wait });
            assert_eq!(problem.code(), Code::RateLimited);
            let response = axum::response::IntoResponse::into_response(problem);
            assert_eq!(response.headers()[header::RETRY_AFTER], seconds);
        }
    }

    #[test]
    fn a_policy_never_prints_its_token() {
        assert_eq!(format!("{:?}", AuthPolicy::token("secret")), "Token(..)");
    }
}
