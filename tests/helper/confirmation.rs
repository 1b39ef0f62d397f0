//! A backend that is not on loopback and at which no login has succeeded on this machine: an attacker may own it, and may have
//! written the command that names it. Before the user has confirmed it, it is sent nothing but `GET /info`, whatever credential
//! they hold.

mod before;
mod in_proxy;
mod last_backend;
mod remembered;
mod status_and_logout;
mod typed;

use crate::harness::clients::api::Session;
use crate::harness::deployment::Deployment;
use crate::harness::network::far_backend::{FarBackend, HOST};
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::Helper;
use crate::harness::programs::proxy_program::{APP, Visitor, outcome};

/// The address of the login role's pages.
const HELPER: &str = "http://localhost:8000";

/// `bäckstage.test`, as it is sent.
const PUNYCODE: &str = "xn--bckstage-0za.test";

/// A backend with Felix as every caller, behind an address that is not on loopback.
struct Parts {
    here: Deployment,
    backend: Backend,
    far: FarBackend,
}

impl Parts {
    fn start(test: &str) -> Self {
        let hosts = format!("{HOST},{HOST}:444,{PUNYCODE}:444");
        let here = Deployment::new(test).with("ALLOWED_HOSTS", &hosts).with("BACKSTAGE_APP_URL", APP);
        let backend = here.plan.start();
        let far = FarBackend::new(&here.world, &backend.url);
        Self { here, backend, far }
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(&self.here.world, HELPER)
    }

    fn register(&self) -> Session {
        self.here.api(&self.backend).register()
    }

    /// From a link that leads straight on to the identity provider, to the end.
    fn log_in(&self, visitor: &mut Visitor, link: &str) {
        let sent = visitor.get(path_of(link));
        visitor.keep_cookie(&sent);
        self.come_back_from(visitor, sent.header("location").expect("the link leads nowhere"));
    }

    /// From the identity provider to the end.
    fn come_back_from(&self, visitor: &Visitor, auth_url: &str) {
        self.here.world.ledger.note("auth_url", auth_url);
        let redirect = self.here.idp.log_in(auth_url, "felix");
        assert_eq!(visitor.come_back_for_good(&redirect), "success");
    }

    /// A whole login at a backend that was never confirmed.
    fn confirm_and_log_in(&self) {
        let mut helper = self.far.login(&self.here.world).start();
        let mut visitor = self.visitor();
        let link = visitor.press_button(path_of(&helper.link));
        self.log_in(&mut visitor, &link);
        helper.end().assert(0, &["Connected", "user:default/felix"]);
        self.far.asked();
    }
}

/// Asserts that a helper asks about its backend first.
fn assert_asks(visitor: &Visitor, helper: &Helper) {
    let page = visitor.get(path_of(&helper.link));
    assert_eq!((page.status, outcome(&page).as_str()), (200, "confirm-backend"), "{}", page.text);
}

fn path_of(link: &str) -> &str {
    link.strip_prefix(HELPER).unwrap_or(link)
}
