//! Where a request comes from: for the audit trail and for limits.
//!
//! The address is the peer's. Behind a proxy that is the proxy, so the proxy's header is read, but only if the configuration
//! names it: a header that nobody sets for the client can be set by the client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use poem::http::HeaderName;
use poem::{Addr, Request};

/// The address a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin(pub(crate) IpAddr);

impl Origin {
    /// The address that the proxy's header tells, or the peer's. Of a list (`X-Forwarded-For`) the last is the one that our
    /// own proxy wrote.
    pub(crate) fn of(request: &Request, trusted: Option<&HeaderName>) -> Origin {
        let told = trusted
            .and_then(|name| request.headers().get_all(name).iter().next_back())
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next()?.trim().parse().ok());
        let peer = match request.remote_addr().0 {
            Addr::SocketAddr(address) => address.ip(),
            Addr::Unix(_) | Addr::Custom(..) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        Origin(told.unwrap_or(peer).to_canonical())
    }

    /// What is limited together: an address, or the network a household is given in IPv6.
    pub(crate) fn neighbourhood(self) -> IpAddr {
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
    fn a_header_counts_only_where_it_is_trusted() {
        let request = Request::builder().header("x-forwarded-for", "6.6.6.6, 203.0.113.9").finish();
        let header = HeaderName::from_static("x-forwarded-for");
        assert_eq!(Origin::of(&request, Some(&header)).0.to_string(), "203.0.113.9");
        assert_eq!(Origin::of(&request, None).0.to_string(), "0.0.0.0");
    }

    #[test]
    fn a_household_is_one_neighbourhood() {
        let near = |text: &str| Origin(text.parse().unwrap()).neighbourhood();
        assert_eq!(near("2001:db8:1:2::5"), near("2001:db8:1:2:ffff::1"));
        assert_ne!(near("203.0.113.9"), near("203.0.113.10"));
    }
}
