//! The cluster, the user and the context that are written, and what is kept of those that were there.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::helper::confirmation::backend_name::BackendName;
use crate::protocol::BASE_PATH;

/// What kubectl shows where the program is gone.
const INSTALL_HINT: &str = concat!(
    "kubectl needs backstage-oidc-helper to sign you in to Backstage. Install it as docs/install.md says, at ",
    env!("CARGO_PKG_REPOSITORY")
);

/// A list of a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `clusters`
    Cluster,
    /// `users`
    User,
    /// `contexts`
    Context,
}

impl Kind {
    /// The list's key, and that of an item's content.
    #[must_use]
    pub fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Cluster => ("clusters", "cluster"),
            Self::User => ("users", "user"),
            Self::Context => ("contexts", "context"),
        }
    }
}

/// An entry that shall be there.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its list.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Fields that get this value; null removes one.
    fields: Map<String, Value>,
    /// What marks an entry as ours.
    mark: Mark,
}

#[derive(Clone, Debug)]
enum Mark {
    /// Its server begins with this.
    Server(String),
    /// It runs `get-token`.
    GetToken,
    /// It has this user.
    User(String),
}

/// All that is written.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The current context, if it changes.
    pub current: Option<String>,
}

/// What entries are made from.
pub struct Entries<'a> {
    /// The backend.
    pub backend: &'a BackendName,
    /// Its address.
    pub address: &'a str,
    /// The path of this program.
    pub command: &'a str,
    /// The certificates to trust, where the system's do not do.
    pub certificate_authority: Option<&'a Path>,
    /// The name in its certificate.
    pub tls_server_name: Option<&'a str>,
}

impl Entries<'_> {
    /// The name of a cluster and of its context.
    #[must_use]
    pub fn name(&self, cluster: &str) -> String {
        format!("{cluster}@{}", host(self.backend))
    }

    /// The name of the user, who is the same at all clusters of a backend.
    fn user_name(&self) -> String {
        format!("backstage@{}", host(self.backend))
    }

    /// The entries for these clusters.
    #[must_use]
    pub fn wanted(&self, clusters: &[String], current: Option<&str>) -> Wanted {
        let mut entries: Vec<Entry> = clusters.iter().map(|cluster| self.cluster(cluster)).collect();
        entries.push(self.user());
        entries.extend(clusters.iter().map(|cluster| self.context(cluster)));
        Wanted { entries, current: current.map(str::to_owned) }
    }

    fn cluster(&self, cluster: &str) -> Entry {
        let below = format!("{}{BASE_PATH}/clusters/", self.address);
        let mut fields = object(json!({
            "server": format!("{below}{cluster}/proxy"),
            "certificate-authority": self.certificate_authority.and_then(Path::to_str),
            // What a user has written for another server; with a CA, kubectl refuses the one, and the other takes its place.
            "certificate-authority-data": null,
            "insecure-skip-tls-verify": null,
        }));
        if let Some(name) = self.tls_server_name {
            fields.insert("tls-server-name".to_owned(), json!(name));
        }
        Entry { kind: Kind::Cluster, name: self.name(cluster), fields, mark: Mark::Server(below) }
    }

    fn user(&self) -> Entry {
        let mut args = vec!["get-token".to_owned(), "--backend".to_owned(), self.address.to_owned()];
        // The default one, too: BACKSTAGE_CLIENT_ID, where kubectl runs, does not change which client a context is.
        args.extend(["--client-id".to_owned(), self.backend.client_id().to_owned()]);
        if let Some(file) = self.certificate_authority.and_then(Path::to_str) {
            args.extend(["--ca-file".to_owned(), file.to_owned()]);
        }
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": self.command,
            "args": args,
            "installHint": INSTALL_HINT,
            "interactiveMode": "IfAvailable",
            "provideClusterInfo": false,
        });
        let fields = object(json!({ "exec": exec }));
        Entry { kind: Kind::User, name: self.user_name(), fields, mark: Mark::GetToken }
    }

    fn context(&self, cluster: &str) -> Entry {
        let (name, user) = (self.name(cluster), self.user_name());
        let fields = object(json!({ "cluster": name, "user": user }));
        Entry { kind: Kind::Context, name, fields, mark: Mark::User(user) }
    }
}

/// The host of a backend as a part of names: with the port and the path, where they are not the usual ones.
fn host(backend: &BackendName) -> String {
    let port = if backend.port() == 443 { String::new() } else { format!(":{}", backend.port()) };
    format!("{}{port}{}", backend.host(), backend.path().trim_end_matches('/'))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Whether a user's content runs this program's `get-token`: kubelogin's command is called so, too, and has no `--backend`.
fn runs_get_token(content: &Value) -> bool {
    let args = content.pointer("/exec/args").and_then(Value::as_array);
    let mut args = args.into_iter().flatten().filter_map(Value::as_str);
    args.next() == Some("get-token") && args.any(|arg| arg == "--backend")
}

impl Entry {
    /// Whether an item with that name is one that this program has written.
    #[must_use]
    pub fn is_ours(&self, item: &Value) -> bool {
        let content = item.get(self.kind.keys().1).unwrap_or(&Value::Null);
        let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
        match &self.mark {
            Mark::Server(below) => text("/server").is_some_and(|server| server.starts_with(below)),
            Mark::GetToken => runs_get_token(content),
            Mark::User(user) => text("/user") == Some(user),
        }
    }

    /// The item, with what a user has added to the one that was there.
    #[must_use]
    pub fn item(&self, before: Option<&Value>) -> Value {
        let key = self.kind.keys().1;
        let mut item = object(before.cloned().unwrap_or_default());
        let mut content = object(item.remove(key).unwrap_or_default());
        let exec = content.get("exec").cloned().unwrap_or_default();
        for (name, value) in &self.fields {
            if value.is_null() {
                content.remove(name);
            } else {
                content.insert(name.clone(), value.clone());
            }
        }
        if let Some(Value::Object(new)) = content.get_mut("exec") {
            for kept in ["env", "interactiveMode"] {
                if let Some(value) = exec.get(kept).filter(|value| !value.is_null()) {
                    new.insert(kept.to_owned(), value.clone());
                }
            }
        }
        item.insert("name".to_owned(), json!(self.name));
        item.insert(key.to_owned(), Value::Object(content));
        Value::Object(item)
    }
}
