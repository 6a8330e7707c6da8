//! The library for phones, as `cargo xtask cross --run` loads it: everything that [`countersign_ffi`] exports, and nothing
//! else.

pub use countersign_ffi as library;
