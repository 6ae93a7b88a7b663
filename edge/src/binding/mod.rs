//! Bindings to what the `worker` crate leaves out or binds without `catch`.
//!
//! What is here: the synchronous SQL of a Durable Object, its transactions, its alarm, the flags of
//! its errors, and what the Worker's entry module provides. What is not: anything that
//! decides. Invariant: nothing bound here lets a JavaScript exception run through Rust frames;
//! every call that can throw returns a `Result`.

pub(crate) mod fault;
pub(crate) mod fetch;
pub(crate) mod host;
pub(crate) mod object;
pub(crate) mod sql;
pub(crate) mod timer;
