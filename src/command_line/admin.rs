//! The admin commands, which run where the backend's settings are.

use std::io::{BufWriter, Write};

use backstage_oidc_helper::backend::admin::{Admin, AdminError, Form, Imported, export, import};
use backstage_oidc_helper::backstage_names::UserRef;
use backstage_oidc_helper::settings::backend::BackendSettings;
use clap::Subcommand;

const OUT_OF_DATE: &str = "where this store was in use before the file was, its own are out of date: end them with admin revoke, or delete its keys and run this again.";

#[derive(Subcommand)]
pub enum AdminCommand {
    /// List the kept logins: user, cluster, expiry and last use; no token.
    List {
        /// Only those of this user, such as user:default/felix.
        #[arg(long, value_name = "USER")]
        user: Option<UserRef>,
        /// One JSON object a line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Forget a user's logins, and revoke them at the identity provider.
    Revoke {
        /// The user, such as user:default/felix.
        #[arg(long, value_name = "USER")]
        user: UserRef,
        /// Only the one at this cluster.
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
    },
    /// Seal all that an old key seals with the first of TOKEN_ENCRYPTION_KEYS, so that the old one may be left out.
    Reseal,
    /// Write all that STORE_FILE keeps, sealed, for `admin import`; the file takes no login any more.
    Export,
    /// Read what `admin export` has written into the store that is set here.
    Import,
}

impl AdminCommand {
    /// Does it; what it says beside its output goes to `said`.
    pub async fn run(
        self,
        settings: &BackendSettings,
        out: &mut dyn Write,
        said: impl Fn(&str),
    ) -> Result<(), AdminError> {
        match self {
            Self::List { user, json } => {
                let form = if json { Form::JsonLines } else { Form::Table };
                Admin::new(settings)?.list(user.as_ref(), form, out).await
            }
            Self::Revoke { user, cluster } => {
                Admin::new(settings)?.revoke(&user, cluster.as_deref(), out).await
            }
            Self::Reseal => Admin::new(settings)?.reseal(out).await,
            Self::Export => {
                let count = export(settings, &mut BufWriter::new(out)).await?;
                said(&format!("{count} entries exported; STORE_FILE takes no login any more."));
                Ok(())
            }
            Self::Import => {
                let imported = import(settings, &mut std::io::stdin().lock()).await?;
                let Imported { new, left, differs } = imported;
                writeln!(out, "{new} entries imported; {left} were here already, or have ended.")?;
                if differs > 0 {
                    said(&format!(
                        "{differs} of them are here with another content, which stays: {OUT_OF_DATE}"
                    ));
                }
                Ok(())
            }
        }
    }
}
