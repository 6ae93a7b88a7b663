//! The command line as clap sees it.

use super::*;
use clap::CommandFactory as _;

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn a_site_is_not_deleted_without_a_word_about_its_export() {
    let parse = |words: &[&str]| Arguments::try_parse_from(words).is_ok();
    assert!(!parse(&["ringlet", "sites", "delete"]));
    assert!(parse(&["ringlet", "sites", "delete", "--export", "x"]));
    assert!(parse(&[
        "ringlet",
        "sites",
        "delete",
        "--without-export",
        "-s",
        "a"
    ]));
}
