//! The settings as text: lines of an environment file for one cluster, blocks of `CONFIG_FILE` for several, and for values that a shell
//! would not take as they are: people load such lines with one, and the kubeconfig may come from a stranger. [`helm_values`] is a third form.

pub mod helm_values;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::settings_of::{ClusterSettings, Origin, Setting};

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `NAME=value`
    Environment,
    /// `[[clusters]]` of TOML.
    ConfigFile,
}

impl Form {
    fn of(clusters: &[ClusterSettings]) -> Self {
        match clusters {
            [one] if has_plain_words(one) => Self::Environment,
            _ => Self::ConfigFile,
        }
    }
}

/// Whether a shell, and every other reader of environment files, takes all values as they are.
fn has_plain_words(cluster: &ClusterSettings) -> bool {
    let plain = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/%[]@+=,".contains(c));
    cluster.settings.iter().all(|setting| plain(&setting.value))
        && cluster.idp_ca_file.as_deref().is_none_or(plain)
}

/// Writes them, each with where it came from.
///
/// # Errors
/// When they are not read.
pub fn write(clusters: &[ClusterSettings], file: &str, out: &mut dyn Write) -> io::Result<()> {
    let form = Form::of(clusters);
    let (kind, how) = match form {
        Form::Environment => ("Environment", ""),
        Form::ConfigFile => ("CONFIG_FILE", ", and `--config` names this file"),
    };
    let mut text = format!(
        "# {kind} of the backend role, from {}. `config check` says what it means{how}.\n\
         # No kubeconfig says whom a login belongs to: identity_rule is catalog unless you set it (docs/settings.md).\n",
        one_line(file)
    );
    for ca in ca_files(clusters) {
        match form {
            Form::Environment => {
                text.push_str("\n# certificate-authority of the identity provider\n");
                text.push_str(&line(form, "CA_FILE", &ca));
            }
            Form::ConfigFile => {
                let _ = writeln!(text, "# Beside it, in the environment: CA_FILE={}", one_line(&ca));
            }
        }
    }
    for cluster in clusters {
        text.push('\n');
        if form == Form::ConfigFile {
            text.push_str("[[clusters]]\n");
        }
        for setting in &cluster.settings {
            let _ = writeln!(text, "# {}", one_line(&origin(cluster, setting)));
            text.push_str(&line(form, setting.name, &setting.value));
        }
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What has to be set beside a `CONFIG_FILE`.
pub fn beside(clusters: &[ClusterSettings]) -> Option<String> {
    let ca = ca_files(clusters).next().filter(|_| Form::of(clusters) == Form::ConfigFile)?;
    Some(format!("CA_FILE is a setting of the whole backend: set CA_FILE={ca} beside CONFIG_FILE."))
}

/// The one file of all of them.
fn ca_files(clusters: &[ClusterSettings]) -> impl Iterator<Item = String> {
    clusters.iter().find_map(|cluster| cluster.idp_ca_file.clone()).into_iter()
}

fn line(form: Form, name: &str, value: &str) -> String {
    match form {
        Form::Environment => format!("{name}={value}\n"),
        Form::ConfigFile => format!("{} = {}\n", name.to_lowercase(), toml::Value::from(value)),
    }
}

fn origin(cluster: &ClusterSettings, setting: &Setting) -> String {
    let ClusterSettings { context, cluster_name, user_name, spelling, .. } = cluster;
    match &setting.origin {
        Origin::User(flag) => format!("{} of the user {user_name:?}", spelling.of(flag)),
        Origin::Cluster(field) => format!("{field} of the cluster {cluster_name:?}"),
        Origin::Name => format!("the cluster {cluster_name:?} in the context {context:?}"),
        Origin::KubeloginsDefault => {
            "what kubelogin asks for by default, without a slash at the end".to_owned()
        }
    }
}

/// A comment is one line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
