//! The published description as one page for people: `GET /docs`.
//!
//! Made from the document itself, once, without scripts and without anything from elsewhere; its content security
//! policy lets the page's own style in by its hash, and nothing else. What it leaves out: trying routes from the page.
//! It shows a line for the terminal in place of that, so no token is ever typed into a browser.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::body::Bytes;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::code::Code;
use crate::{openapi, schemas};

mod example;

const STYLE: &str = include_str!("page/style.css");

/// The page.
pub(crate) fn html() -> Bytes {
    static PAGE: LazyLock<Bytes> = LazyLock::new(|| render(openapi::described()).into());
    PAGE.clone()
}

/// What the page may load: its own style.
pub(crate) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    });
    &POLICY
}

/// An operation of the document.
struct Operation<'a> {
    path: &'a str,
    verb: &'a str,
    is: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        self.is["operationId"].as_str().unwrap_or_default()
    }

    fn body(&self) -> Option<(&String, &Value)> {
        let content = self.is["requestBody"]["content"].as_object()?;
        content.get_key_value("application/json").or_else(|| content.iter().next())
    }
}

fn render(document: &Value) -> String {
    let info = &document["info"];
    let mut page = String::with_capacity(512 * 1024);
    let title = escape(text(&info["title"]));
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}: the HTTP interface</title><style>{STYLE}</style></head><body><div class=\"frame\"><nav>"
    );
    let tags: Vec<&Value> = document["tags"].as_array().into_iter().flatten().collect();
    let operations = operations(document);
    for tag in &tags {
        let _ = write!(page, "<h2>{}</h2>", escape(text(&tag["name"])));
        for operation in tagged(&operations, tag) {
            let (id, verb, path) = (operation.id(), operation.verb, escape(operation.path));
            let shown = verb.to_uppercase();
            let _ = write!(page, "<a href=\"#{id}\"><span class=\"verb {verb}\">{shown}</span> {path}</a>");
        }
    }
    page.push_str("<h2>beside them</h2><a href=\"#event-types\">Types of events</a><a href=\"#codes\">Problem codes</a>");
    page.push_str("<a href=\"#schemas\">Schemas</a></nav><main>");
    let _ = write!(
        page,
        "<h1>{title}</h1><p class=\"lead\">{} Version {}, OpenAPI {}.</p>\
         <p>Lines for the terminal read <code>REBOUND_URL</code> and <code>REBOUND_TOKEN</code>. The document that this \
         page is made of: <code>GET /openapi.json</code>.</p>",
        escape(text(&info["description"])),
        escape(text(&info["version"])),
        escape(text(&document["openapi"])),
    );
    for tag in &tags {
        let (name, about) = (escape(text(&tag["name"])), escape(text(&tag["description"])));
        let _ = write!(page, "<h2 class=\"tag\">{name}</h2><p class=\"lead\">{about}.</p>");
        for operation in tagged(&operations, tag) {
            section(&mut page, document, operation);
        }
    }
    event_types(&mut page);
    codes(&mut page);
    components(&mut page, document);
    page.push_str("</main></div></body></html>");
    page
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let verbs = item.as_object().into_iter().flatten();
            verbs.map(move |(verb, is)| Operation { path, verb, is })
        })
        .collect()
}

fn tagged<'a>(operations: &'a [Operation<'a>], tag: &'a Value) -> impl Iterator<Item = &'a Operation<'a>> {
    operations.iter().filter(|operation| operation.is["tags"][0] == tag["name"])
}

fn section(page: &mut String, document: &Value, operation: &Operation<'_>) {
    let (id, verb, path) = (operation.id(), operation.verb, escape(operation.path));
    let shown = verb.to_uppercase();
    let _ = write!(
        page,
        "<section id=\"{id}\"><h3><span class=\"verb {verb}\">{shown}</span> {path}</h3><p><b>{}</b></p>{}",
        prose_line(text(&operation.is["summary"])),
        prose(text(&operation.is["description"])),
    );
    parameters(page, operation);
    bodies(page, operation);
    answers(page, operation);
    let _ = write!(
        page,
        "<h4>from a terminal</h4><pre><code>{}</code></pre></section>",
        escape(&example::curl(document, operation.verb, operation.path, operation.is, operation.body()))
    );
}

fn parameters(page: &mut String, operation: &Operation<'_>) {
    let Some(parameters) = operation.is["parameters"].as_array().filter(|list| !list.is_empty()) else {
        return;
    };
    page.push_str("<h4>parameters</h4><table>");
    for parameter in parameters {
        let need = if parameter["required"] == true { ", required" } else { "" };
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td class=\"lead\">{}{need}</td><td>{}</td></tr>",
            escape(text(&parameter["name"])),
            escape(text(&parameter["in"])),
            prose_line(text(&parameter["description"])),
        );
    }
    page.push_str("</table>");
}

fn bodies(page: &mut String, operation: &Operation<'_>) {
    let Some(content) = operation.is["requestBody"]["content"].as_object() else { return };
    page.push_str("<h4>body</h4><table>");
    for (media_type, body) in content {
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            escape(media_type),
            shape(&body["schema"])
        );
    }
    page.push_str("</table>");
}

fn answers(page: &mut String, operation: &Operation<'_>) {
    page.push_str("<h4>answers</h4><table>");
    for (status, answer) in operation.is["responses"].as_object().into_iter().flatten() {
        let shapes = answer["content"].as_object().into_iter().flatten();
        let shapes: Vec<String> = shapes
            .map(|(media_type, content)| {
                format!("<code>{}</code> {}", escape(media_type), shape(&content["schema"]))
            })
            .collect();
        let about = match answer.pointer("/content/application~1problem+json") {
            Some(problem) => problem_codes(problem),
            None => format!("{}<br>{}", prose_line(text(&answer["description"])), shapes.join("<br>")),
        };
        let _ = write!(page, "<tr><td><code>{status}</code></td><td>{about}</td></tr>");
    }
    page.push_str("</table>");
}

/// The codes of a status, each a link to what it means.
fn problem_codes(problem: &Value) -> String {
    let codes = problem.pointer("/schema/allOf/1/properties/code/enum").and_then(Value::as_array);
    let link = |code: &Value| format!("<a href=\"#code-{0}\"><code>{0}</code></a>", escape(text(code)));
    codes.into_iter().flatten().map(link).collect::<Vec<_>>().join(" ")
}

/// A schema by its name, as a link.
fn shape(schema: &Value) -> String {
    const COMPONENTS: &str = "#/components/schemas/";
    if let Some(name) = schema["$ref"].as_str().and_then(|it| it.strip_prefix(COMPONENTS)) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let named = choices.iter().map(shape).filter(|it| !it.is_empty());
            return named.collect::<Vec<_>>().join(" or ");
        }
    }
    if schema["items"].is_object() {
        return format!("list of {}", shape(&schema["items"]));
    }
    escape(schema["type"].as_str().unwrap_or_default())
}

fn event_types(page: &mut String) {
    page.push_str("<h2 class=\"tag\" id=\"event-types\">Types of events</h2><table>");
    for described in schemas::all() {
        let listed = &described.listed;
        let way = match listed.route {
            Some(route) => format!("sent to <code>{}</code>", escape(route)),
            None => "told by the host".to_owned(),
        };
        let _ = write!(
            page,
            "<tr><td><a href=\"{}\"><code>{}</code></a></td><td>{way}</td><td>{}.</td></tr>",
            escape(&listed.schema),
            escape(&listed.kind),
            escape(&listed.summary),
        );
    }
    page.push_str("</table>");
}

fn codes(page: &mut String) {
    page.push_str("<h2 class=\"tag\" id=\"codes\">Problem codes</h2><table><tr><th>code</th><th>status</th><th>means</th></tr>");
    for code in Code::ALL {
        let _ = write!(
            page,
            "<tr id=\"code-{code}\"><td><code>{code}</code></td><td>{}</td><td>{}.</td></tr>",
            code.status().as_u16(),
            escape(code.title()),
        );
    }
    page.push_str("</table>");
}

fn components(page: &mut String, document: &Value) {
    page.push_str("<h2 class=\"tag\" id=\"schemas\">Schemas</h2>");
    let none = Map::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap_or(&none) {
        let pretty = serde_json::to_string_pretty(schema).expect("a value is written whatever it holds");
        let _ = write!(
            page,
            "<details id=\"schema-{0}\"><summary><code>{0}</code> {1}</summary><pre><code>{2}</code></pre></details>",
            escape(name),
            prose_line(text(&schema["description"]).lines().next().unwrap_or_default()),
            escape(&pretty),
        );
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Paragraphs, in which back quotes set code apart.
fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", prose_line(paragraph))).collect()
}

fn prose_line(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    };
    parts.map(part).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_document_says_is_text_and_never_markup() {
        assert_eq!(
            prose_line("a <b> `<c>` & \"d\""),
            "a &lt;b&gt; <code>&lt;c&gt;</code> &amp; &quot;d&quot;"
        );
    }

    #[test]
    fn every_operation_code_and_schema_is_on_the_page() {
        let (page, document) = (render(openapi::described()), openapi::described());
        let mut ids = std::collections::BTreeSet::new();
        for operation in operations(document) {
            assert!(page.contains(&format!("<section id=\"{}\">", operation.id())), "{}", operation.id());
            assert!(page.contains(&escape(operation.path)), "{}", operation.path);
        }
        for code in Code::ALL {
            assert!(page.contains(&format!("id=\"code-{code}\"")), "{code}");
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
        }
        for id in page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
        }
        for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(ids.contains(link), "#{link} leads nowhere");
        }
    }

    #[test]
    fn the_page_asks_for_nothing_else() {
        let page = render(openapi::described());
        for part in ["<script", "<link", "<img", "<iframe", "style=\"", "src=\"", "@import", "url("] {
            assert!(!page.contains(part), "{part}");
        }
        assert_eq!(page.matches("<style>").count(), 1);
        let hash = BASE64_STANDARD
            .encode(Sha256::digest(page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap()));
        assert!(policy().contains(&format!("style-src 'sha256-{hash}'")), "{}", policy());
    }
}
