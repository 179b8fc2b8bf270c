//! Tokens: how they are written, and under which terms they hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Rate, RateError, Scope};
use crate::time::Instant;

/// What every token begins with: whoever finds one in a repository or a log knows what it is.
const PREFIX: &str = "rbt_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
const CHECK_BYTES: usize = 4;

/// What operators call a token, bytes.
const NAME_BYTES_MAX: usize = 128;
/// Scopes of one token.
const SCOPES_MAX: usize = 64;

/// A token's name for everybody: it is no secret, and stands in logs and in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId([u8; ID_BYTES]);

/// A text that is no token of ours, or no id of one. Says nothing of the text: it may be somebody's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFormError {
    /// No token at all.
    #[error("it is not of the form rbt_ID_SECRET")]
    Form,
    /// Cut short, or with a slip.
    #[error("its check does not fit; it was not copied whole, or changed")]
    Check,
    /// No id.
    #[error("a token's id has 16 hex digits, those between rbt_ and the next _")]
    Id,
}

/// A token as its holder has it: `rbt_`, the id (16 hex digits), `_`, the secret (64) and a check (8), all lower case.
///
/// The check is the first four bytes of SHA-256 of everything before it: a scanner for leaked secrets tells a token from
/// what only looks like one, and a slip is told from a wrong token. Its `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText {
    id: TokenId,
    secret: [u8; SECRET_BYTES],
}

impl TokenId {
    /// From random bytes.
    #[must_use]
    pub fn new(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }
}

impl TokenText {
    /// From random bytes.
    #[must_use]
    pub fn new(id: TokenId, secret: [u8; SECRET_BYTES]) -> Self {
        Self { id, secret }
    }

    /// Which token it is, if its secret is right.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// What only its holder knows.
    #[must_use]
    pub fn secret(&self) -> &[u8; SECRET_BYTES] {
        &self.secret
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        let unchecked = format!("{PREFIX}{}_{}", self.id, hex(&self.secret));
        let check = check(&unchecked);
        unchecked + &check
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenText({}, ..)", self.id)
    }
}

impl FromStr for TokenText {
    type Err = TokenFormError;

    fn from_str(text: &str) -> Result<Self, TokenFormError> {
        let size = PREFIX.len() + 2 * ID_BYTES + 1 + 2 * SECRET_BYTES + 2 * CHECK_BYTES;
        let rest = text.strip_prefix(PREFIX).ok_or(TokenFormError::Form)?;
        let (id, secret) = rest.split_once('_').ok_or(TokenFormError::Form)?;
        let (id, secret) = (bytes(id).ok_or(TokenFormError::Form)?, secret.as_bytes());
        if text.len() != size || !text.is_ascii() {
            return Err(TokenFormError::Check);
        }
        let (unchecked, given) = text.split_at(size - 2 * CHECK_BYTES);
        if check(unchecked) != given {
            return Err(TokenFormError::Check);
        }
        let secret = secret.get(..2 * SECRET_BYTES).and_then(|digits| std::str::from_utf8(digits).ok());
        let secret = secret.and_then(bytes).ok_or(TokenFormError::Form)?;
        Ok(Self { id: TokenId(id), secret })
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for TokenId {
    type Err = TokenFormError;

    fn from_str(text: &str) -> Result<Self, TokenFormError> {
        bytes(text).map(Self).ok_or(TokenFormError::Id)
    }
}

impl TryFrom<String> for TokenId {
    type Error = TokenFormError;

    fn try_from(text: String) -> Result<Self, TokenFormError> {
        text.parse()
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> String {
        id.to_string()
    }
}

fn check(unchecked: &str) -> String {
    hex(&Sha256::digest(unchecked)[..CHECK_BYTES])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lower case only: a token has one way to be written.
fn bytes<const SIZE: usize>(digits: &str) -> Option<[u8; SIZE]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * SIZE {
        return None;
    }
    let mut bytes = [0; SIZE];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// What a token is for, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What operators call it.
    pub name: String,
    /// What its holder may do.
    pub scopes: Vec<Scope>,
    /// From when on it is refused; never when there is none.
    pub expires_at: Option<Instant>,
    /// How often its holder may ask.
    pub rate: Rate,
}

/// Terms that do not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// No name, or one that could confuse a reader.
    #[error("name has {size} bytes besides spaces; give 1 to {NAME_BYTES_MAX} printable ones")]
    Name {
        /// Its size.
        size: usize,
    },
    /// No scope, or a great many.
    #[error("scopes has {count} entries; give 1 to {SCOPES_MAX}")]
    Scopes {
        /// How many.
        count: usize,
    },
    /// The same scope twice.
    #[error("scopes names {scope} twice; name it once")]
    Twice {
        /// Which.
        scope: Scope,
    },
    /// An end that has passed.
    #[error(
        "expires_at has passed already; give a later instant, or leave it out for a token without an end"
    )]
    Expired,
    /// A rate that cannot be kept.
    #[error("rate.{0}")]
    Rate(#[from] RateError),
}

impl TermsError {
    /// Which field of a request it is about.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            TermsError::Name { .. } => "name".to_owned(),
            TermsError::Scopes { .. } | TermsError::Twice { .. } => "scopes".to_owned(),
            TermsError::Expired => "expires_at".to_owned(),
            TermsError::Rate(error) => format!("rate.{}", error.field),
        }
    }
}

impl Terms {
    /// Checks the terms of a token that is made now.
    ///
    /// # Errors
    /// [`TermsError`] naming what does not stand.
    pub fn check(&self, now: Instant) -> Result<(), TermsError> {
        let size = self.name.trim().len();
        if size == 0 || self.name.len() > NAME_BYTES_MAX || self.name.chars().any(char::is_control) {
            return Err(TermsError::Name { size });
        }
        if self.scopes.is_empty() || self.scopes.len() > SCOPES_MAX {
            return Err(TermsError::Scopes { count: self.scopes.len() });
        }
        for (index, scope) in self.scopes.iter().enumerate() {
            if self.scopes[..index].contains(scope) {
                return Err(TermsError::Twice { scope: scope.clone() });
            }
        }
        if self.has_expired(now) {
            return Err(TermsError::Expired);
        }
        Ok(self.rate.check()?)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn has_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> TokenText {
        TokenText::new(TokenId::new([0xab; 8]), [7; 32])
    }

    #[test]
    fn a_token_reads_back_what_it_reveals() {
        let text = token().reveal();
        assert!(text.starts_with("rbt_abababababababab_0707"), "{text}");
        assert_eq!(text.len(), 93);
        assert_eq!(text.parse::<TokenText>().unwrap(), token());
        assert_eq!("abababababababab".parse::<TokenId>().unwrap(), token().id());
    }

    #[test]
    fn no_slip_makes_another_token() {
        let text = token().reveal();
        for index in 4..text.len() {
            let mut slip = text.clone().into_bytes();
            slip[index] = if slip[index] == b'1' { b'2' } else { b'1' };
            let slip = String::from_utf8(slip).unwrap();
            assert!(slip.parse::<TokenText>().is_err(), "{index}");
        }
        for bad in
            ["", "rbt_", "rbt__", "rbt_ab_cd", &text[..92], &text[1..], &text.to_uppercase(), "rbt_退货_x"]
        {
            assert!(bad.parse::<TokenText>().is_err(), "{bad}");
        }
        assert_eq!(format!("{text}0").parse::<TokenText>(), Err(TokenFormError::Check));
    }

    #[test]
    fn a_token_prints_no_secret_by_accident() {
        assert_eq!(format!("{:?}", token()), "TokenText(abababababababab, ..)");
    }

    #[test]
    fn terms_that_do_not_stand_are_refused_by_field() {
        let good = Terms {
            name: "shop".to_owned(),
            scopes: vec![Scope::Events],
            expires_at: Some(Instant(11)),
            rate: Rate::default(),
        };
        let now = Instant(10);
        assert_eq!(good.check(now), Ok(()));
        let field = |terms: Terms| terms.check(now).unwrap_err().field();
        for name in ["", "  ", "a\nb", &"x".repeat(129)] {
            assert_eq!(field(Terms { name: name.to_owned(), ..good.clone() }), "name", "{name:?}");
        }
        assert_eq!(field(Terms { scopes: vec![], ..good.clone() }), "scopes");
        assert_eq!(field(Terms { scopes: vec![Scope::Admin, Scope::Admin], ..good.clone() }), "scopes");
        assert_eq!(field(Terms { expires_at: Some(now), ..good.clone() }), "expires_at");
        let rate = Rate { per_second: 1, burst: 0 };
        assert_eq!(field(Terms { rate, ..good }), "rate.burst");
    }
}
