//! What can be found, where, and what to do about it.

use std::fmt;

use rebound_storage::Key;

/// Something that is not as it should be. It names no person: places are HMACs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The record: owner, a blank, key; bytes that are no text as hex.
    pub place: String,
    /// What is wrong with it, as a sentence without a full stop.
    pub what: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $remedy:literal;)*) => {
        /// Kinds of findings; each wants something else done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingKind {
            $($(#[$doc])* $name,)*
        }

        impl FindingKind {
            /// All of them.
            pub const ALL: &[FindingKind] = &[$(FindingKind::$name,)*];

            /// The stable word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(FindingKind::$name => $word,)* }
            }

            /// What to do.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(FindingKind::$name => $remedy,)* }
            }
        }
    };
}

kinds! {
    /// Bytes were changed, or the keys are others.
    Unreadable = "unreadable", "if there are many, host.key or customer.keys is not the right one; else restore the newest backup";
    /// A record that another one names.
    Missing = "missing", "restore the newest backup that has it; until then whoever asks for it is refused";
    /// Two records say different things.
    Mismatch = "mismatch", "restore the newest backup in which they agree";
    /// A customer's history and what is counted of it.
    CountDiffers = "count_differs", "strategies are told the stored count; restore the newest backup in which it is right";
    /// A budget's counter and the coupons that were charged to it.
    BudgetDiffers = "budget_differs", "the budget ends too early or too late by the difference: set its limit higher or lower by as much, or restore a backup";
    /// A coupon or a hold that nothing will end.
    NeverEnds = "never_ends", "nothing gives its charge or price back at its end; restore the newest backup";
    /// A customer's key.
    KeyMissing = "key_missing", "nothing opens these records and the service does not start with them; restore the newest backup";
    /// A customer whose key was overwritten.
    ErasedCameBack = "erased_came_back", "put the newest customer.erasures beside customer.keys and start the service, which removes them; without one, `rebound customer erase`";
    /// An erasure whose last step is open.
    ErasureUnfinished = "erasure_unfinished", "start the service: it finishes erasures before it serves";
    /// A slot of the customers' keys.
    SlotShared = "slot_shared", "erasing one of the two would erase both; restore the newest backup";
    /// A component's bytes.
    ComponentDamaged = "component_damaged", "the version runs from the cache only; publish it under a new version, or restore a backup";
    /// The audit log.
    AuditBroken = "audit_broken", "somebody wrote into the storage, or it is damaged; compare it with a backup (`rebound audit verify`)";
}

impl Finding {
    pub(super) fn new(kind: FindingKind, key: &Key, what: impl Into<String>) -> Self {
        Self { kind, place: place(key), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind.word(), self.place, self.what)
    }
}

/// A key as an operator can read it, and compare it with another.
pub(super) fn place(key: &Key) -> String {
    format!("{} {}", readable(&key.owner), readable(&key.key))
}

/// Text as far as it goes up to a slash or a tag, then hex.
fn readable(bytes: &[u8]) -> String {
    if bytes.iter().all(u8::is_ascii_graphic) {
        return bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    let text = bytes.iter().take_while(|byte| byte.is_ascii_graphic()).count();
    let slash = bytes[..text].iter().rposition(|byte| *byte == b'/').map_or(1, |at| at + 1).min(text);
    let (text, rest) = bytes.split_at(slash);
    let text = text.iter().map(|byte| char::from(*byte)).collect::<String>();
    rest.iter().fold(text, |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_readable_and_says_every_byte() {
        let place = |owner: &[u8], key: &[u8]| super::place(&Key::new(owner.to_vec(), key.to_vec()));
        assert_eq!(place(b"control", b"route/coupon"), "control route/coupon");
        assert_eq!(place(b"c\x00\xff", b"plan/\x01a"), "c00ff plan/0161");
        assert_eq!(place(b"due/3", b"\x00\x10"), "due/3 0010");
    }

    #[test]
    fn every_kind_has_a_word_of_its_own_and_a_remedy() {
        let mut words: Vec<_> = FindingKind::ALL.iter().map(|kind| kind.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), FindingKind::ALL.len());
        assert!(FindingKind::ALL.iter().all(|kind| kind.remedy().len() > 20));
    }
}
