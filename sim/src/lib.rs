//! Simulation over `ringlet-core`; see ARCHITECTURE.md.
