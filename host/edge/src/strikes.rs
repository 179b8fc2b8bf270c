//! Who failed to show a valid token, how often, and who is therefore told to wait.
//!
//! Counted by peer address, an IPv6 peer by its /64, which is what one customer of a network is given. Behind a proxy all
//! peers are the proxy, so a valid token passes however often others failed beside it: nobody can lock another out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use rebound_domain::access::{Meter, Rate};

/// What a peer may get wrong: a person who tries, or a program with an old token that is restarted, stays below.
const RATE: Rate = Rate { per_second: 1, burst: 60 };
/// Peers that are told apart; about 60 bytes each. All others share one measure.
const PEERS_MAX: usize = 4_096;

/// The address that a request came from; put into the request by whoever accepts connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// What is left to each peer that failed lately.
pub(crate) struct Strikes(Mutex<State>);

struct State {
    peers: HashMap<IpAddr, Meter>,
    others: Meter,
}

impl Strikes {
    pub(crate) fn new(now_micros: u64) -> Self {
        Self(Mutex::new(State { peers: HashMap::new(), others: Meter::full(RATE, now_micros) }))
    }

    /// Notes that a peer failed. Times are microseconds of a clock that does not go back.
    ///
    /// # Errors
    /// Microseconds until it may fail again, when it failed too often.
    pub(crate) fn note(&self, peer: Peer, now_micros: u64) -> Result<(), u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = place(peer.0);
        if !state.peers.contains_key(&place) && state.peers.len() >= PEERS_MAX {
            // Whoever has been quiet for long enough is as one who never failed.
            state.peers.retain(|_, meter| !meter.is_full(RATE, now_micros));
        }
        let State { peers, others } = &mut *state;
        let has_room = peers.len() < PEERS_MAX;
        let meter = match peers.get_mut(&place) {
            Some(meter) => meter,
            None if has_room => peers.entry(place).or_insert_with(|| Meter::full(RATE, now_micros)),
            None => others,
        };
        meter.take(RATE, now_micros)
    }
}

/// What counts as one peer.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(network.into())
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer(text.parse().unwrap())
    }

    fn exhaust(strikes: &Strikes, who: Peer, now: u64) {
        (0..RATE.burst).for_each(|_| strikes.note(who, now).unwrap());
    }

    #[test]
    fn a_peer_that_fails_too_often_waits_and_no_other_does() {
        let strikes = Strikes::new(0);
        exhaust(&strikes, peer("192.0.2.1"), 0);
        assert_eq!(strikes.note(peer("192.0.2.1"), 0), Err(1_000_000));
        assert_eq!(strikes.note(peer("::ffff:192.0.2.1"), 250_000), Err(750_000), "the same address");
        strikes.note(peer("192.0.2.2"), 0).unwrap();
        strikes.note(peer("192.0.2.1"), 1_000_000).unwrap();
        assert!(strikes.note(peer("192.0.2.1"), 1_000_000).is_err());
    }

    #[test]
    fn a_network_of_one_customer_is_one_peer() {
        let strikes = Strikes::new(0);
        exhaust(&strikes, peer("2001:db8:1:2::1"), 0);
        assert!(strikes.note(peer("2001:db8:1:2:ffff::9"), 0).is_err());
        strikes.note(peer("2001:db8:1:3::1"), 0).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_whoever_was_quiet_makes_room() {
        let strikes = Strikes::new(0);
        let many = |from: u32, now: u64| {
            for number in (0..).take(PEERS_MAX) {
                strikes.note(Peer(IpAddr::V4((from + number).into())), now).unwrap();
            }
        };
        let known = || strikes.0.lock().unwrap().peers.len();
        many(0x0a00_0000, 0);
        assert_eq!(known(), PEERS_MAX);
        exhaust(&strikes, peer("192.0.2.1"), 0);
        assert!(strikes.note(peer("192.0.2.2"), 0).is_err(), "they share what is left to strangers");
        assert_eq!(known(), PEERS_MAX);
        many(0x0b00_0000, 2_000_000);
        assert_eq!(known(), PEERS_MAX, "each of the first failed once, and that was long ago");
    }
}
