//! The HTTP surface as data: which routes there are, who may ask, and what a refusal looks like.
//!
//! What is here: the table that the Worker routes by and `openapi.json` is generated from, and the
//! refusals. What is not: handlers, and the messages between agent and edge ([`crate::wire`]).
//! Invariant: a route that is not in [`route::ROUTES`] is not served.

pub mod detail;
pub mod language;
pub mod openapi;
pub mod paper;
pub mod parameter;
pub mod problem;
pub mod route;
pub mod schema;
pub mod unread;
