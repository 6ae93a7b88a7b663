//! Rules over one file.

use super::File;

/// Columns of a line of code; tables and links of prose may be longer.
const COLUMNS: usize = 100;

/// Lines of a file of code: past that it is no longer one idea.
const LINES: usize = 700;

/// Marks of unfinished work, put together so that this file does not hold them.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Ways to let a test not run, or run alone.
const DODGES: [&str; 6] = [
    concat!("#[ig", "nore"),
    concat!("test.sk", "ip("),
    concat!("it.sk", "ip("),
    concat!("test.on", "ly("),
    concat!("it.on", "ly("),
    concat!("sk", "ip: true"),
];

/// Directories of somebody's machine.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/tm", "p/r/"),
    concat!("/ro", "ot/"),
];

/// All faults of one file, each as `path:line: what`.
pub(super) fn faults(file: &File) -> Vec<String> {
    let mut faults = Faults {
        path: &file.path,
        found: Vec::new(),
    };
    if matches!(file.extension(), "lock" | "svg") || file.path == "package-lock.json" {
        faults.conflict_marks(&file.text);
        return faults.found;
    }
    let is_code = matches!(file.extension(), "rs" | "js" | "mjs" | "css" | "toml");
    faults.conflict_marks(&file.text);
    faults.marks(&file.text);
    faults.ends(&file.text);
    if is_code && !is_test_data(&file.path) {
        if file.extension() != "css" {
            // A rule of one line reads better than ten of one word.
            faults.columns(&file.text);
        }
        faults.length(&file.text);
        faults.head(file);
    }
    if file.path.ends_with("limits.rs") {
        faults.limits(&file.text);
    }
    faults.found
}

/// Tests are tables of data: a case stays on its line, however long.
fn is_test_data(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs")
}

struct Faults<'a> {
    path: &'a str,
    found: Vec<String>,
}

impl Faults<'_> {
    fn add(&mut self, line: usize, what: &str) {
        self.found.push(format!("{}:{line}: {what}", self.path));
    }

    fn conflict_marks(&mut self, text: &str) {
        for (index, line) in text.lines().enumerate() {
            if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
                self.add(index + 1, "a conflict left by a merge");
            }
        }
    }

    fn marks(&mut self, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let words = || line.split(|c: char| !c.is_ascii_alphanumeric());
            if MARKS.iter().any(|mark| words().any(|word| word == *mark)) {
                self.add(index + 1, "a mark of unfinished work");
            }
            if DODGES.iter().any(|dodge| line.contains(dodge)) {
                self.add(index + 1, "a test that does not run, or runs alone");
            }
            if MACHINE_PATHS.iter().any(|path| line.contains(path)) {
                self.add(index + 1, "a path of somebody's machine");
            }
        }
    }

    fn ends(&mut self, text: &str) {
        for (index, line) in text.lines().enumerate() {
            if line.ends_with([' ', '\t']) {
                self.add(index + 1, "white space at the end of the line");
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            self.add(text.lines().count(), "no line feed at the end of the file");
        }
    }

    fn columns(&mut self, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            // A single long word, such as a link or a hash, cannot be broken.
            let is_breakable = line
                .split_whitespace()
                .all(|word| word.chars().count() < 80);
            if columns > COLUMNS && is_breakable {
                self.add(index + 1, &format!("{columns} columns; at most {COLUMNS}"));
            }
        }
    }

    fn length(&mut self, text: &str) {
        let lines = text.lines().count();
        if lines > LINES {
            self.add(lines, &format!("{lines} lines; at most {LINES}"));
        }
    }

    /// The first line says what the file is.
    fn head(&mut self, file: &File) {
        let first = file
            .text
            .lines()
            .find(|line| !line.starts_with("#!"))
            .unwrap_or_default();
        let is_head = match file.extension() {
            "rs" => first.starts_with("//!"),
            "js" | "mjs" => first.starts_with("//") || first.starts_with("/*"),
            "css" => first.starts_with("/*"),
            _ => true,
        };
        if !is_head {
            self.add(1, "the file does not say what it is");
        }
    }

    /// Every maximum has its derivation above it.
    fn limits(&mut self, text: &str) {
        let mut previous = "";
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim_start();
            let is_limit =
                trimmed.starts_with("pub const") || trimmed.starts_with("pub(crate) const");
            if is_limit && !previous.trim_start().starts_with("///") {
                self.add(index + 1, "a limit without its derivation");
            }
            previous = line;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(faults(&file), expected);
    }

    #[test]
    fn a_good_file_has_no_faults() {
        check("core/src/a.rs", "//! A.\n\nfn a() {}\n", &[]);
        check(
            "docs/a.md",
            &format!("| {} |\n", "long table ".repeat(20)),
            &[],
        );
        check("a.rs", &format!("//! {}\n", "l".repeat(200)), &[]);
    }

    #[test]
    fn each_rule_names_its_line() {
        check(
            "a.rs",
            "fn a() {}\n",
            &["a.rs:1: the file does not say what it is"],
        );
        check(
            "core/src/a/tests.rs",
            &format!("use a;\n{}\n", "ab ".repeat(50).trim_end()),
            &[],
        );
        check("a.mjs", "#!/usr/bin/env node\n// A.\n", &[]);
        check(
            "a.md",
            "a \n",
            &["a.md:1: white space at the end of the line"],
        );
        check(
            "a.md",
            "a",
            &["a.md:1: no line feed at the end of the file"],
        );
        check(
            "Cargo.lock",
            "a\n<<<<<<< HEAD\n",
            &["Cargo.lock:2: a conflict left by a merge"],
        );
        let mark = format!("a\n{}: b\n", MARKS[0]);
        check("a.md", &mark, &["a.md:2: a mark of unfinished work"]);
        let dodge = format!("// A.\n{}\"a\")\n", DODGES[1]);
        check(
            "a.mjs",
            &dodge,
            &["a.mjs:2: a test that does not run, or runs alone"],
        );
        let machine = format!("see {}x\n", MACHINE_PATHS[0]);
        check("a.md", &machine, &["a.md:1: a path of somebody's machine"]);
        let wide = format!("//! {}\n", "ab ".repeat(34).trim_end());
        check("a.rs", &wide, &["a.rs:1: 105 columns; at most 100"]);
        let long = format!("//! A.\n{}", "\n".repeat(700));
        check("a.rs", &long, &["a.rs:701: 701 lines; at most 700"]);
        check(
            "core/src/limits.rs",
            "//! L.\n/// Why.\npub const A: u32 = 1;\npub const B: u32 = 2;\n",
            &["core/src/limits.rs:4: a limit without its derivation"],
        );
    }
}
