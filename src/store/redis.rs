//! stub
use super::memory::Memory;
use secrecy::SecretString;
use std::path::Path;
/// r
pub type RedisStore = MemoryStore2;
/// e
#[derive(Debug, thiserror::Error)]
#[error("url")]
pub struct RedisUrlError;
/// x
pub struct MemoryStore2;
