//! How often a user, or an address, may begin a login.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpRequest;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

use crate::problem::Problem;
use crate::protocol::Code;
use crate::user::UserRef;

/// The limiters of one process.
pub struct RateLimits {
    by_user: DefaultKeyedRateLimiter<UserRef>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    trusted_proxies: Vec<IpNet>,
}

impl RateLimits {
    /// So many a minute, for each user and each address alike.
    #[must_use]
    pub fn new(per_minute: NonZeroU32, trusted_proxies: Vec<IpNet>) -> Self {
        let quota = Quota::per_minute(per_minute);
        Self { by_user: RateLimiter::keyed(quota), by_address: RateLimiter::keyed(quota), trusted_proxies }
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn count_address(&self, request: &HttpRequest) -> Result<(), Problem> {
        self.by_address.retain_recent();
        let Some(address) = self.address(request) else { return Ok(()) };
        self.by_address
            .check_key(&address)
            .map_err(|until| limited(until.wait_time_from(DefaultClock::default().now())))
    }

    /// Counts a request of a user.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn count_user(&self, user: &UserRef) -> Result<(), Problem> {
        self.by_user.retain_recent();
        self.by_user
            .check_key(user)
            .map_err(|until| limited(until.wait_time_from(DefaultClock::default().now())))
    }

    /// The caller's address: the last one in `X-Forwarded-For` that is not a trusted proxy, when a trusted proxy sent it.
    fn address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        let trusted = |address: &IpAddr| self.trusted_proxies.iter().any(|network| network.contains(address));
        if !trusted(&peer) {
            return Some(peer);
        }
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let hops: Vec<IpAddr> =
            forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
        Some(hops.into_iter().rev().find(|hop| !trusted(hop)).unwrap_or(peer))
    }
}

/// `rate_limited`, with the time to wait.
#[must_use]
pub fn limited(wait: Duration) -> Problem {
    Problem::new(Code::RateLimited, "Too many at once: wait a moment and try again.")
        .retry_after(wait.max(Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn limits() -> RateLimits {
        RateLimits::new(NonZeroU32::MIN, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn request(peer: &str, forwarded: &str) -> HttpRequest {
        let peer = format!("{peer}:1").parse().unwrap();
        TestRequest::default().peer_addr(peer).insert_header(("x-forwarded-for", forwarded)).to_http_request()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let address = |peer, forwarded| limits().address(&request(peer, forwarded)).unwrap().to_string();
        assert_eq!(address("10.1.1.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(address("10.1.1.1", "6.6.6.6, 198.51.100.7, 10.2.2.2"), "198.51.100.7");
        assert_eq!(address("192.0.2.1", "198.51.100.7"), "192.0.2.1");
    }

    #[test]
    fn the_second_in_a_minute_is_told_to_wait() {
        let limits = limits();
        let request = request("192.0.2.1", "");
        assert!(limits.count_address(&request).is_ok());
        let problem = limits.count_address(&request).unwrap_err();
        assert_eq!(problem.code(), Code::RateLimited);
        assert!(problem.retry_after_seconds().unwrap() > 30);
        let felix = "user:default/felix".parse().unwrap();
        assert!(limits.count_user(&felix).is_ok());
        assert!(limits.count_user(&felix).is_err());
        assert!(limits.count_user(&"user:default/mara".parse().unwrap()).is_ok());
    }
}
