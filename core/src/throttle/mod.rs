//! How much of a thing one may have: rates of requests, and a crowd's share of a pool.
//!
//! What is here: token buckets in a table of fixed size ([`Buckets`]), the network a visitor's
//! address belongs to ([`Prefix`]), and who may be lent one more number ([`Guard`]). What is not:
//! which request is whose (the edge), the figures ([`crate::limits`]).
//!
//! Pure: now and secrets are arguments. Nothing is ever stored: what these machines know is gone
//! with the memory they live in, which makes them lenient for a moment and never wrong. Invariant:
//! who asks no faster than his rate is never refused, whatever others do.

mod buckets;
#[cfg(feature = "edge")]
mod guard;
#[cfg(feature = "edge")]
mod prefix;

pub use buckets::{Buckets, Rate};
#[cfg(feature = "edge")]
pub use guard::{Guard, Load};
#[cfg(feature = "edge")]
pub use prefix::Prefix;
