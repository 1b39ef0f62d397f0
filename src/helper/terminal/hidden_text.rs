//! Text from a terminal that neither echoes nor edits lines: the bytes of the keyboard, in which pasted text may be marked.

/// More is no address; the rest is dropped.
const LONGEST: usize = 65_536;

const ENTER: [u8; 2] = [b'\n', b'\r'];
const ERASE: [u8; 2] = [0x08, 0x7f];
/// Ctrl-U and Ctrl-W: what an address has no spaces for ends here, too.
const START_AGAIN: [u8; 2] = [0x15, 0x17];
const ESCAPE: u8 = 0x1b;
/// What a terminal sends around pasted text ("bracketed paste").
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// Whether the text may be complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Completeness {
    /// Enter was not pressed yet.
    #[default]
    Open,
    /// It ended with Enter or with pasted text. Without marks a line break within pasted text looks the same, but more follows at once.
    Complete,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Source {
    #[default]
    Typed,
    Pasted,
}

/// The text since it was last taken. Has no `Debug`: it may hold a code.
#[derive(Default)]
pub struct HiddenText {
    text: Vec<u8>,
    escape: Vec<u8>,
    source: Source,
    completeness: Completeness,
}

impl HiddenText {
    /// Adds bytes of the terminal. Line breaks are left out: an address that was wrapped comes back whole.
    pub fn add(&mut self, bytes: &[u8]) -> Completeness {
        for byte in bytes {
            self.add_byte(*byte);
        }
        self.completeness
    }

    /// The text; nothing is left.
    pub fn take(&mut self) -> String {
        let taken = std::mem::take(self);
        String::from_utf8_lossy(&taken.text).into_owned()
    }

    fn add_byte(&mut self, byte: u8) {
        if byte == ESCAPE || !self.escape.is_empty() {
            return self.add_to_escape(byte);
        }
        let typed = self.source == Source::Typed;
        match byte {
            _ if ENTER.contains(&byte) => {
                if typed {
                    self.completeness = Completeness::Complete;
                }
            }
            _ if typed && ERASE.contains(&byte) => drop(self.text.pop()),
            _ if typed && START_AGAIN.contains(&byte) => self.text.clear(),
            _ if byte.is_ascii_control() => {}
            _ => {
                self.completeness = Completeness::Open;
                if self.text.len() < LONGEST {
                    self.text.push(byte);
                }
            }
        }
    }

    /// Marks count; the sequences of arrow keys and such are dropped.
    fn add_to_escape(&mut self, byte: u8) {
        self.escape.push(byte);
        let is_over = match self.escape.len() {
            1 => false,
            2 => byte != b'[',
            _ => (0x40..=0x7e).contains(&byte),
        };
        if !is_over {
            return;
        }
        if self.escape == PASTE_BEGINS {
            self.source = Source::Pasted;
        } else if self.escape == PASTE_ENDS {
            self.source = Source::Typed;
            self.completeness = Completeness::Complete;
        }
        self.escape.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(chunks: &[&str]) -> (Completeness, String) {
        let mut text = HiddenText::default();
        let completeness = chunks.iter().map(|chunk| text.add(chunk.as_bytes())).last().unwrap_or_default();
        (completeness, text.take())
    }

    fn complete(text: &str) -> (Completeness, String) {
        (Completeness::Complete, text.to_owned())
    }

    #[test]
    fn a_long_pasted_address_is_whole_however_it_comes() {
        let long = "a".repeat(6000);
        assert_eq!(text(&[&long, "\n"]), complete(&long));
        assert_eq!(text(&["\x1b[200~", &long, "\x1b[2", "01~"]), complete(&long));
        assert_eq!(
            text(&["http://x/\n  ?co", "de=a\r\n", "&state=b\n"]),
            complete("http://x/  ?code=a&state=b")
        );
        assert_eq!(text(&["\x1b[200~a\nb\n\x1b[201~"]), complete("ab"));
    }

    #[test]
    fn more_text_after_a_line_break_opens_it_again() {
        assert_eq!(text(&["a\n"]).0, Completeness::Complete);
        assert_eq!(text(&["a\n", "b"]).0, Completeness::Open);
        assert_eq!(text(&["\x1b[200~a\n"]).0, Completeness::Open);
    }

    #[test]
    fn keys_that_edit_work_and_others_leave_no_trace() {
        assert_eq!(text(&["ax\x7f", "b\x1b[D\x1b[1;5C\x1bOP\x04\n"]), complete("abP"));
        assert_eq!(text(&["wrong\x15right\n"]), complete("right"));
        assert_eq!(text(&["\x7f\n"]), complete(""));
    }

    #[test]
    fn what_is_taken_is_gone() {
        let mut both = HiddenText::default();
        both.add(b"a\n");
        both.take();
        both.add(b"b\n");
        assert_eq!(both.take(), "b");
    }
}
