//! Rules over several files: what is said twice must be said alike, and links must lead
//! somewhere.

use std::collections::HashSet;

use super::File;
use crate::runtime::COMPATIBILITY_DATE;

/// All faults, each as `path: what`.
pub(super) fn faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    faults.extend(readme_snippets(files));
    faults.extend(compatibility_date(files));
    faults.extend(links(files));
    faults
}

fn text_of<'a>(files: &'a [File], path: &str) -> Option<&'a str> {
    files
        .iter()
        .find(|file| file.path == path)
        .map(|file| file.text.as_str())
}

/// Commands and tags are the same in both languages.
fn readme_snippets(files: &[File]) -> Vec<String> {
    let (Some(english), Some(russian)) =
        (text_of(files, "README.md"), text_of(files, "README.ru.md"))
    else {
        return Vec::new();
    };
    if code_blocks(english) == code_blocks(russian) {
        return Vec::new();
    }
    vec!["README.ru.md: its code blocks are not those of README.md".to_owned()]
}

/// The fenced blocks of a page, without the comments in them: those are translated.
fn code_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match (line.starts_with("```"), open.take()) {
            (true, None) => open = Some(String::new()),
            (true, Some(block)) => blocks.push(block),
            (false, Some(mut block)) => {
                let code = line.split(" #").next().unwrap_or_default().trim_end();
                if !code.starts_with('#') {
                    block.push_str(code);
                    block.push('\n');
                }
                open = Some(block);
            }
            (false, None) => {}
        }
    }
    blocks
}

fn compatibility_date(files: &[File]) -> Vec<String> {
    let line = format!("compatibility_date = \"{COMPATIBILITY_DATE}\"");
    match text_of(files, "wrangler.toml") {
        Some(text) if !text.contains(&line) => {
            vec![format!("wrangler.toml: not `{line}`, as xtask has it")]
        }
        _ => Vec::new(),
    }
}

/// Links of Markdown pages to files of the repository.
fn links(files: &[File]) -> Vec<String> {
    let known: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut faults = Vec::new();
    for page in files.iter().filter(|file| file.path.ends_with(".md")) {
        for target in link_targets(&page.text) {
            let path = resolve(&page.path, target);
            let is_directory = known
                .iter()
                .any(|file| file.starts_with(&format!("{path}/")));
            // A picture is no text, and so not among the files.
            let is_known = known.contains(path.as_str())
                || is_directory
                || path.is_empty()
                || crate::paths::root().join(&path).is_file();
            if !is_known {
                faults.push(format!("{}: the link {target:?} leads nowhere", page.path));
            }
        }
    }
    faults
}

/// Relative targets of `[text](target)`, outside fenced blocks.
fn link_targets(text: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', ' ', '#']).next().unwrap_or_default();
            let is_relative = !target.contains(':') && !target.starts_with('/');
            if is_relative && !target.is_empty() {
                targets.push(target);
            }
        }
    }
    targets
}

/// `target` seen from the directory of `page`, without dots.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn snippets_are_compared_without_comments() {
        let english = file("README.md", "# A\n```sh\ncargo xtask dev  # runs\n```\n");
        let russian = file(
            "README.ru.md",
            "# Б\n```sh\ncargo xtask dev  # запуск\n```\n",
        );
        assert_eq!(readme_snippets(&[english, russian]), Vec::<String>::new());
        let english = file("README.md", "```sh\ncargo xtask dev\n```\n");
        let russian = file("README.ru.md", "```sh\ncargo xtask test\n```\n");
        assert_eq!(readme_snippets(&[english, russian]).len(), 1);
    }

    #[test]
    fn links_lead_to_files_and_directories() {
        let pages = [
            file(
                "docs/a.md",
                "[b](b.md) [c](../core/) [d](https://d.example/) [e](#e)\n",
            ),
            file("docs/b.md", "```\n[x](nowhere)\n```\n[a](a.md#part)\n"),
            file("core/src/lib.rs", ""),
        ];
        assert_eq!(links(&pages), Vec::<String>::new());
        let broken = [file("docs/a.md", "[b](b.md)\n")];
        assert_eq!(
            links(&broken),
            ["docs/a.md: the link \"b.md\" leads nowhere"]
        );
    }

    #[test]
    fn the_compatibility_date_is_one() {
        let good = format!("compatibility_date = \"{COMPATIBILITY_DATE}\"\n");
        assert_eq!(
            compatibility_date(&[file("wrangler.toml", &good)]),
            Vec::<String>::new()
        );
        let bad = file("wrangler.toml", "compatibility_date = \"2020-01-01\"\n");
        assert_eq!(compatibility_date(&[bad]).len(), 1);
    }
}
