//! Where a request comes from, as the door reads it.
//!
//! The address is the peer's. Behind a proxy that is the proxy, so the proxy's header is read, but only if the configuration
//! names it: a header that nobody sets for the client can be set by the client.

use std::net::{IpAddr, Ipv4Addr};

use app::origin::Origin;
use poem::http::HeaderName;
use poem::{Addr, Request};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_counts_only_where_it_is_trusted() {
        let request = Request::builder().header("x-forwarded-for", "6.6.6.6, 203.0.113.9").finish();
        let header = HeaderName::from_static("x-forwarded-for");
        assert_eq!(of(&request, Some(&header)).0.to_string(), "203.0.113.9");
        assert_eq!(of(&request, None).0.to_string(), "0.0.0.0");
    }
}
