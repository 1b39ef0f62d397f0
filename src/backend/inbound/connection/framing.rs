//! Where the requests of an HTTP/1.1 connection end, read along with actix, by the same rules (RFC 9112, 6.3): what follows the head
//! of a request that asks for an upgrade is no request.

use httparse::{EMPTY_HEADER, Request, Status, parse_chunk_size};

use super::upgrade_protocol::UpgradeProtocol;

/// As many headers as actix takes.
const MOST_HEADERS: usize = 96;
/// As long a head as actix takes, in bytes.
const LONGEST_HEAD: usize = 128 << 10;
/// The longest line before a chunk that is followed, in bytes.
const LONGEST_CHUNK_LINE: usize = 4 << 10;

/// What the next byte of a connection belongs to.
#[derive(Debug)]
pub(super) enum Framing {
    /// A head, of which this much has come.
    Head(Vec<u8>),
    /// A body, or the data of a chunk, of which this much is to come.
    Body(u64, After),
    /// The line before a chunk, or a trailer: this much of it.
    Line(Vec<u8>, Line),
    /// Something that actix refuses or takes for a body without end. No upgrade begins on such a connection any more.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    Head,
    ChunkLine,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    BeforeChunk,
    Trailer,
}

enum Step {
    /// So many bytes were gone over.
    Used(usize),
    /// After so many bytes the head of a request ends that asks for an upgrade.
    Upgrade(usize),
}

impl Framing {
    /// At the beginning of a connection.
    pub(super) fn new() -> Self {
        Self::Head(Vec::new())
    }

    /// Goes over what has come. Answers with the end of a head that asks for an upgrade: what comes after it was not gone over.
    pub(super) fn go_over(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.step(rest) {
                Step::Used(used) => at += used,
                Step::Upgrade(used) => return Some(at + used),
            }
        }
        None
    }

    fn step(&mut self, bytes: &[u8]) -> Step {
        match std::mem::replace(self, Self::Unknown) {
            Self::Head(begun) => self.head(begun, bytes),
            Self::Body(left, after) => {
                let used = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                *self = match (left - used as u64, after) {
                    (0, After::Head) => Self::new(),
                    (0, After::ChunkLine) => Self::Line(Vec::new(), Line::BeforeChunk),
                    (left, after) => Self::Body(left, after),
                };
                Step::Used(used)
            }
            Self::Line(begun, line) => self.line(begun, line, bytes),
            Self::Unknown => Step::Used(bytes.len()),
        }
    }

    fn head(&mut self, mut begun: Vec<u8>, bytes: &[u8]) -> Step {
        let before = begun.len();
        // Most heads come in one piece, which is not copied.
        let parsed = if before == 0 {
            parse(bytes)
        } else {
            begun.extend_from_slice(bytes);
            parse(&begun)
        };
        match parsed {
            Parsed::Partial => {
                if before == 0 {
                    begun = bytes.to_vec();
                }
                if begun.len() < LONGEST_HEAD {
                    *self = Self::Head(begun);
                }
                Step::Used(bytes.len())
            }
            Parsed::Upgrade(length) => Step::Upgrade(length.saturating_sub(before)),
            Parsed::Then(length, next) => {
                *self = next;
                Step::Used(length.saturating_sub(before))
            }
        }
    }

    fn line(&mut self, mut begun: Vec<u8>, line: Line, bytes: &[u8]) -> Step {
        let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let used = end.unwrap_or(bytes.len());
        begun.extend(bytes.iter().take(used));
        *self = match (end, line) {
            _ if begun.len() > LONGEST_CHUNK_LINE => Self::Unknown,
            (None, line) => Self::Line(begun, line),
            (Some(_), Line::Trailer) if begun == b"\r\n" => Self::new(),
            (Some(_), Line::Trailer) => Self::Line(Vec::new(), Line::Trailer),
            (Some(_), Line::BeforeChunk) => match parse_chunk_size(&begun) {
                Ok(Status::Complete((_, 0))) => Self::Line(Vec::new(), Line::Trailer),
                // The data ends with a line end.
                Ok(Status::Complete((_, size))) => {
                    size.checked_add(2).map_or(Self::Unknown, |size| Self::Body(size, After::ChunkLine))
                }
                _ => Self::Unknown,
            },
        };
        Step::Used(used)
    }
}

enum Parsed {
    Partial,
    Upgrade(usize),
    Then(usize, Framing),
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Partial) => Parsed::Partial,
        Ok(Status::Complete(length)) => after_head(&request, length),
        Err(_) => Parsed::Then(bytes.len(), Framing::Unknown),
    }
}

fn after_head(request: &Request<'_, '_>, length: usize) -> Parsed {
    let values = |name: &'static str| {
        let headers = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        headers.map(|header| header.value)
    };
    if request.version != Some(1) || request.method == Some("CONNECT") {
        return Parsed::Then(length, Framing::Unknown);
    }
    let (mut lengths, mut codings) = (values("content-length"), values("transfer-encoding"));
    let one = (lengths.next(), codings.next());
    let more = lengths.next().or(codings.next());
    let body = match (one, more) {
        ((None, None), None) => Framing::new(),
        ((Some(length), None), None) => match body_length(length) {
            Some(0) => Framing::new(),
            Some(length) => Framing::Body(length, After::Head),
            None => Framing::Unknown,
        },
        ((None, Some(coding)), None) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => {
            Framing::Line(Vec::new(), Line::BeforeChunk)
        }
        _ => Framing::Unknown,
    };
    let asked = UpgradeProtocol::asked(values("upgrade"), values("connection"));
    match body {
        Framing::Head(_) if asked.is_some() => Parsed::Upgrade(length),
        // All that follows is its body to actix.
        Framing::Head(_) | Framing::Body(..) if values("upgrade").any(is_websocket) => {
            Parsed::Then(length, Framing::Unknown)
        }
        body => Parsed::Then(length, body),
    }
}

fn is_websocket(value: &[u8]) -> bool {
    value.trim_ascii().eq_ignore_ascii_case(b"websocket")
}

fn body_length(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value.trim_ascii()).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPGRADE: &str = "POST /exec HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\ncontent-length: 0\r\n\r\n";

    /// Where the head ends that asks for an upgrade, however the bytes come.
    fn end(bytes: &str) -> Option<usize> {
        let whole = Framing::new().go_over(bytes.as_bytes());
        for size in [1, 2, 7, 50] {
            let (mut framing, mut before) = (Framing::new(), 0);
            let found = bytes.as_bytes().chunks(size).find_map(|chunk| {
                let found = framing.go_over(chunk).map(|at| before + at);
                before += chunk.len();
                found
            });
            assert_eq!(found, whole, "in pieces of {size}: {bytes}");
        }
        whole
    }

    #[test]
    fn the_head_of_an_upgrade_ends_before_what_follows_it() {
        assert_eq!(end(&format!("{UPGRADE}GET / HTTP/1.1\r\n\r\n")), Some(UPGRADE.len()));
        assert_eq!(end("GET / HTTP/1.1\r\nhost: x\r\n\r\n"), None);
        assert_eq!(end(&UPGRADE[..UPGRADE.len() - 1]), None);
    }

    #[test]
    fn an_upgrade_is_found_behind_other_requests_and_not_in_their_bodies() {
        let head = "PUT / HTTP/1.1\r\nhost: x\r\n";
        for before in [
            "\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\nHEAD / HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            format!("{head}content-length: {}\r\n\r\n{UPGRADE}", UPGRADE.len()),
            format!(
                "{head}transfer-encoding: chunked\r\n\r\n{:x};a=b\r\n{UPGRADE}\r\n0\r\nx: y\r\n\r\n",
                UPGRADE.len()
            ),
            format!("{head}transfer-encoding: Chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n0\r\n\r\n"),
            // Nothing that is passed on.
            format!("{head}upgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 1\r\n\r\nx"),
            format!("{head}upgrade: SPDY/3.1\r\n\r\n"),
        ] {
            assert_eq!(
                end(&format!("{before}{UPGRADE}{UPGRADE}")),
                Some(before.len() + UPGRADE.len()),
                "{before}"
            );
        }
    }

    #[test]
    fn after_what_actix_refuses_or_reads_to_the_end_nothing_is_an_upgrade() {
        for before in [
            "GET / HTTP/1.0\r\nhost: x\r\n\r\n",
            "CONNECT / HTTP/1.1\r\nhost: x\r\n\r\n",
            "PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n",
            "PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n",
            "PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: +0\r\n\r\n",
            "PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 5\r\n\r\nhello",
            "no HTTP\r\n\r\n",
        ] {
            assert_eq!(end(&format!("{before}{UPGRADE}")), None, "{before}");
        }
    }
}
