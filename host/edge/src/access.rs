//! Which route needs which scope: one table. A route that does not stand in it keeps the service from starting.
//!
//! The same table writes `security` into the published document, and a test walks that document and tries every
//! operation with every scope.

use axum::http::{HeaderValue, Method, header};
use percent_encoding::percent_decode_str;
use rebound_domain::access::{Grants, Reach, Scope};
use rebound_domain::ids::Namespace;
use serde_json::{Value, json};

use crate::code::Code;
use crate::problem::Problem;

/// What a route asks of whoever calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// Any token: the answer is the same for everybody.
    Token,
    /// A scope for the whole deployment.
    Scope(Scope),
    /// To publish in some namespace. In which, the component says: the engine asks.
    PublishSome,
    /// To see some namespace. The handler shows no other.
    SeeSome,
    /// To see the namespace that the path names as `{namespace}`.
    SeeNamed,
}

const EVENTS: Need = Need::Scope(Scope::Events);
const CATALOGUE: Need = Need::Scope(Scope::Catalogue);
const READ: Need = Need::Scope(Scope::Read(Reach::Everywhere));
const OPERATE: Need = Need::Scope(Scope::Operate);
const ADMIN: Need = Need::Scope(Scope::Admin);
const PERSON: Need = Need::Scope(Scope::PersonalData);

/// Every route that asks for a token. The ones that are asked most come first.
static TABLE: &[(&str, &str, Need)] = &[
    ("POST", "/v1/returns", EVENTS),
    ("GET", "/v1/returns/{return_id}", EVENTS),
    ("GET", "/v1/holds", EVENTS),
    ("POST", "/v1/orders", EVENTS),
    ("POST", "/v1/customers", EVENTS),
    ("POST", "/v1/past-returns", EVENTS),
    ("POST", "/v1/catalog", CATALOGUE),
    ("GET", "/v1/customers/{customer_id}", PERSON),
    ("DELETE", "/v1/customers/{customer_id}", PERSON),
    ("POST", "/v1/plugins", Need::PublishSome),
    ("GET", "/v1/plugins", Need::SeeSome),
    ("GET", "/v1/plugins/{namespace}/{name}/{version}/approval", Need::SeeNamed),
    ("POST", "/v1/plugins/{namespace}/{name}/{version}/approval", OPERATE),
    ("GET", "/v1/namespaces/{namespace}", Need::SeeNamed),
    ("GET", "/v1/namespaces/{namespace}/figures", Need::SeeNamed),
    ("GET", "/v1/namespaces/{namespace}/violations", Need::SeeNamed),
    ("GET", "/v1/quarantine", Need::SeeSome),
    ("POST", "/v1/quarantine/{namespace}/{name}/{version}/{stage}/hold", OPERATE),
    ("POST", "/v1/quarantine/{namespace}/{name}/{version}/{stage}/release", OPERATE),
    ("GET", "/v1/violations", Need::SeeSome),
    // A recording holds what every namespace's versions were given and said.
    ("GET", "/v1/recordings", READ),
    ("GET", "/v1/recordings/{id}", READ),
    ("POST", "/v1/recordings/{id}/replay", READ),
    ("PUT", "/v1/routes/{stage}", OPERATE),
    ("GET", "/v1/routes/{stage}", READ),
    ("PUT", "/v1/experiments/{key}", OPERATE),
    ("GET", "/v1/experiments/{key}", READ),
    ("GET", "/v1/experiments", READ),
    ("PUT", "/v1/policy", OPERATE),
    ("GET", "/v1/policy", READ),
    ("PUT", "/v1/budgets/{id}", OPERATE),
    ("GET", "/v1/budgets/{id}", READ),
    ("GET", "/v1/budgets", READ),
    ("PUT", "/v1/constants/{key}", OPERATE),
    ("GET", "/v1/constants/{key}", READ),
    ("GET", "/v1/constants", READ),
    ("GET", "/v1/audit", OPERATE),
    ("POST", "/v1/backups", ADMIN),
    ("POST", "/v1/tokens", ADMIN),
    ("GET", "/v1/tokens", ADMIN),
    ("DELETE", "/v1/tokens/{id}", ADMIN),
    ("POST", "/v1/tokens/{id}/rotate", ADMIN),
    ("GET", "/metrics", READ),
];

/// What a request needs that was matched to a route.
///
/// # Errors
/// [`Problem`] for a route that nobody gave a scope: it stays closed.
pub(crate) fn need(method: &Method, route: &str) -> Result<&'static Need, Problem> {
    // GET's handlers answer HEAD too.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut of_route = TABLE.iter().filter(|(_, path, _)| *path == route).peekable();
    if of_route.peek().is_none() {
        return Err(Problem::internal(format!("{route} has no scope in the table of access")));
    }
    // Another method than the route takes is answered with 405, whatever the scopes.
    Ok(of_route.find(|(it, _, _)| *it == method.as_str()).map_or(&Need::Token, |(_, _, need)| need))
}

impl Need {
    /// Whether the grants are enough for a request to a route.
    ///
    /// # Errors
    /// [`Problem`] naming the scope that is missing.
    pub(crate) fn check(&self, grants: &Grants, route: &str, path: &str) -> Result<(), Problem> {
        let everywhere = Scope::Read(Reach::Everywhere);
        let (is_granted, wanted) = match self {
            Need::Token => return Ok(()),
            Need::Scope(scope) => (grants.allow(scope), scope.clone()),
            Need::PublishSome => (grants.publish_some(), Scope::Publish(Reach::Everywhere)),
            Need::SeeSome => (grants.see_some(), everywhere),
            Need::SeeNamed => {
                let named = named(route, path);
                let wanted = named.map_or(everywhere, |named| Scope::Read(Reach::Within(named)));
                (grants.allow(&wanted), wanted)
            }
        };
        match is_granted {
            true => Ok(()),
            false => Err(forbidden(grants, &wanted)),
        }
    }

    /// The scopes of which any one is enough, as the document tells them.
    fn security(&self) -> Value {
        let words = match self {
            Need::Token => return json!([{ "bearer": [] }]),
            Need::Scope(scope) => vec![scope.to_string()],
            Need::PublishSome => vec!["publish".to_owned(), "publish:{namespace}/*".to_owned()],
            Need::SeeSome => vec![
                "read".to_owned(),
                "read:{namespace}/*".to_owned(),
                "publish".to_owned(),
                "publish:{namespace}/*".to_owned(),
            ],
            Need::SeeNamed => vec![
                "read".to_owned(),
                "read:{namespace}/*".to_owned(),
                "publish".to_owned(),
                "publish:{namespace}/*".to_owned(),
            ],
        };
        words.iter().map(|word| json!({ "bearer": [word] })).collect()
    }
}

/// The namespace that stands in the path where the route says so; none when it is not one.
fn named(route: &str, path: &str) -> Option<Namespace> {
    let mut parts = route.split('/').zip(path.split('/'));
    let (_, part) = parts.find(|(name, _)| *name == "{namespace}")?;
    Namespace::new(percent_decode_str(part).decode_utf8().ok()?).ok()
}

/// Says which scope is missing, in words and as RFC 6750 has it.
pub(crate) fn forbidden(grants: &Grants, wanted: &Scope) -> Problem {
    let detail = format!(
        "this asks for the scope {wanted}, and the token has {grants}; ask an admin for a token with that scope"
    );
    Problem::new(Code::Forbidden, detail).header(header::WWW_AUTHENTICATE, insufficient(wanted))
}

/// What a 403 challenges with.
pub(crate) fn insufficient(wanted: &Scope) -> HeaderValue {
    let challenge = format!("Bearer realm=\"rebound\", error=\"insufficient_scope\", scope=\"{wanted}\"");
    HeaderValue::try_from(challenge).expect("scopes are printable ASCII")
}

/// Adds to an operation of the document what it asks for.
///
/// # Panics
/// When the route does not stand in the table: a service with a route that nobody guards does not start.
pub(crate) fn describe(method: &str, path: &str, operation: &mut Value) {
    let method = method.to_uppercase();
    let found = TABLE.iter().find(|(it, route, _)| *it == method && *route == path);
    let (_, _, need) = found.unwrap_or_else(|| panic!("{method} {path} has no scope in the table of access"));
    operation["security"] = need.security();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(words: &[&str]) -> Grants {
        Grants::new(words.iter().map(|word| word.parse().unwrap()).collect())
    }

    #[test]
    fn a_path_is_for_whoever_sees_the_namespace_it_names() {
        const ROUTE: &str = "/v1/plugins/{namespace}/{name}/{version}/approval";
        let check = |grants: &Grants, namespace: &str| {
            let path = format!("/v1/plugins/{namespace}/first/1.0.0/approval");
            Need::SeeNamed.check(grants, ROUTE, &path).map_err(|problem| problem.code())
        };
        let acme = grants(&["publish:acme/*"]);
        assert_eq!(check(&acme, "acme"), Ok(()));
        assert_eq!(check(&acme, "%61cme"), Ok(()), "as the route reads it");
        for other in ["other", "acme2", "ACME", "", "acme%2Fx", "%FF", "*"] {
            assert_eq!(check(&acme, other), Err(Code::Forbidden), "{other}");
        }
        assert_eq!(check(&grants(&["read"]), "other"), Ok(()));
        assert_eq!(check(&grants(&["read"]), "%FF"), Ok(()), "the route says what is wrong with it");
        assert_eq!(check(&grants(&["events"]), "acme"), Err(Code::Forbidden));
    }

    #[test]
    fn a_route_without_a_scope_is_closed_and_head_is_get() {
        assert_eq!(need(&Method::GET, "/v1/nothing").unwrap_err().code(), Code::Internal);
        assert_eq!(need(&Method::HEAD, "/v1/policy").unwrap(), &READ);
        assert_eq!(need(&Method::GET, "/v1/policy").unwrap(), &READ);
        assert_eq!(need(&Method::PUT, "/v1/policy").unwrap(), &OPERATE);
        assert_eq!(need(&Method::DELETE, "/v1/policy").unwrap(), &Need::Token, "there is no such route: 405");
    }

    #[test]
    fn a_service_with_a_route_that_nobody_guards_does_not_start() {
        let caught = std::panic::catch_unwind(|| describe("get", "/v1/nothing", &mut json!({})));
        assert!(caught.is_err());
    }

    #[test]
    fn the_guide_names_the_scope_of_every_route() {
        let guide = include_str!("../../../docs/access.md");
        for (method, path, need) in TABLE {
            let scopes = need.security();
            let words = scopes.as_array().unwrap().iter().filter_map(|one| one["bearer"][0].as_str());
            let words: Vec<_> = words.map(|word| format!("`{word}`")).collect();
            let words = if words.is_empty() { "any token".to_owned() } else { words.join(", ") };
            let row = format!("| `{method} {path}` | {words}");
            assert!(guide.contains(&row), "docs/access.md has no row {row}");
        }
    }

    #[test]
    fn every_route_stands_once() {
        for (index, (method, path, _)) in TABLE.iter().enumerate() {
            let twice = TABLE[..index].iter().any(|(it, route, _)| it == method && route == path);
            assert!(!twice, "{method} {path}");
        }
    }
}
