//! What is printed: JSON as it came, text as it is, tables for people, and progress on stderr.

use crate::failure::Failure;
use crate::tables::{self, Table};
use crate::words::{Text, chosen, said};
use comfy_table::{ContentArrangement, presets};
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// Where results go.
pub(crate) struct Output {
    /// One JSON value instead of tables.
    pub(crate) json: bool,
    /// Headings in Russian.
    pub(crate) russian: bool,
    /// No progress.
    pub(crate) quiet: bool,
}

impl Output {
    /// The language of sentences.
    pub(crate) fn language(&self) -> &'static str {
        if self.russian { "ru" } else { "en" }
    }

    /// A list or a record: a table, or the JSON as it came.
    pub(crate) fn show(&self, table: &Table, value: &Value) -> Result<(), Failure> {
        if self.json {
            return self.value(value);
        }
        self.text(&self.drawn(table, value))
    }

    /// A table as text.
    pub(crate) fn drawn(&self, table: &Table, value: &Value) -> String {
        let mut drawing = comfy_table::Table::new();
        drawing.load_style(presets::UTF8_FULL_CONDENSED);
        drawing.set_content_arrangement(ContentArrangement::Disabled);
        drawing.set_header(table.headings(self.russian));
        let rows = tables::rows(table, value);
        let count = rows.len();
        for row in rows {
            drawing.add_row(row);
        }
        // Where lines and ids would be broken to fit, a plain table is the better one to read from.
        let widths = drawing
            .lines()
            .map(|line| console::measure_text_width(&line))
            .max();
        let room = usize::from(Term::stdout().size().1);
        if !std::io::stdout().is_terminal() || widths.unwrap_or_default() > room {
            drawing.load_style(presets::NOTHING);
        }
        let mut text = drawing.trim_fmt();
        if count == 0 {
            text = if self.russian {
                "пусто"
            } else {
                "nothing"
            }
            .to_owned();
        }
        text.push('\n');
        text
    }

    /// A JSON value.
    pub(crate) fn value(&self, value: &Value) -> Result<(), Failure> {
        let text = if self.json {
            value.to_string()
        } else {
            serde_json::to_string_pretty(value).unwrap_or_default()
        };
        self.text(&format!("{text}\n"))
    }

    /// What was done: a sentence, or the JSON it was answered with.
    pub(crate) fn done(&self, sentence: &Text, value: &Value) -> Result<(), Failure> {
        if self.json {
            self.value(value)
        } else {
            self.text(&format!("{}\n", chosen(sentence, self.russian)))
        }
    }

    /// That a file was written: nothing, or what was, as JSON.
    pub(crate) fn written(&self, path: &Path) -> Result<(), Failure> {
        if self.json {
            self.value(&json!({ "file": path.display().to_string() }))
        } else {
            Ok(())
        }
    }

    /// That what goes to stdout as it is may: with `--json` it must be JSON.
    pub(crate) fn must_be_text(&self) -> Result<(), Failure> {
        if self.json {
            return Err(Failure::Usage(said!(
                "with --json what is no JSON goes to a file: name it with -o",
                "с --json всё, что не JSON, идёт в файл: назовите его через -o"
            )));
        }
        Ok(())
    }

    /// Text as it is. A reader that has seen enough is no failure.
    #[expect(clippy::unused_self, reason = "all that is printed goes through here")]
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        match stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
        {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::local("stdout", error))
            }
            _ => Ok(()),
        }
    }

    /// A word to whoever watches; results do not depend on it. Programs are told nothing.
    pub(crate) fn say(&self, text: &Text) {
        if !self.quiet && !self.json {
            let _ = writeln!(std::io::stderr(), "{}", chosen(text, self.russian));
        }
    }

    /// A word that must be heard; a line of JSON to programs.
    pub(crate) fn warn(&self, text: &Text) {
        let text = chosen(text, self.russian);
        let _ = match self.json {
            true => writeln!(std::io::stderr(), "{}", json!({ "warning": text })),
            false => writeln!(std::io::stderr(), "{text}"),
        };
    }

    /// Progress of something long: bytes or pages, of `total` if that is known.
    pub(crate) fn progress(&self, what: &'static str, total: Option<u64>) -> ProgressBar {
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        if self.quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            return bar;
        }
        let form = match total {
            Some(_) => "{msg} [{bar:30}] {bytes}/{total_bytes} {eta}",
            None => "{msg} {spinner} {pos}",
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// Empties the terminal for the next look.
    pub(crate) fn clear(&self) {
        if !self.json {
            let _ = Term::stdout().clear_screen();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A terminal that keeps what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn add(&self, text: &str) -> io::Result<()> {
            let mut written = self.0.lock().map_err(|_| io::ErrorKind::Other)?;
            written.push_str(text);
            Ok(())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.add(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.add(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn drawn(quiet: bool, total: Option<u64>) -> String {
        let output = Output {
            json: false,
            russian: false,
            quiet,
        };
        let bar = output.progress("bytes", total);
        let screen = Screen::default();
        if !quiet {
            bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(screen.clone())));
        }
        bar.inc(2_000_000);
        bar.abandon();
        assert_eq!(bar.is_hidden(), quiet);
        let written = screen.0.lock().unwrap();
        written.clone()
    }

    #[test]
    fn long_work_shows_how_far_it_is_unless_nothing_is_to_be_shown() {
        let known = drawn(false, Some(4_000_000));
        assert!(known.contains("bytes [███"), "{known:?}");
        assert!(known.contains("1.91 MiB/3.81 MiB"), "{known:?}");
        let unknown = drawn(false, None);
        assert!(unknown.contains("2000000"), "{unknown:?}");
        assert_eq!(drawn(true, Some(4_000_000)), "");
    }
}
