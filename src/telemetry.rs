//! Logs, the audit log and metrics.
//!
//! `RUST_LOG` sets the level of this program's own events only: at `trace` and `debug`, libraries print headers and bodies, which
//! hold codes and tokens. Records of libraries that use the `log` crate pass from `warn` on; all others are dropped before any
//! filter.

pub mod audit_output;
pub mod backend_metrics;
pub mod build;
pub mod helper_metrics;
mod process_metrics;
pub mod renewal_metrics;

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use tracing::Metadata;
use tracing_log::log;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use self::audit_output::{AuditOutput, split};

/// The target of audit events: one line for each login, refusal and revocation.
pub const AUDIT: &str = "audit";

/// The lowest level of records that libraries may write through the `log` crate.
const LIBRARIES: log::LevelFilter = log::LevelFilter::Warn;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

impl LogFormat {
    /// From `LOG_FORMAT`; none when it is neither.
    fn read(setting: &str) -> Option<Self> {
        match setting {
            "pretty" => Some(Self::Pretty),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Pretty where all lines go to a terminal, JSON elsewhere.
    fn of(audit: &AuditOutput) -> Self {
        if std::io::stderr().is_terminal() && audit.is_terminal() { Self::Pretty } else { Self::Json }
    }
}

/// What is logged, and how, as the environment has it.
pub struct Wanted<'s> {
    /// `LOG_FORMAT`.
    pub format: Option<&'s str>,
    /// `RUST_LOG`.
    pub filter: Option<&'s str>,
    /// Replaces a `RUST_LOG` that is unset or unusable.
    pub default_filter: &'s str,
}

/// Sends events to `writer`, which is stderr or ends there, and those of the audit log where it has its place.
pub fn start<W>(wanted: &Wanted<'_>, writer: W, audit: AuditOutput)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    for<'w> <W as MakeWriter<'w>>::Writer: Write,
{
    let Wanted { format, filter, default_filter } = *wanted;
    let known_format = format.and_then(LogFormat::read);
    let parsed = filter.map(asked).transpose();
    let unusable = parsed.as_ref().err().map(ToString::to_string);
    let asked = parsed.ok().flatten().unwrap_or_else(|| EnvFilter::new(default_filter));
    // A console of Windows prints the codes of colours as they are, unless a program asks it not to.
    let in_colour = cfg!(not(windows)) && std::io::stderr().is_terminal() && audit.is_terminal();
    let look = (known_format.unwrap_or_else(|| LogFormat::of(&audit)), in_colour);
    match audit {
        AuditOutput::WithTheLog => begin(subscriber(look, asked, writer)),
        AuditOutput::Stdout => begin(subscriber(look, asked, split(is_audit, std::io::stdout, writer))),
        AuditOutput::File(file) => begin(subscriber(look, asked, split(is_audit, Arc::new(file), writer))),
    }
    if log::set_logger(&LogCrate).is_ok() {
        log::set_max_level(LIBRARIES);
    }
    if let (Some(setting), None) = (format, known_format) {
        tracing::warn!(
            setting = "LOG_FORMAT",
            "LOG_FORMAT is {setting:?}: set it to pretty or json, or unset it"
        );
    }
    if let Some(reason) = unusable {
        tracing::warn!(
            setting = "RUST_LOG",
            "RUST_LOG cannot be used ({reason}): write a level, or levels by module such as info,audit=info"
        );
    }
}

/// A second beginning (tests in one process) keeps the first.
fn begin(subscriber: impl tracing::Subscriber + Send + Sync + 'static) {
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Turns the records of the `log` crate into events, without the paths of the machine that compiled the libraries.
struct LogCrate;

impl log::Log for LogCrate {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= LIBRARIES
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut bare = log::Record::builder();
            let bare = bare.metadata(record.metadata().clone()).args(*record.args());
            let _ = tracing_log::format_trace(&bare.build());
        }
    }

    fn flush(&self) {}
}

fn asked(filter: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse(filter)
}

fn subscriber<W>(
    (format, in_colour): (LogFormat, bool),
    asked: EnvFilter,
    writer: W,
) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    for<'w> <W as MakeWriter<'w>>::Writer: Write,
{
    let quiet_libraries =
        filter_fn(|event| is_ours(event.target()) || *event.level() <= tracing::Level::WARN);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Pretty => layer.compact().with_ansi(in_colour).with_target(false).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    };
    Registry::default().with(layer.with_filter(quiet_libraries).with_filter(asked))
}

fn is_audit(event: &Metadata<'_>) -> bool {
    event.target() == AUDIT
}

fn is_ours(target: &str) -> bool {
    target == AUDIT || target.split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_library_stays_quiet_at_trace_while_we_do_not() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber =
            subscriber((LogFormat::Json, false), asked("trace").unwrap(), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "hyper::sender", "authorization: Bearer library");
            tracing::warn!(target: "hyper::sender", "a library's warning");
            tracing::trace!("our own trace");
            tracing::info!(target: AUDIT, "an audit line");
        });
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("Bearer library"), "{text}");
        for line in ["a library's warning", "our own trace", "an audit line"] {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
    }

    #[test]
    fn the_audit_log_has_its_own_place_and_the_request_of_a_line_is_named_there_too() {
        let (log, audit) = (Buffer::default(), Buffer::default());
        let (to_log, to_audit) = (log.clone(), audit.clone());
        let writer = split(is_audit, move || to_audit.clone(), move || to_log.clone());
        let subscriber = subscriber((LogFormat::Json, false), asked("info").unwrap(), writer);
        tracing::subscriber::with_default(subscriber, || {
            let request = tracing::info_span!("request", request_id = "abc");
            request.in_scope(|| {
                tracing::info!(target: AUDIT, "an audit line");
                tracing::info!("another line");
            });
        });
        let text = |buffer: &Buffer| String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        let (log, audit) = (text(&log), text(&audit));
        assert!(log.contains("another line") && !log.contains("an audit line"), "{log}");
        assert!(audit.contains("an audit line") && audit.contains("\"request_id\":\"abc\""), "{audit}");
        assert_eq!(audit.lines().count(), 1, "{audit}");
    }

    #[test]
    fn what_libraries_say_through_the_log_crate_is_capped_under_their_own_name() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber =
            subscriber((LogFormat::Json, false), asked("trace,rustls=trace").unwrap(), move || {
                writer.clone()
            });
        let record = |level, text: &str| {
            let arguments = format_args!("{text}");
            let record = log::Record::builder()
                .level(level)
                .target("rustls::check")
                .file(Some("/home/builder/check.rs"))
                .args(arguments)
                .build();
            log::Log::log(&LogCrate, &record);
        };
        tracing::subscriber::with_default(subscriber, || {
            record(log::Level::Warn, "a library's warning");
            record(log::Level::Debug, "authorization: Bearer library");
        });
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("a library's warning") && text.contains("rustls::check"), "{text}");
        assert!(!text.contains("Bearer library") && !text.contains("/home/builder"), "{text}");
    }
}
