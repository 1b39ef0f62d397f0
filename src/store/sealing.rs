//! stub
use crate::random::{NoRandomness, Random};
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};
/// k
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// s
    Session,
    /// l
    Login,
}
/// k
pub struct Keyring;
/// e
#[derive(Debug, thiserror::Error)]
#[error("keys")]
pub struct KeyringError;
/// u
#[derive(Debug, thiserror::Error)]
#[error("unreadable")]
pub struct Unreadable;
impl Keyring {
    /// p
    pub fn parse(_t: &SecretString) -> Result<Self, KeyringError> {
        Ok(Self)
    }
    /// r
    pub fn random(_r: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self)
    }
    /// s
    pub fn seal_json<T: Serialize>(
        &self,
        _r: &dyn Random,
        _k: Kind,
        _s: &[&str],
        v: &T,
    ) -> Result<Vec<u8>, NoRandomness> {
        serde_json::to_vec(v).map_err(|_| NoRandomness)
    }
    /// o
    pub fn open_json<T: DeserializeOwned>(&self, _k: Kind, _s: &[&str], b: &[u8]) -> Result<T, Unreadable> {
        serde_json::from_slice(b).map_err(|_| Unreadable)
    }
}
