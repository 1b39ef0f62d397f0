//! `--version` says which commit was built.

use backstage_oidc_helper::telemetry::build::COMMIT;

use crate::harness::programs::command::Ended;
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::world::World;

#[test]
fn the_version_names_the_commit_or_says_that_the_build_is_one_for_development() {
    let world = World::new("version");
    let said = Ended::of(&mut HelperPlan::without_backend(&world, "--version").into_command(), &world);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(said.out, format!("backstage-oidc-helper {version} ({COMMIT})\n"));
    assert_eq!(said.code, Some(0));
}
