//! The logon task of Windows' task scheduler: it starts the proxy when the user logs on. The program is one for a console, so its window
//! is there as long as it runs.

use std::io::Error;
use std::path::Path;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::command_line::CommandLine;
use super::service::{Description, Encoding, MARK, Manager, Returns, ServiceFile};
use crate::settings::proxy::carried::Carried;

/// The task's name.
const TASK: &str = "backstage-oidc-helper";

const NAMESPACE: &str = "http://schemas.microsoft.com/windows/2004/02/mit/task";

/// The settings that have a flag: a task has no variables of its own.
const FLAGS: [(&str, &str); 7] = [
    ("BACKSTAGE_URL", "--backend"),
    ("BACKSTAGE_CLIENT_ID", "--client-id"),
    ("LISTEN", "--listen"),
    ("CONTROL_LISTEN", "--control-listen"),
    ("REDIS_URL", "--redis-url"),
    ("LOGIN_TIMEOUT", "--timeout"),
    ("CA_FILE", "--ca-file"),
];

/// The task scheduler, with the task's definition in this folder.
#[must_use]
pub fn manager(folder: &Path) -> Manager {
    let file = folder.join("logon-task.xml");
    let path = file.display().to_string();
    let schtasks = |words: &[&str]| CommandLine::new("schtasks", words);
    Manager {
        not_in_paths: &['"'],
        files: vec![ServiceFile { path: file, content: task }],
        encoding: Encoding::Utf16,
        answers: schtasks(&["/Query"]),
        is_installed: vec![schtasks(&["/Query", "/TN", TASK])],
        start: vec![
            schtasks(&["/Create", "/F", "/TN", TASK, "/XML", &path]),
            schtasks(&["/Run", "/TN", TASK]),
        ],
        stop: vec![schtasks(&["/End", "/TN", TASK]), schtasks(&["/Delete", "/F", "/TN", TASK])],
        returns: Returns::Afterwards,
        not_held,
        log: None,
        forget: vec![],
        installed: "Installed: the helper runs now, and from every logon on, in a console window that you can minimise; closing it ends the helper until the next logon.",
    }
}

/// The names of the settings that the task does not hold, in a sentence.
fn not_held(settings: &Carried) -> Option<String> {
    let has_flag = |name: &str| FLAGS.iter().any(|(known, _)| *known == name);
    let names: Vec<_> =
        settings.iter().map(|(name, _)| name.as_str()).filter(|name| !has_flag(name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Not in the task, which has no variables: {}. Set them for your user with setx, or the installed helper does not know them.",
            names.join(", ")
        )
    })
}

type Xml<'a> = &'a mut Writer<Vec<u8>>;

fn task(description: &Description) -> Result<String, Error> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-16"), None)))?;
    let task = writer.create_element("Task").with_attributes([("version", "1.2"), ("xmlns", NAMESPACE)]);
    task.write_inner_content(|xml| parts(xml, description))?;
    String::from_utf8(writer.into_inner()).map_err(Error::other)
}

fn parts(xml: Xml<'_>, description: &Description) -> Result<(), Error> {
    xml.create_element("RegistrationInfo").write_inner_content(|xml| text(xml, "Description", MARK))?;
    xml.create_element("Triggers").write_inner_content(|xml| {
        // Without a user it would be every user's.
        xml.create_element("LogonTrigger")
            .write_inner_content(|xml| text(xml, "UserId", &description.user))
            .map(drop)
    })?;
    xml.create_element("Principals").write_inner_content(|xml| {
        let principal = xml.create_element("Principal").with_attribute(("id", "Author"));
        let written = principal.write_inner_content(|xml| {
            text(xml, "UserId", &description.user)?;
            text(xml, "LogonType", "InteractiveToken")?;
            text(xml, "RunLevel", "LeastPrivilege")
        });
        written.map(drop)
    })?;
    xml.create_element("Settings").write_inner_content(settings)?;
    let actions = xml.create_element("Actions").with_attribute(("Context", "Author"));
    actions.write_inner_content(|xml| {
        let written = xml.create_element("Exec").write_inner_content(|xml| {
            text(xml, "Command", &description.executable)?;
            text(xml, "Arguments", &arguments(description))
        });
        written.map(drop)
    })?;
    Ok(())
}

/// Without these, it would not start on battery, would end when the machine is unplugged, and after three days.
fn settings(xml: Xml<'_>) -> Result<(), Error> {
    text(xml, "MultipleInstancesPolicy", "IgnoreNew")?;
    text(xml, "DisallowStartIfOnBatteries", "false")?;
    text(xml, "StopIfGoingOnBatteries", "false")?;
    text(xml, "ExecutionTimeLimit", "PT0S")
}

fn text(xml: Xml<'_>, name: &str, content: &str) -> Result<(), Error> {
    xml.create_element(name).write_text_content(BytesText::new(content)).map(drop)
}

fn arguments(description: &Description) -> String {
    let of = |(name, flag): &(&str, &str)| {
        let (_, value) = description.settings.iter().find(|(known, _)| known == name)?;
        Some(format!("{flag} {}", quoted(value)))
    };
    let flags = FLAGS.iter().filter_map(of);
    std::iter::once("proxy".to_owned()).chain(flags).collect::<Vec<_>>().join(" ")
}

/// As Windows' programs read a word: backslashes count only before a quote.
fn quoted(text: &str) -> String {
    if !text.is_empty() && !text.contains([' ', '\t', '"']) {
        return text.to_owned();
    }
    let (mut quoted, mut backslashes) = ("\"".to_owned(), 0);
    for c in text.chars() {
        if c == '"' {
            quoted.push_str(&"\\".repeat(backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        quoted.push(c);
    }
    quoted + &"\\".repeat(backslashes) + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Description {
        let settings =
            [("BACKSTAGE_URL", "https://b.example"), ("CA_FILE", "C:\\My files\\ca.pem"), ("NO_PROXY", "x")];
        Description {
            executable: "C:\\A & B\\helper.exe".to_owned(),
            settings: settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            listen: vec![],
            log: None,
            user: "DESK\\felix".to_owned(),
        }
    }

    #[test]
    fn the_task_starts_this_program_when_this_user_logs_on() {
        let task = task(&example()).unwrap();
        let without_space: String = task.lines().map(str::trim).collect();
        for part in [
            "<LogonTrigger><UserId>DESK\\felix</UserId></LogonTrigger>",
            "<Command>C:\\A &amp; B\\helper.exe</Command>",
            "<Arguments>proxy --backend https://b.example --ca-file &quot;C:\\My files\\ca.pem&quot;</Arguments>",
            "<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
            MARK,
        ] {
            assert!(without_space.contains(part), "{part} is not in {task}");
        }
    }

    #[test]
    fn a_setting_without_a_flag_is_named_and_one_with_a_flag_is_not() {
        let said = not_held(&example().settings).unwrap();
        assert!(said.contains("variables: NO_PROXY. Set"), "{said}");
        let held = FLAGS.map(|(name, _)| (name.to_owned(), "x".to_owned()));
        assert_eq!(not_held(&held.to_vec()), None);
    }

    #[test]
    fn words_are_quoted_as_windows_reads_them() {
        for (text, word) in [
            ("a", "a"),
            ("C:\\x\\", "C:\\x\\"),
            ("C:\\a b\\", "\"C:\\a b\\\\\""),
            ("a\"b", "\"a\\\"b\""),
            ("a\\\"b", "\"a\\\\\\\"b\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(text), word, "{text}");
        }
    }

    #[test]
    fn its_file_is_stored_as_windows_stores_it() {
        let bytes = Encoding::Utf16.bytes("é");
        assert_eq!(bytes, [0xff, 0xfe, 0xe9, 0]);
        assert!(Encoding::Utf16.text(&bytes).ends_with('é'));
    }
}
