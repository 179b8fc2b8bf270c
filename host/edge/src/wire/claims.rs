//! What may be said: constants, approvals and violations.

use std::collections::BTreeMap;

use rebound_domain::claims as domain;
use rebound_domain::ids::{ConstantKey, PluginRef};
use rebound_engine::{
    ApprovalState, Seen as DomainSeen, SeenViolation as DomainSeenViolation, ViolationCursor,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::read::texts_by_name;
use super::scalar::Instant;
use crate::code::Code;
use crate::problem::Problem;

/// A constant: what a merchant states because the operator answers for it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Constant {
    /// The words, by BCP 47 locale.
    #[serde(deserialize_with = "texts_by_name")]
    texts: BTreeMap<String, String>,
    /// Who answers for its truth.
    owner: String,
    /// From when on it holds; always did when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<Instant>,
    /// Until when it holds, that moment not included.
    ends: Instant,
}

/// A constant with its key.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedConstant {
    /// What templates name it by: `{const.key}`.
    key: String,
    /// The words, by BCP 47 locale.
    texts: BTreeMap<String, String>,
    /// Who answers for its truth.
    owner: String,
    /// From when on it holds; always did when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<Instant>,
    /// Until when it holds, that moment not included.
    ends: Instant,
}

/// Every constant, by key.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConstantList {
    /// By key.
    pub(crate) constants: Vec<ListedConstant>,
}

impl Constant {
    pub(crate) fn into_domain(self, key: ConstantKey) -> domain::Constant {
        let Self { texts, owner, starts, ends } = self;
        domain::Constant { key, texts, owner, starts: starts.map(|it| it.0), ends: ends.0 }
    }
}

impl From<domain::Constant> for Constant {
    fn from(constant: domain::Constant) -> Self {
        let domain::Constant { key: _, texts, owner, starts, ends } = constant;
        Self { texts, owner, starts: starts.map(Into::into), ends: ends.into() }
    }
}

impl From<domain::Constant> for ListedConstant {
    fn from(constant: domain::Constant) -> Self {
        let domain::Constant { key, texts, owner, starts, ends } = constant;
        Self { key: key.into(), texts, owner, starts: starts.map(Into::into), ends: ends.into() }
    }
}

/// Whether a version's texts may be said.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// It has none, or they are the operator's own.
    NotNeeded,
    /// An operator has read them.
    Approved,
    /// Nobody has: no route takes the version.
    Pending,
}

impl From<domain::Standing> for Standing {
    fn from(standing: domain::Standing) -> Self {
        match standing {
            domain::Standing::NotNeeded => Self::NotNeeded,
            domain::Standing::Approved => Self::Approved,
            domain::Standing::Pending => Self::Pending,
        }
    }
}

/// Who has read a version's texts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalDraft {
    /// Who answers for them.
    pub(crate) owner: String,
    /// Why they may be said.
    pub(crate) reason: String,
}

/// A version's texts, and whether they may be said.
#[derive(Serialize, ToSchema)]
pub(crate) struct Approval {
    /// `namespace/name@version`.
    plugin: String,
    /// Whether its texts may be said.
    approval: Standing,
    /// SHA-256 of all texts: another version of the plugin with the same texts needs no approval of its own.
    texts_digest: String,
    /// Every sentence that a customer may read.
    templates: Vec<ApprovedTemplate>,
    /// Whoever may tell the progress.
    personas: Vec<ApprovedPersona>,
    /// What the texts say and must not.
    violations: Vec<Violation>,
    /// Who approved them.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<Instant>,
}

/// A sentence as it is declared.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApprovedTemplate {
    /// What strategies call it by.
    key: String,
    /// BCP 47.
    locale: String,
    /// Literals and `{facts}`.
    text: String,
}

/// A persona as it is declared.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApprovedPersona {
    /// What strategies call it by.
    key: String,
    /// BCP 47.
    locale: String,
    /// Its name.
    name: String,
    /// What it does.
    role: String,
}

impl From<ApprovalState> for Approval {
    fn from(state: ApprovalState) -> Self {
        let templates = state.manifest.templates.iter().map(|it| ApprovedTemplate {
            key: it.key.clone(),
            locale: it.locale.clone(),
            text: it.text.clone(),
        });
        let personas = state.manifest.personas.iter().map(|it| ApprovedPersona {
            key: it.key.clone(),
            locale: it.locale.clone(),
            name: it.name.clone(),
            role: it.role.clone(),
        });
        let (templates, personas) = (templates.collect(), personas.collect());
        let approval = state.approval;
        Self {
            plugin: state.plugin.to_string(),
            approval: state.standing.into(),
            texts_digest: state.texts.to_string(),
            templates,
            personas,
            violations: state.violations.iter().map(Into::into).collect(),
            approved_at: approval.as_ref().map(|it| it.approved_at.into()),
            owner: approval.as_ref().map(|it| it.owner.clone()),
            reason: approval.map(|it| it.reason),
        }
    }
}

/// A rule of claims that a text breaks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Violation {
    /// Which template, or persona.
    template: String,
    /// Its locale.
    locale: String,
    /// Which rule: figure, number-word, stock-claim...
    rule: &'static str,
    /// The words at fault.
    excerpt: String,
    /// What to do.
    remedy: String,
}

impl From<&domain::Violation> for Violation {
    fn from(violation: &domain::Violation) -> Self {
        Self {
            template: violation.template.clone(),
            locale: violation.locale.clone(),
            rule: violation.rule.word(),
            excerpt: violation.excerpt.clone(),
            remedy: violation.remedy.clone(),
        }
    }
}

/// Which violations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViolationParams {
    /// At most so many; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// What `next` of the page before said.
    after: Option<String>,
    /// `namespace/name`, or `namespace/name@version`; all when left out.
    plugin: Option<String>,
}

/// Entries of a page, when nobody says how many.
const PAGE: u32 = 100;
const PAGE_MAX: u32 = 1000;

impl ViolationParams {
    /// Whether a version's violations are asked for.
    pub(crate) fn wants(&self, plugin: &PluginRef) -> bool {
        let is_it = |wanted: &String| plugin.name.as_str() == wanted || plugin.to_string() == *wanted;
        self.plugin.as_ref().is_none_or(is_it)
    }

    /// How many, and after which.
    ///
    /// # Errors
    /// A problem naming the parameter.
    pub(crate) fn page(&self) -> Result<(usize, Option<ViolationCursor>), Problem> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            let detail = format!("`limit` is {limit}; use 1 to {PAGE_MAX}");
            return Err(Problem::new(Code::InvalidField, detail).field("limit"));
        }
        let after = self.after.as_deref().map(|after| {
            cursor(after).ok_or_else(|| {
                let detail = format!(
                    "`after` is `{}`, which no page said; use what `next` said",
                    after.escape_debug()
                );
                Problem::new(Code::InvalidField, detail).field("after")
            })
        });
        Ok((limit as usize, after.transpose()?))
    }
}

fn cursor(text: &str) -> Option<ViolationCursor> {
    let (last_seen, number) = text.split_once('-')?;
    let last_seen = rebound_domain::time::Instant(last_seen.parse().ok()?);
    Some(ViolationCursor { last_seen, number: number.parse().ok()? })
}

/// How a violation was seen.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Seen {
    /// At an attempt to publish, which was refused.
    Refused,
    /// By customers: plans say the line.
    Shown,
}

/// A violation, how often and when.
#[derive(Serialize, ToSchema)]
pub(crate) struct SeenViolation {
    /// How.
    seen: Seen,
    /// `namespace/name@version`.
    plugin: String,
    /// Which template, or persona.
    template: String,
    /// Its locale.
    locale: String,
    /// Which rule: figure, number-word, stock-claim...
    rule: String,
    /// The words at fault.
    excerpt: String,
    /// Attempts to publish, or lines of plans.
    count: u64,
    /// When first.
    first_seen: Instant,
    /// When last.
    last_seen: Instant,
}

/// Violations, those seen last first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ViolationList {
    /// The page.
    violations: Vec<SeenViolation>,
    /// What `after` of the next page is; left out at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl ViolationList {
    /// A page that was asked for with `limit`, read with one entry more.
    pub(crate) fn new(mut page: Vec<DomainSeenViolation>, limit: usize) -> Self {
        let has_more = page.len() > limit;
        page.truncate(limit);
        let next = page.last().filter(|_| has_more).map(|last| {
            let ViolationCursor { last_seen, number } = last.cursor;
            format!("{}-{number}", last_seen.0)
        });
        Self { violations: page.into_iter().map(Into::into).collect(), next }
    }
}

impl From<DomainSeenViolation> for SeenViolation {
    fn from(seen: DomainSeenViolation) -> Self {
        Self {
            seen: match seen.seen {
                DomainSeen::Refused => Seen::Refused,
                DomainSeen::Shown => Seen::Shown,
            },
            plugin: seen.plugin.to_string(),
            template: seen.template,
            locale: seen.locale,
            rule: seen.rule,
            excerpt: seen.excerpt,
            count: seen.count,
            first_seen: seen.first_seen.into(),
            last_seen: seen.last_seen.into(),
        }
    }
}
