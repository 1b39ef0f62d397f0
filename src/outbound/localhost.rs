//! `localhost` is always this machine, whatever a resolver answers (RFC 6761, 6.3), since plain http is allowed to it.

use std::future::ready;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// Resolves names as the system does, except `localhost`.
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

impl Resolver {
    pub(super) fn new() -> Self {
        Self(GaiResolver::new())
    }
}

type Addresses = std::vec::IntoIter<SocketAddr>;

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Addresses>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if is_localhost(name.as_str()) {
            return Box::pin(ready(Ok(loopback())));
        }
        let looking_up = self.0.call(name);
        Box::pin(async move { Ok(looking_up.await?.collect::<Vec<_>>().into_iter()) })
    }
}

fn is_localhost(name: &str) -> bool {
    name.trim_end_matches('.').eq_ignore_ascii_case("localhost")
}

/// The connector fills in the port.
fn loopback() -> Addresses {
    let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    both.map(|ip| SocketAddr::new(ip, 0)).to_vec().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn localhost_is_this_machine_without_asking() {
        // A resolver that knows no names would fail here.
        for name in ["localhost", "LOCALHOST", "localhost."] {
            let addresses = Resolver::new().call(name.parse().unwrap()).await.unwrap();
            assert!(
                addresses.map(|address| address.ip()).eq(loopback().map(|address| address.ip())),
                "{name}"
            );
        }
        assert!(loopback().all(|address| address.ip().is_loopback()));
        assert!(!is_localhost("localhost.example") && !is_localhost("notlocalhost"));
    }
}
