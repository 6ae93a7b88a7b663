//! The help in the owner's language. English stands where the arguments are; here it is replaced.

mod words;

use crate::arguments::Arguments;
use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _};
use words::WORDS;

/// What `--help` shows of every command.
const TEMPLATE: &str = "{about-with-newline}
Вызов: {usage}

{all-args}{after-help}";

/// Everything that can be said, with help in this language.
pub(crate) fn command(russian: bool) -> Command {
    let mut command = Arguments::command();
    if !russian {
        return command;
    }
    command.build();
    in_russian(command)
}

fn in_russian(command: Command) -> Command {
    let about = command.get_about().map(told);
    let long = command.get_long_about().map(told);
    let mut command = command
        .help_template(TEMPLATE)
        .subcommand_help_heading("Команды")
        .subcommand_value_name("КОМАНДА")
        .mut_args(argument)
        .mut_subcommands(in_russian);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(long) = long {
        command = command.long_about(long);
    }
    command
}

fn argument(arg: Arg) -> Arg {
    let (help, long) = (arg.get_help().map(told), arg.get_long_help().map(told));
    let heading = if arg.is_positional() {
        "Что назвать"
    } else {
        "Ключи"
    };
    let mut arg = arg.help_heading(heading);
    if let Some(help) = help {
        arg = arg.help(help);
    }
    if let Some(long) = long {
        arg = arg.long_help(long);
    }
    arg
}

/// The same in Russian.
fn told(english: &StyledStr) -> String {
    let english = english.to_string();
    let known = WORDS.iter().find(|(en, _)| *en == english);
    known.map_or(english.clone(), |(_, ru)| (*ru).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    fn all(command: &Command, found: &mut Vec<String>) {
        let abouts = [command.get_about(), command.get_long_about()];
        found.extend(abouts.into_iter().flatten().map(ToString::to_string));
        for arg in command.get_arguments() {
            let helps = [arg.get_help(), arg.get_long_help()];
            found.extend(helps.into_iter().flatten().map(ToString::to_string));
            for value in arg.get_possible_values() {
                found.extend(value.get_help().map(ToString::to_string));
            }
        }
        for sub in command.get_subcommands() {
            all(sub, found);
        }
    }

    #[test]
    fn the_command_line_is_the_same_in_russian() {
        command(true).debug_assert();
        let parsed = |russian, words: &[&str]| {
            let matches = command(russian).try_get_matches_from(words);
            matches.map(|matches| format!("{:?}", Arguments::from_arg_matches(&matches)))
        };
        for words in [
            &["ringlet", "sites", "delete", "--export", "x", "-s", "a"][..],
            &[
                "ringlet", "--json", "numbers", "add", "1 2", "3", "--pool", "p",
            ],
            &["ringlet", "config", "put", "file", "--note", "x", "--quiet"],
            &["ringlet", "calls", "list", "--limit", "7"],
        ] {
            let (one, other) = (parsed(false, words), parsed(true, words));
            assert_eq!(one.expect("English"), other.expect("Russian"));
        }
        assert!(parsed(true, &["ringlet", "sites", "delete"]).is_err());
    }

    #[test]
    fn every_word_of_the_help_is_there_in_russian() {
        let mut found = Vec::new();
        let mut english = Arguments::command();
        english.build();
        all(&english, &mut found);
        found.sort();
        found.dedup();
        let known = |text: &&String| WORDS.iter().any(|(en, _)| en == *text);
        let missing: Vec<&String> = found.iter().filter(|text| !known(text)).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
