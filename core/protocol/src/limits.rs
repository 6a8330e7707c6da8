//! Bounds that both sides enforce before they parse or allocate.

/// Longest compact JWS or JWE, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Longest link that is parsed, in bytes.
pub const MAX_LINK_BYTES: usize = 2048;
/// Longest name of a device, a person, an application or a place, in characters.
pub const MAX_NAME_CHARS: usize = 128;
/// How many digits number matching may have.
pub const MATCH_DIGITS: std::ops::RangeInclusive<u8> = 2..=8;
/// Longest address of a wake-up channel, in bytes.
pub const MAX_WAKE_UP_BYTES: usize = 4096;
/// Open challenges that one delivery holds at most.
pub const MAX_CHALLENGES: usize = 16;
/// Newer devices that one delivery names at most.
pub const MAX_NEWER_DEVICES: usize = 8;
/// Longest long-poll, in seconds.
pub const MAX_WAIT_SECONDS: u32 = 60;
/// How far a request's `iat` may be from the service's time, in seconds, before it is refused as stale.
pub const MAX_REQUEST_AGE_SECONDS: u64 = 120;
/// Parts of one move to a new phone.
pub const MAX_MOVE_PARTS: u16 = 4096;
/// Sealed bytes of one part of a move.
pub const MAX_PART_BYTES: usize = 416;
/// Parts of a move that one message holds: as many as leave room for the rest of it.
pub const MAX_PARTS_IN_MESSAGE: usize = 80;
/// Sealed kibibytes of the largest move.
pub const MAX_MOVE_KIB: u16 = 1664;
/// Parts of a move's receipt.
pub const MAX_RECEIPT_PARTS: usize = 32;
