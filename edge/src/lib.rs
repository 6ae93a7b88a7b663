//! Shell; see ARCHITECTURE.md.
