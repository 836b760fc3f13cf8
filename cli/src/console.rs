//! Where output goes. Results go to standard output, remarks to standard error.

use std::io::{ErrorKind, IsTerminal, Read, Write};

use crate::outcome::Unusable;
use crate::visible::visible;

/// The streams of one run, and what the user set for them.
pub struct Console<'a> {
    input: &'a mut dyn Read,
    output: &'a mut dyn Write,
    remarks: &'a mut dyn Write,
    colors: bool,
    progress: bool,
    closed: bool,
}

/// What a part of a line means. On a terminal it has a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A problem, or what is lost or removed.
    Red,
    /// What is gained or added.
    Green,
    /// A warning, or what changes.
    Yellow,
    /// A heading.
    Bold,
    /// What matters less.
    Dim,
}

impl<'a> Console<'a> {
    /// These streams. `colors` says whether the output may have colours.
    pub fn new(input: &'a mut dyn Read, output: &'a mut dyn Write, remarks: &'a mut dyn Write, colors: bool) -> Self {
        Self { input, output, remarks, colors, progress: false, closed: false }
    }

    /// The same with progress of long work among the remarks: for a terminal.
    #[must_use]
    pub fn with_progress(self, progress: bool) -> Self {
        Self { progress, ..self }
    }

    /// How far long work is. It replaces what was said before.
    pub fn progress(&mut self, text: &str) {
        if self.progress {
            let _ = write!(self.remarks, "\r{text}\u{1b}[K").and_then(|()| self.remarks.flush());
        }
    }

    /// The work is done.
    pub fn end_progress(&mut self) {
        self.progress("");
    }

    /// Prints a result as it is. A reader that closed the pipe has seen enough: that is no error.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn print(&mut self, text: &str) -> Result<(), Unusable> {
        if self.closed {
            return Ok(());
        }
        match self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => return Err(Unusable::new(format!("The output cannot be written: {error}."))),
            Ok(()) => {}
        }
        Ok(())
    }

    /// Says something beside the result, on one line without hidden characters: it may quote a template of others. Where it
    /// cannot be said, the result still counts.
    pub fn remark(&mut self, text: &str) {
        let _ = writeln!(self.remarks, "{}", visible(text));
    }

    /// Everything on standard input, up to `most` bytes.
    ///
    /// # Errors
    /// It cannot be read, is not text, or is longer.
    pub fn read_input(&mut self, most: u64) -> Result<String, Unusable> {
        let mut text = String::new();
        self.input
            .take(most + 1)
            .read_to_string(&mut text)
            .map_err(|error| Unusable::new(format!("Standard input cannot be read: {error}.")))?;
        if text.len() as u64 > most {
            return Err(Unusable::new(format!("Standard input has more than {most} bytes.")));
        }
        Ok(text)
    }

    /// A text in a style, where the output has colours.
    pub fn styled(&self, style: Style, text: &str) -> String {
        if !self.colors {
            return text.to_owned();
        }
        let code = match style {
            Style::Red => "31",
            Style::Green => "32",
            Style::Yellow => "33",
            Style::Bold => "1",
            Style::Dim => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Whether output to this stream may have colours: it is a terminal, and the user did not switch them off.
pub fn may_have_colors(stream: &impl IsTerminal, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    stream.is_terminal() && set("NO_COLOR").is_none() && set("TERM").as_deref() != Some("dumb")
}
