//! What the Worker says to the object that keeps releases.

use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// What is asked of the releases' object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReleaseCommand {
    /// Whether this release is kept. Answered with `true` or `false`.
    Knows {
        /// Its id.
        release: String,
    },
    /// Keep it. Answered with `null`.
    Keep {
        /// Its id.
        release: String,
        /// When it was first served.
        at: UnixMillis,
        /// All its parts.
        parts: Vec<NamedPart>,
    },
    /// The part of that name, of whatever release. Answered with [`Part`] or `null`.
    Part {
        /// Its name, without `a/`.
        name: String,
    },
}

/// A part with its name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NamedPart {
    /// Without `a/`.
    pub name: String,
    /// What it is.
    pub part: Part,
}

/// A file of the agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// As in `content-type`.
    pub media_type: String,
    /// Its bytes in base64.
    pub base64: String,
}
