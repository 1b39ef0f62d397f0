//! The values of the chart. `make chart` renders what the program writes of each kubeconfig.

use super::*;

fn values(kubeconfig: &str) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, kubeconfig).unwrap();
    made_for(Purpose::Chart, file, &[], folder)
}

#[test]
fn the_kubeconfig_of_the_first_users_becomes_values() {
    let made = made_for(Purpose::Chart, fixture("rackspace-spot"), &[], tempfile::tempdir().unwrap());
    made.result.as_ref().unwrap();
    for line in [
        "clusters:",
        "  \"acme-prod\":",
        "    # --oidc-issuer-url of the user \"oidc\"",
        "    oidcIssuerUrl: \"https://login.spot.rackspace.com/\"",
        "    oidcOrganizationId: \"org_zOuCBHiyF1yG8d1D\"",
        "    oidcRedirectUri: \"http://localhost:8000\"",
        "    kubernetesCa:",
        "      pem: |",
        "        -----BEGIN CERTIFICATE-----",
    ] {
        assert!(made.text.lines().any(|one| one == line), "{line} is missing in {}", made.text);
    }
    assert!(!made.folder.path().join("files").exists(), "it has no secret, and certificates are in the text");
}

/// Values are shown around and kept in Git.
#[test]
fn a_secret_is_in_a_file_alone_and_a_key_beside_certificates_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = a_certificate();
    let ca = folder.path().join("ca.pem");
    let key = "bXVzdC1ub3QtYmUtc2hvd24=";
    let both = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n{certificate}");
    std::fs::write(&ca, both).unwrap();
    let made = values(&format!(
        r#"{{"contexts": [{{"name": "x", "context": {{"cluster": "c", "user": "u"}}}}],
        "clusters": [{{"name": "c", "cluster": {{"server": "https://c.example", "certificate-authority": {ca:?}}}}}],
        "users": [{{"name": "u", "user": {{"exec": {{"command": "kubelogin", "args": ["get-token",
            "--oidc-issuer-url=https://i.example/", "--oidc-client-id=k", "--oidc-client-secret={HIDDEN}"]}}}}}}]}}"#
    ));
    made.result.as_ref().unwrap();
    assert!(
        made.text.contains("clientSecret: {name: \"c-client-secret\", key: client-secret}"),
        "{}",
        made.text
    );
    assert!(made.sentence("kubectl create secret generic c-client-secret --from-file=client-secret="));
    let secret = std::fs::read_to_string(made.folder.path().join("files/c-client-secret")).unwrap();
    assert_eq!(secret, HIDDEN);
    let indented = certificate.trim_end().replace('\n', "\n        ");
    assert!(made.text.ends_with(&format!("      pem: |\n        {indented}\n")), "{}", made.text);
    assert!(!made.text.contains(key), "{}", made.text);
}

/// The one of a fixture, as PEM.
fn a_certificate() -> String {
    let made = made("rackspace-spot", &[]);
    std::fs::read_to_string(made.folder.path().join("files/acme-prod-ca.pem")).unwrap()
}
