//! Accuracy simulation over `ringlet-core`: how many numbers a rule needs for how much right
//! attribution, on an open workload or on an owner's own log.
//!
//! What is here: the workload's laws, the histories drawn from them, the driver that puts a history
//! through the *same* pool engine, delay model and attribution as the Worker runs, the bounds no
//! rule can pass, the search for N, and the reports. What is deliberately not here: any rule of its
//! own. A rule that is not in `ringlet_core::pool` is not simulated.
#![forbid(unsafe_code)]

pub mod bound;
pub mod drive;
pub mod law;
pub mod progress;
pub mod random;
pub mod replay;
pub mod report;
pub mod rules;
pub mod run;
pub mod scenario;
pub mod search;
pub mod size;
pub mod tally;
pub mod teach;
pub mod workload;
