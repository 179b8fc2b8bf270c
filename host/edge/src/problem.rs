//! Problem documents (RFC 9457): the one shape of every answer that is not the one asked for.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rebound_domain::claims;
use rebound_engine::random;
use serde::Serialize;
use utoipa::ToSchema;

use crate::code::Code;
use crate::wire::claims::Violation;

/// The media type of a problem document.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// Most bytes of a detail: it may quote what was sent, which may be large.
const DETAIL_BYTES_MAX: usize = 1024;

/// Why a request got no answer.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    body: ProblemBody,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Cause>,
}

/// What the log says of a problem whose reason the caller is not told. Travels in the response's extensions.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    /// Names this failure in the answer and in the log.
    pub(crate) incident: String,
    /// The whole chain of errors.
    pub(crate) chain: String,
}

/// RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A URN made of the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means in general.
    title: &'static str,
    /// The status, again.
    status: u16,
    /// The stable word to match on.
    code: &'static str,
    /// What is wrong here and what to do about it.
    detail: String,
    /// Which part of the request, as a path into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Where the plan of the return is, when it was decided already.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// Every rule of claims that a version's texts break.
    #[serde(skip_serializing_if = "Option::is_none")]
    violations: Option<Vec<Violation>>,
    /// Names this failure in the host's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let body = ProblemBody {
            kind: format!("urn:rebound:problem:{code}"),
            title: code.title(),
            status: code.status().as_u16(),
            code: code.word(),
            detail: cut(detail.into()),
            field: None,
            plan: None,
            violations: None,
            incident: None,
        };
        let mut problem = Self(Box::new(Parts { code, body, headers: Vec::new(), cause: None }));
        if let Some(seconds) = code.retry_after_seconds() {
            problem = problem.header(header::RETRY_AFTER, seconds.into());
        }
        problem
    }

    /// A failure of the host: the reason goes to the log, under a name that the caller is told.
    pub(crate) fn failure(code: Code, detail: &str, chain: String) -> Self {
        let incident = format!("{:016x}", u64::from_ne_bytes(random()));
        let mut problem =
            Self::new(code, format!("{detail}; the host's log tells more under incident {incident}"));
        problem.0.body.incident = Some(incident.clone());
        problem.0.cause = Some(Cause { incident, chain });
        problem
    }

    /// A bug of the host.
    pub(crate) fn internal(chain: String) -> Self {
        Self::failure(Code::Internal, "the host failed on this request", chain)
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.0.body.field = Some(cut(field.into()));
        self
    }

    /// Names the plan that the return has already.
    pub(crate) fn plan(mut self, address: String) -> Self {
        let link = HeaderValue::try_from(format!("<{address}>; rel=\"related\""));
        self.0.body.plan = Some(address);
        self.header(header::LINK, link.expect("an address is percent-encoded ASCII"))
    }

    /// Lists what a version's texts say and must not.
    pub(crate) fn violations(mut self, violations: Vec<claims::Violation>) -> Self {
        self.0.body.violations = Some(violations.iter().map(Into::into).collect());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// The document, for an answer that tells of several requests.
    pub(crate) fn body(&self) -> &ProblemBody {
        &self.0.body
    }

    /// What the log is told and the caller is not.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.body.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { code, body, headers, cause } = *self.0;
        let bytes = serde_json::to_vec(&body).expect("a problem has string keys and whole numbers only");
        let mut response = (code.status(), [(header::CONTENT_TYPE, PROBLEM_JSON)], bytes).into_response();
        response.headers_mut().extend(headers.into_iter().map(|(name, value)| (Some(name), value)));
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

fn cut(mut text: String) -> String {
    if text.len() > DETAIL_BYTES_MAX {
        text.truncate(text.floor_char_boundary(DETAIL_BYTES_MAX));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_that_quotes_much_is_cut_between_characters() {
        let problem = Problem::new(Code::InvalidField, "退".repeat(1000)).field("x".repeat(5000));
        assert_eq!(problem.detail(), format!("{}…", "退".repeat(341)));
        assert_eq!(problem.0.body.field.map(|field| field.len()), Some(DETAIL_BYTES_MAX + '…'.len_utf8()));
    }

    #[test]
    fn a_failure_tells_its_reason_to_the_log_only() {
        let response = Problem::internal("disk /dev/secret broke".to_owned()).into_response();
        let cause = response.extensions().get::<Cause>().unwrap();
        assert_eq!(cause.chain, "disk /dev/secret broke");
        let problem = Problem::internal("disk /dev/secret broke".to_owned());
        assert!(problem.detail().contains(&problem.0.cause.as_ref().unwrap().incident));
        assert!(!problem.detail().contains("secret"));
    }

    #[test]
    fn codes_are_distinct_snake_case_words() {
        let words: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    }
}
