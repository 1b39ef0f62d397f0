//! The settings as values of the chart `charts/backstage-oidc-helper`: the clusters by name, each setting in camel case, certificates in
//! the text, and client secrets as Secrets that the operator makes of the files.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use super::super::certificates::alone;
use super::super::private_files::SecretFile;
use super::super::settings_of::ClusterSettings;
use super::{one_line, origin};

/// The key of a Secret that is made of a file.
const KEY: &str = "client-secret";

/// Writes them, each with where it came from.
///
/// # Errors
/// When they are not read.
pub fn write(
    clusters: &[ClusterSettings],
    secrets: &[SecretFile],
    file: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut text = format!(
        "# Values of the chart backstage-oidc-helper, from {}. settings.backstageUrl and encryptionKeys are yours to add (docs/helm.md).\n\
         # No kubeconfig says whom a login belongs to: identityRule is catalog unless you set it (docs/settings.md).\n",
        one_line(file)
    );
    let trusted: Vec<&[u8]> = clusters.iter().filter_map(|cluster| cluster.idp_ca.as_deref()).collect();
    if !trusted.is_empty() {
        text.push_str("\n# certificate-authority of the identity provider\nca:\n");
        pem(&mut text, "  ", &trusted);
    }
    text.push_str("\nclusters:\n");
    for cluster in clusters {
        let _ = writeln!(text, "  {}:", quoted(cluster.name_of()));
        for setting in cluster.settings.iter().filter(|setting| setting.name != "CLUSTER_NAME") {
            let _ = writeln!(text, "    # {}", one_line(&origin(cluster, setting)));
            let _ =
                writeln!(text, "    {}: {}", camel_case(setting.name), value(setting.name, &setting.value));
        }
        if secrets.iter().any(|secret| secret.cluster == cluster.name_of()) {
            let name = quoted(&secret_name(cluster.name_of()));
            let _ = writeln!(
                text,
                "    # oidc-client-secret, in a Secret of your own\n    clientSecret: {{name: {name}, key: {KEY}}}"
            );
        }
        if let Some(ca) = &cluster.cluster_ca {
            text.push_str("    # certificate-authority\n    kubernetesCa:\n");
            pem(&mut text, "      ", &[ca]);
        }
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// How the Secret is made that the values name.
pub fn how_to_keep(secret: &SecretFile) -> String {
    format!(
        "The client secret of {} is in {}: make a Secret of it in the namespace of the release, `kubectl create secret generic {} --from-file={KEY}={}`, then delete the file.",
        secret.cluster,
        shown(&secret.path),
        secret_name(&secret.cluster),
        shown(&secret.path)
    )
}

fn secret_name(cluster: &str) -> String {
    format!("{cluster}-client-secret")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A text of JSON is one of YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The chart has a truth value where the program has a word.
fn value(name: &str, text: &str) -> String {
    if name == "OIDC_TOKEN_ORIGIN" { text.to_owned() } else { quoted(text) }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_').map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |mut all, word| {
        let mut letters = word.chars();
        all.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        all.push_str(letters.as_str());
        all
    })
}

/// The certificates, each once.
fn pem(text: &mut String, indent: &str, trusted: &[&[u8]]) {
    let _ = writeln!(text, "{indent}pem: |");
    let mut written = Vec::new();
    for certificate in trusted.iter().flat_map(|pem| alone(pem)) {
        if !written.contains(&certificate) {
            for line in certificate.lines() {
                let _ = writeln!(text, "{indent}  {line}");
            }
            written.push(certificate);
        }
    }
}
