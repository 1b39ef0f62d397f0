//! The launchd agent: launchd starts the proxy when the user logs in, and again when it ends. It hands over no socket without code that this
//! program does not have (`launch_activate_socket`), so the proxy keeps running. No Mac has run this yet.

use std::io::Error;
use std::path::Path;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::command_line::CommandLine;
use super::service::{Description, Encoding, MARK, Manager, Returns, ServiceFile};

/// The agent's name.
const LABEL: &str = "backstage-oidc-helper";

/// Apple's own document type.
const DOCTYPE: &str =
    "plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"";

/// The agents of the user with this number and home.
#[must_use]
pub fn manager(home: &Path, user: u32) -> Manager {
    let file = home.join("Library/LaunchAgents").join(format!("{LABEL}.plist"));
    let (domain, path) = (format!("gui/{user}"), file.display().to_string());
    let agent = format!("{domain}/{LABEL}");
    let launchctl = |words: &[&str]| CommandLine::new("launchctl", words);
    Manager {
        not_in_paths: &[],
        files: vec![ServiceFile { path: file, content: property_list }],
        encoding: Encoding::Utf8,
        answers: launchctl(&["print", &domain]),
        is_installed: vec![launchctl(&["print", &agent])],
        start: vec![launchctl(&["bootstrap", &domain, &path])],
        stop: vec![launchctl(&["bootout", &agent])],
        returns: Returns::Early,
        not_held: |_| None,
        log: Some(home.join("Library/Logs").join(format!("{LABEL}.log"))),
        forget: vec![],
        installed: "Installed: launchd runs the helper now, and from every login on.",
    }
}

type Xml<'a> = &'a mut Writer<Vec<u8>>;

fn property_list(description: &Description) -> Result<String, Error> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::DocType(BytesText::from_escaped(DOCTYPE)))?;
    writer.write_event(Event::Comment(BytesText::from_escaped(format!(" {MARK} "))))?;
    let plist = writer.create_element("plist").with_attribute(("version", "1.0"));
    plist.write_inner_content(|xml| {
        xml.create_element("dict").write_inner_content(|xml| agent(xml, description)).map(drop)
    })?;
    String::from_utf8(writer.into_inner()).map_err(Error::other)
}

fn agent(xml: Xml<'_>, description: &Description) -> Result<(), Error> {
    text(xml, "key", "Label")?;
    text(xml, "string", LABEL)?;
    text(xml, "key", "ProgramArguments")?;
    xml.create_element("array").write_inner_content(|xml| {
        text(xml, "string", &description.executable)?;
        text(xml, "string", "proxy")
    })?;
    text(xml, "key", "EnvironmentVariables")?;
    xml.create_element("dict").write_inner_content(|xml| {
        for (name, value) in &description.settings {
            text(xml, "key", name)?;
            text(xml, "string", value)?;
        }
        Ok(())
    })?;
    for key in ["RunAtLoad", "KeepAlive"] {
        text(xml, "key", key)?;
        xml.create_element("true").write_empty()?;
    }
    text(xml, "key", "ProcessType")?;
    text(xml, "string", "Background")?;
    // Without it, launchd throws away what the proxy logs.
    if let Some(log) = &description.log {
        text(xml, "key", "StandardErrorPath")?;
        text(xml, "string", &log.display().to_string())?;
    }
    Ok(())
}

fn text(xml: Xml<'_>, name: &str, content: &str) -> Result<(), Error> {
    xml.create_element(name).write_text_content(BytesText::new(content)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(executable: &str, settings: &[(&str, &str)]) -> String {
        let settings = settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let executable = executable.to_owned();
        let log = Some("/Users/a & b/Library/Logs/x.log".into());
        property_list(&Description { executable, settings, listen: vec![], log, user: String::new() })
            .unwrap()
    }

    #[test]
    fn the_agent_runs_this_program_with_its_settings_whatever_stands_in_them() {
        let list = list("/Applications/A & B/<helper>", &[("NO_PROXY", "a&b,\"c\"")]);
        let without_space: String = list.lines().map(str::trim).collect();
        for part in [
            "<key>ProgramArguments</key><array><string>/Applications/A &amp; B/&lt;helper&gt;</string><string>proxy</string></array>",
            "<key>EnvironmentVariables</key><dict><key>NO_PROXY</key><string>a&amp;b,&quot;c&quot;</string></dict>",
            "<key>StandardErrorPath</key><string>/Users/a &amp; b/Library/Logs/x.log</string>",
            "<key>RunAtLoad</key><true/><key>KeepAlive</key><true/>",
            MARK,
        ] {
            assert!(without_space.contains(part), "{part} is not in {list}");
        }
    }

    #[test]
    fn it_is_the_agent_of_the_user_alone() {
        let manager = manager(Path::new("/Users/felix"), 501);
        let path = "/Users/felix/Library/LaunchAgents/backstage-oidc-helper.plist";
        assert_eq!(manager.files[0].path, Path::new(path));
        assert_eq!(manager.log.unwrap(), Path::new("/Users/felix/Library/Logs/backstage-oidc-helper.log"));
        assert_eq!(manager.start[0].to_string(), format!("launchctl bootstrap gui/501 {path}"));
        assert_eq!(manager.stop[0].to_string(), "launchctl bootout gui/501/backstage-oidc-helper");
    }
}
