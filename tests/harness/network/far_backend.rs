//! A backend that is not on loopback, and notes what it is sent before anything answers.

use super::far_network::ip;
use super::front::{Behind, Heads, PrivateCa, serve_tls};
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::world::World;

/// Its address, which is free in the test's own network.
pub const HOST: &str = "10.66.0.1";

/// An address in front of a backend that listens on loopback.
pub struct FarBackend {
    /// `https://10.66.0.1`
    pub url: String,
    ca: PrivateCa,
    behind: String,
    heads: Heads,
}

impl FarBackend {
    /// In front of that one.
    pub fn new(world: &World, backend_url: &str) -> Self {
        ip(&format!("addr add {HOST}/32 dev lo"));
        let ca = PrivateCa::new(world);
        let behind = backend_url.to_owned();
        let heads = serve_tls(&format!("{HOST}:443"), ca.server(HOST), Behind::Plain(behind.clone()));
        Self { url: format!("https://{HOST}"), ca, behind, heads }
    }

    /// The same at another port: what is sent there.
    pub fn also_at(&self, port: u16) -> Heads {
        serve_tls(&format!("{HOST}:{port}"), self.ca.server(HOST), Behind::Plain(self.behind.clone()))
    }

    /// The login role toward here, which trusts its certificate.
    pub fn login(&self, world: &World) -> HelperPlan {
        HelperPlan::new(world, &self.url).with("CA_FILE", self.ca_file())
    }

    /// Another command.
    pub fn command(&self, world: &World, name: &str) -> HelperPlan {
        HelperPlan::of_command(world, name, &self.url).with("CA_FILE", self.ca_file())
    }

    /// The CA that has signed its certificate.
    pub fn ca_file(&self) -> &str {
        self.ca.file.to_str().unwrap()
    }

    /// What it was sent since this was last asked: method and path, and the credential of each, `-` where there is none.
    pub fn asked(&self) -> Vec<String> {
        asked(&self.heads)
    }

    /// The same without the question of which backend it is, which a proxy's readiness may ask at any time.
    pub fn asked_besides_info(&self) -> Vec<String> {
        let asked = self.asked().into_iter();
        asked.filter(|call| call != "GET /api/cluster-auth/info -").collect()
    }

    /// Asserts that since then it was sent nothing but that question.
    pub fn assert_only_asked_for_info(&self, when: &str) {
        let asked = self.asked_besides_info();
        assert!(asked.is_empty(), "{when}: {asked:#?}");
    }
}

/// The same of any front.
pub fn asked(heads: &Heads) -> Vec<String> {
    heads.take().iter().map(|head| in_short(head)).collect()
}

fn in_short(head: &str) -> String {
    let call = head.split(" HTTP/").next().unwrap();
    let credential = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        ["authorization", "cookie"].contains(&name.to_ascii_lowercase().as_str()).then_some(value)
    });
    format!("{call} {}", credential.unwrap_or("-"))
}
