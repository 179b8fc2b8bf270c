//! What operators answer for, and what was claimed without them: constants, approvals, violations.

mod approvals;
mod constants;
mod violations;

pub use approvals::ApprovalState;
pub(crate) use violations::Violations;
pub use violations::{Seen, SeenViolation, ViolationCursor};
