//! Variables of the Worker.

use worker::Env;

/// Whether this is a development run (`RINGLET_DEV=1`): the place of a visitor may be given by a
/// header, and browsers driven by tests are served as people are.
pub(crate) fn is_development(env: &Env) -> bool {
    env.var("RINGLET_DEV")
        .is_ok_and(|value| value.to_string() == "1")
}
