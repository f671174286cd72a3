//! A page of plain text.

use super::words::spaced;

/// Columns of the text.
const COLUMNS: usize = 96;

/// Lines that are broken where they are long.
#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    pub(super) fn heading(&mut self, title: &str) {
        self.gap();
        self.line(0, title);
    }

    pub(super) fn gap(&mut self) {
        self.raw("");
    }

    pub(super) fn raw(&mut self, line: &str) {
        self.text.push_str(&spaced(line.trim_end()));
        self.text.push('\n');
    }

    pub(super) fn line(&mut self, indent: usize, line: &str) {
        self.wrapped(indent, indent, line);
    }

    /// A name, and what is to be said of it.
    pub(super) fn item(&mut self, indent: usize, name: &str, said: &str) {
        const NAME: usize = 14;
        let pad = NAME.saturating_sub(name.chars().count());
        let hang = indent + NAME + 1;
        self.wrapped(
            indent,
            hang,
            &format!("{name}{} {said}", "\u{a0}".repeat(pad)),
        );
    }

    fn wrapped(&mut self, first: usize, hang: usize, text: &str) {
        let mut line = " ".repeat(first);
        let mut is_empty = true;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let length = line.chars().count() + 1 + word.chars().count();
            if !is_empty && COLUMNS < length {
                self.raw(&line);
                line = " ".repeat(hang);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        self.raw(&line);
    }
}
