//! What kubectl asks of its credential plugin, in the variable `KUBERNETES_EXEC_INFO`.

use serde::Deserialize;

use crate::settings::SettingsError;

/// The variable.
pub const EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

/// The version of the answer (client.authentication.k8s.io).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `v1`, since kubectl 1.22.
    V1,
    /// `v1beta1`.
    V1Beta1,
}

impl Version {
    /// As `apiVersion` has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
        }
    }
}

/// Whether the user may be asked to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// They may.
    MayBeAsked,
    /// kubectl says no: `interactiveMode: Never`, or its own input is no terminal.
    NotAsked,
}

/// The question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecInfo {
    /// The version in which the answer is given.
    pub version: Version,
    /// Whether the user may be asked.
    pub person: Person,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    api_version: String,
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    /// Whether kubectl gives its own input, a terminal, to the plugin. kubectl before 1.22 does not say.
    interactive: Option<bool>,
}

impl ExecInfo {
    /// Reads the variable; without it, a user runs the command by hand.
    ///
    /// # Errors
    /// When it is no question that this program can answer.
    pub fn read(variable: Option<&str>) -> Result<Self, SettingsError> {
        let Some(text) = variable.filter(|text| !text.is_empty()) else {
            return Ok(Self { version: Version::V1, person: Person::MayBeAsked });
        };
        let Given { api_version, spec } = serde_json::from_str(text).map_err(|_| {
            SettingsError(format!(
                "{EXEC_INFO} is not what kubectl puts there: unset it, and let kubectl run this command."
            ))
        })?;
        let version = match api_version.as_str() {
            "client.authentication.k8s.io/v1" => Version::V1,
            "client.authentication.k8s.io/v1beta1" => Version::V1Beta1,
            other => {
                let other = crate::helper::backend_client::displayable(other);
                return Err(SettingsError(format!(
                    "kubectl asks for {other}, which this version does not speak: let backstage-oidc-helper kubeconfig write the context anew, \
                     or write client.authentication.k8s.io/v1 into the kubeconfig."
                )));
            }
        };
        let person = if spec.interactive == Some(false) { Person::NotAsked } else { Person::MayBeAsked };
        Ok(Self { version, person })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ExecInfo, String> {
        ExecInfo::read(Some(text)).map_err(|error| error.to_string())
    }

    fn asked(version: &str, spec: &str) -> String {
        format!(r#"{{"kind":"ExecCredential","apiVersion":"{version}","spec":{spec}}}"#)
    }

    #[test]
    fn the_version_and_whether_the_user_may_be_asked_are_kubectls_words() {
        let (v1, beta) = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1");
        for (text, version, person) in [
            (asked(v1, r#"{"interactive":true}"#), Version::V1, Person::MayBeAsked),
            (asked(v1, r#"{"interactive":false}"#), Version::V1, Person::NotAsked),
            (
                asked(beta, r#"{"cluster":{"server":"x"},"interactive":true}"#),
                Version::V1Beta1,
                Person::MayBeAsked,
            ),
            (asked(beta, "{}"), Version::V1Beta1, Person::MayBeAsked),
        ] {
            assert_eq!(read(&text), Ok(ExecInfo { version, person }), "{text}");
        }
        let by_hand = ExecInfo { version: Version::V1, person: Person::MayBeAsked };
        assert_eq!(ExecInfo::read(None).unwrap(), by_hand);
        assert_eq!(ExecInfo::read(Some("")).unwrap(), by_hand);
    }

    #[test]
    fn another_question_is_refused_with_what_to_do() {
        let alpha = read(&asked("client.authentication.k8s.io/v1alpha1", "{}")).unwrap_err();
        assert!(alpha.contains("v1alpha1") && alpha.contains("kubeconfig write"), "{alpha}");
        for text in ["{", "[]", r#"{"spec":{}}"#] {
            assert!(read(text).unwrap_err().contains("KUBERNETES_EXEC_INFO"), "{text}");
        }
    }
}
