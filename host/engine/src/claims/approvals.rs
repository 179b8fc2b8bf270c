//! Approvals of texts: an operator has read what a version may say to customers.

use std::sync::Arc;

use rebound_domain::claims::{Approval, Standing, Violation};
use rebound_domain::ids::{Digest, PluginRef};
use rebound_domain::manifest::Manifest;

use crate::Engine;
use crate::error::ControlError;
use crate::keys;
use crate::plugins::Novelty;

/// Who approves, bytes.
const OWNER_BYTES_MAX: usize = 256;
/// Why, bytes.
const REASON_BYTES_MAX: usize = 1024;

/// A version's texts, and whether they may be said.
#[derive(Debug, Clone)]
pub struct ApprovalState {
    /// Which version.
    pub plugin: PluginRef,
    /// Whether its texts may be said under the policy in force.
    pub standing: Standing,
    /// Of all its texts.
    pub texts: Digest,
    /// The texts themselves, among what else the version says of itself.
    pub manifest: Arc<Manifest>,
    /// What they say and must not.
    pub violations: Vec<Violation>,
    /// The approval they have, be it needed or not.
    pub approval: Option<Approval>,
}

impl Engine {
    /// Approves every text of a published version, and of every other version of the plugin with the same texts. The
    /// first approval stands: whoever approves again is told of it.
    ///
    /// # Errors
    /// [`ControlError`]: a version that was never published, or an owner or a reason that says nothing.
    pub async fn approve(
        &self,
        plugin: &PluginRef,
        owner: String,
        reason: String,
    ) -> Result<(ApprovalState, Novelty), ControlError> {
        said("owner", &owner, OWNER_BYTES_MAX)?;
        said("reason", &reason, REASON_BYTES_MAX)?;
        let _writing = self.shared.control_writer.lock().await;
        let state =
            self.approval(plugin).ok_or_else(|| ControlError::UnknownPlugin { plugin: plugin.clone() })?;
        if state.approval.is_some() {
            return Ok((state, Novelty::Known));
        }
        let texts = state.texts;
        let approved_at = self.wall_clock();
        let approval = Approval { plugin: plugin.clone(), texts, owner, reason, approved_at };
        self.write("reason", keys::approval(&plugin.name, &texts), None, &approval).await?;
        self.change_control(|control| {
            control.book.approve(&plugin.name, texts);
            control.approvals.insert((plugin.name.clone(), texts), approval.clone());
        });
        let state =
            self.approval(plugin).ok_or_else(|| ControlError::UnknownPlugin { plugin: plugin.clone() })?;
        Ok((state, Novelty::New))
    }

    /// A published version's texts, and whether they may be said.
    #[must_use]
    pub fn approval(&self, plugin: &PluginRef) -> Option<ApprovalState> {
        let control = self.control();
        let published = control.plugins.get(plugin)?;
        let templates = &published.words.templates;
        Some(ApprovalState {
            plugin: plugin.clone(),
            standing: control.standing(published),
            texts: templates.texts(),
            manifest: Arc::clone(&published.words.manifest),
            violations: templates.violations().to_vec(),
            approval: control.approvals.get(&(plugin.name.clone(), templates.texts())).cloned(),
        })
    }
}

/// An approval is read years later, by whoever asks who let a sentence pass.
fn said(field: &str, text: &str, size_max: usize) -> Result<(), ControlError> {
    if text.trim().is_empty() || text.len() > size_max {
        let problem = format!("has {} bytes besides spaces; give 1 to {size_max}", text.trim().len());
        return Err(ControlError::Invalid { field: field.to_owned(), problem });
    }
    if text.chars().any(char::is_control) {
        let problem = "holds a control character; write it on one line".to_owned();
        return Err(ControlError::Invalid { field: field.to_owned(), problem });
    }
    Ok(())
}
