//! The Worker of Ringlet: routes and Durable Objects around `ringlet-core`.
#![allow(dead_code)]

mod binding;
