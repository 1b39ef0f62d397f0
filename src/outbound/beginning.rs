//! What comes before the answer: interim answers (RFC 9110, 15.2), however many.

use tokio::io::ReadBuf;

/// The longest head that is waited for, in bytes; awc judges it afterwards.
const HEAD_LIMIT: usize = 64 << 10;
/// More header fields than an interim answer has.
const MOST_FIELDS: usize = 64;
/// The only 1xx that is an answer: nothing more of HTTP follows it.
const SWITCHING_PROTOCOLS: u16 = 101;

/// The bytes that have come and are not handed over yet.
#[derive(Default)]
pub(super) struct Beginning {
    bytes: Vec<u8>,
    is_over: bool,
}

impl Beginning {
    /// Whether the answer itself has begun.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes what has come, and drops what is interim of it.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        while let Some(length) = self.interim() {
            self.bytes.drain(..length);
        }
    }

    /// Hands over as much as there is room for; whether there was anything.
    pub(super) fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let length = self.bytes.len().min(buffer.remaining());
        buffer.put_slice(&self.bytes.drain(..length).collect::<Vec<u8>>());
        length > 0
    }

    /// The length of the interim answer that these bytes begin with, once all of it is there.
    fn interim(&mut self) -> Option<usize> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        let parsed = answer.parse(&self.bytes);
        let may_be_interim = answer.code.is_none_or(|code| code < 200 && code != SWITCHING_PROTOCOLS);
        self.is_over = !may_be_interim || parsed.is_err() || self.bytes.len() > HEAD_LIMIT;
        match parsed {
            Ok(httparse::Status::Complete(length)) if !self.is_over => Some(length),
            _ => None,
        }
    }
}
