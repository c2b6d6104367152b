//! Where a request comes from: for the audit trail and for limits.

use std::net::{IpAddr, Ipv6Addr};

/// The address a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin(pub IpAddr);

impl Origin {
    /// What is limited together: an address, or the network a household is given in IPv6.
    pub fn neighbourhood(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_is_one_neighbourhood() {
        let near = |text: &str| Origin(text.parse().unwrap()).neighbourhood();
        assert_eq!(near("2001:db8:1:2::5"), near("2001:db8:1:2:ffff::1"));
        assert_ne!(near("203.0.113.9"), near("203.0.113.10"));
    }
}
