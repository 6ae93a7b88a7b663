//! Requests and replies in the few forms the handlers use.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod encoding;
pub(crate) mod reply;
