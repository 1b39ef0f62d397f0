//! How often a user, or an address, may begin a login.
//!
//! A request with a valid identity counts for its user alone: behind an ingress, a whole company has one address. An address
//! counts only for requests that show no valid identity.

mod bounded_store;
mod client_address;
mod shared_address;

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpRequest;
use governor::clock::{Clock as _, DefaultClock};
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use self::bounded_store::BoundedStore;
use self::client_address::{Network, TrustedProxies};
use self::shared_address::SharedAddress;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::Code;

type Limiter<K> = RateLimiter<K, BoundedStore<K>, DefaultClock>;

/// The limiters of one process.
pub struct RateLimits {
    by_user: Limiter<UserRef>,
    by_network: Limiter<Network>,
    trusted_proxies: TrustedProxies,
    shared_address: SharedAddress,
}

impl RateLimits {
    /// So many a minute, for each user and each address alike.
    #[must_use]
    pub fn new(per_minute: NonZeroU32, trusted_proxies: Vec<IpNet>) -> Self {
        Self {
            by_user: limiter(per_minute),
            by_network: limiter(per_minute),
            trusted_proxies: TrustedProxies::new(trusted_proxies),
            shared_address: SharedAddress::default(),
        }
    }

    /// Counts a request of a user.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn count_user(&self, user: &UserRef, request: &HttpRequest) -> Result<(), Problem> {
        if let Some(address) = self.client_address(request) {
            self.shared_address.note(user, address);
        }
        let wait = check(&self.by_user, user);
        wait.map_err(|wait| limited(wait, "This account has begun too many logins in the last minute"))
    }

    /// Counts a request that shows no valid identity.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn count_address(&self, request: &HttpRequest) -> Result<(), Problem> {
        let Some(address) = self.client_address(request) else { return Ok(()) };
        check(&self.by_network, &Network::of(address)).map_err(|wait| {
            limited(
                wait,
                "Too many requests without a valid sign-in to Backstage have come from this address",
            )
        })
    }

    fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        Some(self.trusted_proxies.client_address(request.peer_addr()?.ip(), request.headers()))
    }
}

fn limiter<K: Hash + Eq + Clone>(per_minute: NonZeroU32) -> Limiter<K> {
    RateLimiter::new(Quota::per_minute(per_minute), BoundedStore::default(), DefaultClock::default())
}

fn check<K: Hash + Eq + Clone>(limiter: &Limiter<K>, key: &K) -> Result<(), Duration> {
    limiter.check_key(key).map_err(|until| until.wait_time_from(limiter.clock().now()))
}

/// `rate_limited`: what there was too much of, and the time to wait.
#[must_use]
pub fn limited(wait: Duration, what: &str) -> Problem {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
    Problem::new(Code::RateLimited, format!("{what}: try again in {seconds} s."))
        .retry_after(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(peer: &str) -> HttpRequest {
        TestRequest::default().peer_addr(peer.parse().unwrap()).to_http_request()
    }

    #[test]
    fn the_second_in_a_minute_is_told_to_wait() {
        let limits = RateLimits::new(NonZeroU32::MIN, Vec::new());
        let request = request("192.0.2.1:1");
        assert!(limits.count_address(&request).is_ok());
        let problem = limits.count_address(&request).unwrap_err();
        assert_eq!(problem.code(), Code::RateLimited);
        let seconds = problem.retry_after_seconds().unwrap();
        assert!(seconds > 30, "{seconds}");
        assert!(problem.message().ends_with(&format!("try again in {seconds} s.")), "{}", problem.message());
    }

    #[test]
    fn users_and_addresses_are_counted_apart() {
        let limits = RateLimits::new(NonZeroU32::MIN, Vec::new());
        let request = request("192.0.2.1:1");
        let [felix, mara] = ["felix", "mara"].map(|name| format!("user:default/{name}").parse().unwrap());
        assert!(limits.count_user(&felix, &request).is_ok());
        assert!(limits.count_user(&felix, &request).is_err());
        assert!(limits.count_user(&mara, &request).is_ok());
        assert!(limits.count_address(&request).is_ok());
    }
}
