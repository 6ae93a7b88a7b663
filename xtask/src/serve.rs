//! `cargo xtask serve`.
use crate::cli;
use anyhow::Result;
pub(crate) fn run(_flags: &cli::Serve) -> Result<()> {
    anyhow::bail!("not yet")
}
