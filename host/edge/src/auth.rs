//! Who may ask: a bearer token, or, while developing, whoever is on this machine.

use std::fmt;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::app::AppState;
use crate::code::Code;
use crate::problem::Problem;

/// Who may ask.
#[derive(Clone)]
pub enum AuthPolicy {
    /// Whoever knows the token.
    Token(TokenDigest),
    /// Everybody. For development on a loopback address: a request that names another host is refused, so that no
    /// web page can reach it by pointing a name of its own here (DNS rebinding).
    Open,
}

impl AuthPolicy {
    /// Asks for this token. The token itself is not kept.
    #[must_use]
    pub fn token(token: &str) -> Self {
        Self::Token(TokenDigest(Sha256::digest(token).into()))
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self {
            Self::Token(digest) => match bearer(headers) {
                None => Err(unauthorized("no token came; send authorization: Bearer and the admin token")),
                Some(token) if digest.is_of(token) => Ok(()),
                Some(_) => Err(unauthorized("the token is not the admin token of this deployment")),
            },
            Self::Open => match headers.get(header::HOST).map(HeaderValue::to_str) {
                Some(Ok(host)) if !is_loopback(host) => {
                    let detail =
                        format!("this server answers on its loopback address only, not for host {host}");
                    Err(Problem::new(Code::MisdirectedRequest, detail))
                }
                Some(Err(_)) => Err(Problem::new(Code::MisdirectedRequest, "the host header is not a name")),
                _ => Ok(()),
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

/// Lets through what may pass.
pub(crate) async fn authenticate(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    state.auth().check(request.headers())?;
    Ok(next.run(request).await)
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
            assert!(policy.check(&headers(&[("authorization", good)])).is_ok(), "{good}");
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
            let problem = policy.check(&headers(&[("authorization", bad)])).unwrap_err();
            assert_eq!(problem.code(), Code::Unauthorized, "{bad}");
        }
        assert!(policy.check(&HeaderMap::new()).is_err());
        let twice = headers(&[("authorization", "Bearer secret"), ("authorization", "Bearer other")]);
        assert!(policy.check(&twice).is_err());
    }

    #[test]
    fn an_open_server_answers_for_loopback_names_only() {
        for good in
            ["localhost", "localhost:8080", "127.0.0.1:80", "127.9.9.9", "[::1]:8080", "[::1]", "LOCALHOST"]
        {
            assert!(AuthPolicy::Open.check(&headers(&[("host", good)])).is_ok(), "{good}");
        }
        for bad in
            ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "[::2]:80", "", ":80"]
        {
            let problem = AuthPolicy::Open.check(&headers(&[("host", bad)])).unwrap_err();
            assert_eq!(problem.code(), Code::MisdirectedRequest, "{bad}");
        }
        assert!(AuthPolicy::Open.check(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_policy_never_prints_its_token() {
        assert_eq!(format!("{:?}", AuthPolicy::token("secret")), "Token(..)");
    }
}
