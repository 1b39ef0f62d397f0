//! A secret that may be missing, in a record of which older binaries expect that it is there: they read an empty one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::protocol::WireSecret;

#[expect(clippy::ref_option, reason = "serde calls it so")]
pub(in crate::backend) fn serialize<S: Serializer>(
    secret: &Option<WireSecret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map_or("", WireSecret::expose).serialize(serializer)
}

pub(in crate::backend) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<WireSecret>, D::Error> {
    let secret = WireSecret::deserialize(deserializer)?;
    Ok((!secret.expose().is_empty()).then_some(secret))
}
