//! Where the browser is on another machine than the helper: what is said there, and what is taken back.

mod over_ssh;
mod pasted;
mod said;

use crate::harness::clients::api::Api;
use crate::harness::deployment::Deployment;
use crate::harness::process::Process;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::HelperPlan;

/// What stands beside an address to log in at.
const NEVER_SEND: &str = "Never send either address to anybody";

/// A backend that takes every caller for Felix, and a helper that logs him in.
struct Parts {
    here: Deployment,
    backend: Backend,
    api: Api,
}

impl Parts {
    fn start(test: &str) -> Self {
        Self::of(Deployment::new(test))
    }

    fn of(here: Deployment) -> Self {
        let (backend, api) = here.start();
        Self { here, backend, api }
    }

    fn plan(&self) -> HelperPlan {
        self.here.helper(&self.backend)
    }

    /// The address at which the login ends, for the address to log in at that the helper shows.
    fn log_in(&self, shown: &str) -> String {
        self.here.idp.log_in(shown, "felix")
    }
}

/// The address to log in at, once all that belongs to it was said.
fn shown_address(helper: &Process) -> String {
    helper.wait_for_line(NEVER_SEND);
    helper.wait_for("the address to log in at", |line| {
        let address = line.strip_prefix("  ")?.trim();
        address.contains("code_challenge=").then(|| address.to_owned())
    })
}
