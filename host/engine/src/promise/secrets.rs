//! What draws and codes come from: an HMAC of the return and the proposal's number under the host's key.
//!
//! No strategy sees the key, and a sender of events cannot try ids until a draw falls well: a return is decided once,
//! and dry runs draw nothing. The same decision made again, after a conflict, draws the same.

use rebound_domain::coupon::{Code, Secrets};
use rebound_domain::ids::ReturnId;

use crate::identity::HostKey;

/// The secrets of one plan.
pub(crate) struct PlanSecrets<'a> {
    pub(crate) host_key: &'a HostKey,
    pub(crate) return_id: &'a ReturnId,
}

impl PlanSecrets<'_> {
    fn bytes<const SIZE: usize>(&self, purpose: &str, proposal: usize, attempt: u32) -> [u8; SIZE] {
        let parts: [&[u8]; 3] =
            [self.return_id.as_str().as_bytes(), &(proposal as u64).to_be_bytes(), &attempt.to_be_bytes()];
        let mac = self.host_key.mac(purpose, &parts);
        std::array::from_fn(|index| mac[index])
    }
}

impl Secrets for PlanSecrets<'_> {
    fn draw(&self, proposal: usize) -> u128 {
        u128::from_be_bytes(self.bytes("draw", proposal, 0))
    }

    fn code(&self, proposal: usize) -> Code {
        let numbers =
            (0..u32::MAX).map(|attempt| u64::from_be_bytes(self.bytes("coupon code", proposal, attempt)));
        Code::first_of(numbers)
            .expect("32 of 37 numbers make a code, so 2^32 in a row that do not never come")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_depend_on_host_return_and_proposal_and_on_nothing_else() {
        let (one, other) = (HostKey::new([1; 32]), HostKey::new([2; 32]));
        let (first, second) = (ReturnId::new("r-1").unwrap(), ReturnId::new("r-2").unwrap());
        let of = |host_key, return_id, proposal| {
            let secrets = PlanSecrets { host_key, return_id };
            (secrets.draw(proposal), secrets.code(proposal))
        };
        let (draw, code) = of(&one, &first, 0);
        assert_eq!(of(&one, &first, 0), (draw, code));
        for (other_draw, other_code) in [of(&other, &first, 0), of(&one, &second, 0), of(&one, &first, 1)] {
            assert_ne!(draw, other_draw);
            assert_ne!(code, other_code);
        }
    }

    #[test]
    fn draws_fall_evenly() {
        let host_key = HostKey::new([7; 32]);
        let mut counts = [0_i32; 10];
        for number in 0..10_000 {
            let return_id = ReturnId::new(format!("r-{number}")).unwrap();
            let draw = PlanSecrets { host_key: &host_key, return_id: &return_id }.draw(0);
            counts[usize::try_from(draw % 10).unwrap()] += 1;
        }
        // Chi-squared with 9 degrees of freedom; 27.9 would come once in a thousand, and the key is fixed.
        let chi: f64 = counts.iter().map(|count| f64::from(count - 1_000).powi(2) / 1_000.0).sum();
        assert!(chi < 27.9, "{chi} of {counts:?}");
    }
}
