//! The domain of Ringlet: call tracking rules shared by the agent, the edge and the simulator.
//!
//! What is here: telephone numbers and masks, labels and channels, scenarios and site
//! configuration, the state machines of a visit and of a number pool, the call-delay model,
//! attribution, sizing, and one normal form for every telephony provider.
//!
//! What is deliberately not here: a clock, randomness, JavaScript, SQL, sockets and async. Time and
//! entropy are arguments; changes to persist and messages to send are return values. So the Worker,
//! the browser agent and the simulator run the *same* rules.
#![forbid(unsafe_code)]

#[cfg(feature = "edge")]
pub mod analytics;
#[cfg(feature = "edge")]
pub mod api;
pub mod attribution;
pub mod bot;
#[cfg(feature = "serde")]
pub mod calculator;
#[cfg(feature = "edge")]
pub mod call;
pub mod channel;
#[cfg(feature = "edge")]
pub mod condition;
#[cfg(feature = "edge")]
pub mod contact;
pub mod credit;
pub mod delay;
#[cfg(feature = "edge")]
pub mod early;
pub mod entropy;
#[cfg(feature = "edge")]
pub mod export;
pub mod id;
#[cfg(feature = "edge")]
pub mod import;
pub mod label;
pub mod limits;
#[cfg(feature = "edge")]
pub mod link;
pub mod mask;
#[cfg(feature = "edge")]
pub mod number;
#[cfg(feature = "edge")]
pub mod outbox;
pub mod phone;
pub mod pool;
#[cfg(feature = "edge")]
pub mod report;
#[cfg(feature = "edge")]
pub mod retention;
#[cfg(feature = "edge")]
pub mod scenario;
#[cfg(feature = "edge")]
pub mod site;
pub mod sizing;
pub mod stock;
pub mod swap;
#[cfg(feature = "edge")]
pub mod telephony;
#[cfg(feature = "serde")]
mod text;
pub mod throttle;
pub mod time;
pub mod touch;
pub mod visit;
#[cfg(feature = "edge")]
pub mod wire;
