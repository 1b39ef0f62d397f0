//! The login at the identity provider that a user of a kubeconfig is configured for: by kubelogin's flags, or by the auth-provider
//! `oidc` that kubectl had before 1.26.

mod extra_params;
pub mod redirect;

use secrecy::SecretString;

use self::extra_params::ExtraParams;
use super::exec_command::Runs;
use super::flags::Flags;
use super::kubeconfig::{AuthProvider, Exec, User};
use super::notes::{LeftOut, Notes};

/// What kubelogin does on the user's own machine: the backend has its own way for each.
const ON_THE_USERS_MACHINE: [&str; 12] = [
    "skip-open-browser",
    "browser-command",
    "authentication-timeout-sec",
    "open-url-after-authentication",
    "local-server-cert",
    "local-server-key",
    "force-refresh",
    "token-cache-dir",
    "token-cache-storage",
    "tls-renegotiation-once",
    "tls-renegotiation-freely",
    "password",
];

/// A login, as it is configured. Has no `Debug`: it holds the client secret.
pub struct OidcLogin {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    /// More than `openid`.
    pub extra_scopes: Vec<String>,
    pub params: ExtraParams,
    pub token: TokenForCluster,
    pub origin: TokenOriginHeader,
    /// The redirect URIs that kubelogin tries, the first first.
    pub redirect_uris: Vec<String>,
    pub ca_files: Vec<String>,
    /// Base64, as in the kubeconfig.
    pub ca_data: Vec<String>,
    pub spelling: Spelling,
}

/// Which token kubelogin gives kubectl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForCluster {
    Id,
    Access,
}

/// Whether kubelogin adds `Origin` to its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOriginHeader {
    Unsaid,
    Said,
}

/// How the kubeconfig spells a login: for the comments that say where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Flags,
    AuthProvider,
}

impl Spelling {
    /// The flag, or the key of the auth-provider's `config`.
    pub fn of(self, name: &str) -> String {
        match (self, name) {
            (Self::Flags, name) => format!("--{name}"),
            (Self::AuthProvider, "oidc-issuer-url") => "idp-issuer-url".to_owned(),
            (Self::AuthProvider, "oidc-extra-scope") => "extra-scopes".to_owned(),
            (Self::AuthProvider, name) => name.trim_start_matches("oidc-").to_owned(),
        }
    }
}

/// The login of a user; the name is for sentences.
///
/// # Errors
/// Why there is none.
pub fn of(user: &User, name: &str, notes: &mut Notes) -> Result<OidcLogin, LeftOut> {
    match (&user.exec, &user.auth_provider) {
        (Some(exec), _) => of_exec(exec, name, notes),
        (None, Some(provider)) => of_auth_provider(provider, name, notes),
        (None, None) => Err(LeftOut(format!(
            "its user {name:?} has {}, which is no login at an identity provider that a person could repeat in Backstage.",
            credential(user)
        ))),
    }
}

fn credential(user: &User) -> &'static str {
    if user.token.is_some() || user.token_file.is_some() {
        "a fixed token"
    } else if user.client_certificate.is_some() || user.client_certificate_data.is_some() {
        "a client certificate"
    } else if user.username.is_some() {
        "a user name and a password"
    } else {
        "no credential"
    }
}

fn of_exec(exec: &Exec, name: &str, notes: &mut Notes) -> Result<OidcLogin, LeftOut> {
    match Runs::of(exec) {
        Runs::Kubelogin(flags) => {
            if !exec.env.is_empty() {
                let names: Vec<_> = exec.env.iter().map(|variable| variable.name.as_str()).collect();
                notes.add(format!(
                    "The user {name:?}: the variables {} are set for kubelogin on a person's machine and are not carried over: if the backend needs a proxy or certificates of its own, set HTTPS_PROXY, NO_PROXY or CA_FILE.",
                    names.join(", ")
                ));
            }
            of_flags(flags, name, notes)
        }
        Runs::AzuresKubelogin => Err(LeftOut(format!(
            "its user {name:?} runs Azure's kubelogin, another program of that name, with an application of Azure's own. Register one for people in Backstage: docs/providers/entra.md shows its settings."
        ))),
        Runs::Script => Err(LeftOut(format!(
            "its user {name:?} runs kubelogin in a script with variables, or with more behind it, so what kubelogin gets is not written there: write its flags as args, and run this again."
        ))),
        Runs::Other(None) => Err(LeftOut(format!(
            "its user {name:?} runs another program than kubelogin, or has a whole command line as its command: there write each word behind the program's name as one of its args, and run this again."
        ))),
        Runs::Other(Some(program)) if program == "aws" || program == "aws-iam-authenticator" => {
            Err(LeftOut(format!(
                "its user {name:?} runs {program}: the cluster takes credentials of AWS IAM. If an OIDC identity provider is associated with the EKS cluster, write its settings by hand (docs/providers.md)."
            )))
        }
        Runs::Other(Some(program)) if program.starts_with("gke-gcloud") || program == "gcloud" => {
            Err(LeftOut(format!(
                "its user {name:?} runs {program}, with an application of Google's own. docs/providers/google.md shows the settings for one of yours."
            )))
        }
        Runs::Other(Some(program)) => Err(LeftOut(format!(
            "its user {name:?} runs {program:?}, which is not kubelogin: its identity provider is not written there."
        ))),
    }
}

fn of_flags(mut flags: Flags, name: &str, notes: &mut Notes) -> Result<OidcLogin, LeftOut> {
    if flags.is_on("insecure-skip-tls-verify") {
        return Err(LeftOut(format!(
            "its user {name:?} has --insecure-skip-tls-verify, and the backend always checks the identity provider's certificate. Give kubelogin --certificate-authority instead, and run this again."
        )));
    }
    let missing = |flag: &str| LeftOut(format!("its user {name:?} runs kubelogin without {flag}."));
    let issuer = flags.value("oidc-issuer-url").ok_or_else(|| missing("--oidc-issuer-url"))?;
    let client_id = flags.value("oidc-client-id").ok_or_else(|| missing("--oidc-client-id"))?;
    let redirect_uris = redirect::uris(&mut flags, name, notes)?;
    note_pkce(&mut flags, name, notes);
    let login = OidcLogin {
        issuer,
        client_id,
        client_secret: flags.value("oidc-client-secret").map(SecretString::from),
        extra_scopes: scopes(&flags.list("oidc-extra-scope")),
        params: ExtraParams::read(flags.pairs("oidc-auth-request-extra-params"), name, notes),
        token: if flags.is_on("oidc-use-access-token") {
            TokenForCluster::Access
        } else {
            TokenForCluster::Id
        },
        origin: request_headers(&mut flags, name, notes),
        redirect_uris,
        ca_files: flags.values("certificate-authority"),
        ca_data: flags.values("certificate-authority-data"),
        spelling: Spelling::Flags,
    };
    note_left(flags, name, notes);
    Ok(login)
}

/// The backend always sends a PKCE challenge with S256: what asks for it is carried over by that.
fn note_pkce(flags: &mut Flags, name: &str, notes: &mut Notes) {
    flags.values("oidc-use-pkce");
    if flags.value("oidc-pkce-method").is_some_and(|method| method == "no") {
        notes.add(format!(
            "The user {name:?}: --oidc-pkce-method=no is not carried over, as the backend always sends PKCE with S256. An identity provider that refuses it cannot be used."
        ));
    }
}

fn request_headers(flags: &mut Flags, name: &str, notes: &mut Notes) -> TokenOriginHeader {
    let headers = flags.pairs("oidc-request-header");
    let is_origin = |header: &str| header.eq_ignore_ascii_case("origin");
    let is_name = |header: &str| header.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    for (header, _) in headers.iter().filter(|(header, _)| !is_origin(header)) {
        // What is no name may be a whole header.
        let header = if is_name(header) { format!(" {header:?}") } else { String::new() };
        notes.add(format!(
            "The user {name:?}: --oidc-request-header{header} is not carried over, as the backend sends no headers of a setting."
        ));
    }
    if headers.iter().any(|(header, _)| is_origin(header)) {
        TokenOriginHeader::Said
    } else {
        TokenOriginHeader::Unsaid
    }
}

fn note_left(mut flags: Flags, name: &str, notes: &mut Notes) {
    let own: Vec<String> = ON_THE_USERS_MACHINE
        .iter()
        .filter(|flag| !flags.values(flag).is_empty())
        .map(|flag| format!("--{flag}"))
        .collect();
    if !own.is_empty() {
        notes.add(format!(
            "The user {name:?}: {} are for kubelogin on a person's machine and are not carried over.",
            own.join(", ")
        ));
    }
    // Its log.
    for flag in ["v", "logtostderr", "alsologtostderr"] {
        flags.values(flag);
    }
    let left = flags.left();
    if !left.is_empty() {
        notes.add(format!(
            "The user {name:?}: {} are not known here and are not carried over.",
            left.join(", ")
        ));
    }
}

fn of_auth_provider(provider: &AuthProvider, name: &str, notes: &mut Notes) -> Result<OidcLogin, LeftOut> {
    if provider.name != "oidc" {
        return Err(LeftOut(format!(
            "its user {name:?} has the auth-provider {:?}, which names no identity provider.",
            provider.name
        )));
    }
    let value = |key: &str| provider.config.get(key).cloned().flatten().filter(|value| !value.is_empty());
    let missing = |key: &str| LeftOut(format!("the auth-provider of its user {name:?} has no {key}."));
    if value("id-token").is_some() || value("refresh-token").is_some() {
        notes.add(format!(
            "The user {name:?}: the tokens in the file are not carried over, people log in anew."
        ));
    }
    Ok(OidcLogin {
        issuer: value("idp-issuer-url").ok_or_else(|| missing("idp-issuer-url"))?,
        client_id: value("client-id").ok_or_else(|| missing("client-id"))?,
        client_secret: value("client-secret").map(SecretString::from),
        extra_scopes: scopes(value("extra-scopes").as_slice()),
        params: ExtraParams::default(),
        token: TokenForCluster::Id,
        origin: TokenOriginHeader::Unsaid,
        redirect_uris: redirect::defaults(),
        ca_files: value("idp-certificate-authority").into_iter().collect(),
        ca_data: value("idp-certificate-authority-data").into_iter().collect(),
        spelling: Spelling::AuthProvider,
    })
}

/// Blanks separate scopes, too: that is how all of them are sent.
fn scopes(entries: &[String]) -> Vec<String> {
    let scopes = entries.iter().flat_map(|entry| entry.split([',', ' ']));
    scopes.filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}
