//! `admin reseal`: the last step before an old key is left out.

use std::io::Write;

use super::{Admin, AdminError};
use crate::backend::logins::RecordError;
use crate::backend::revocation::old_keys::Figures;

impl Admin {
    /// Seals every record that an old key seals with the first one, and writes how many there were. It may be interrupted and run again.
    ///
    /// # Errors
    /// As the variants of [`AdminError`] say; what was sealed anew until then stays so.
    pub async fn reseal(&self, out: &mut dyn Write) -> Result<(), AdminError> {
        let old_keys = &self.services.old_keys;
        let id = old_keys.logins.keyring.sealing_id();
        let figures = old_keys.reseal().await.map_err(|error| match error {
            RecordError::Store(error) => error.into(),
            RecordError::NotSealed(error) => AdminError::NotSealed(error),
            // Counted by then.
            RecordError::Unreadable(_) => AdminError::NotResealed(1),
        })?;
        let Figures { resealed, not_needed, busy, unreadable } = figures;
        writeln!(out, "Sealed with key {id}: {resealed} records anew, {not_needed} before.")?;
        if busy > 0 {
            writeln!(out, "{busy} records were being written for all the time.")?;
        }
        if unreadable > 0 {
            writeln!(
                out,
                "{unreadable} records cannot be opened: their key is missing, or they are damaged."
            )?;
        }
        match busy.saturating_add(unreadable) {
            0 => Ok(writeln!(
                out,
                "Old keys may be left out when the sessions of now are over (SESSION_LIFETIME and 5 minutes), if every backend has {id} first."
            )?),
            left => Err(AdminError::NotResealed(left)),
        }
    }
}
