//! Who may do what: scopes, the tokens that carry them, and how often a token may ask.
//!
//! Start reading at [`Scope`] (what there is to be allowed) and [`Caller`] (who asks, and with which grants). Nothing
//! here draws a secret or keeps one: that is the engine's.

mod caller;
mod rate;
mod scope;
mod token;

pub use caller::{Caller, Who};
pub use rate::{Meter, Rate, RateError};
pub use scope::{Grants, Reach, Scope, ScopeError};
pub use token::{Terms, TermsError, TokenFormError, TokenId, TokenText};
