//! What a user's machine remembers of backends.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::PathBuf;

use backstage_oidc_helper::helper::confirmation::backend_name::BackendName;
use serde_json::json;

use crate::harness::world::World;

/// Where the helper keeps what it must remember.
pub fn state_folder(world: &World) -> PathBuf {
    world.home.path().join(".local/state/backstage-oidc-helper")
}

/// The file of the backends at which a login has succeeded.
pub fn confirmed_file(world: &World) -> PathBuf {
    state_folder(world).join("confirmed-backends.json")
}

/// Logins have succeeded at these before.
pub fn have_confirmed(world: &World, urls: &[&str]) {
    let names = urls.iter().map(|url| BackendName::new(url, "backstage-oidc-helper").unwrap());
    let content = json!({ "version": 1, "backends": names.collect::<Vec<_>>() });
    write_privately(world, "confirmed-backends.json", &content.to_string());
}

/// Puts a file where the helper keeps its own, for its user alone.
pub fn write_privately(world: &World, name: &str, content: &str) {
    let folder = state_folder(world);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    let file = folder.join(name);
    std::fs::write(&file, content).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}
