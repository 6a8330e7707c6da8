//! Import: accounts out of other apps' exports, as one transaction that proves itself.
//!
//! An [`Import`] collects what is in the files ([`crate::offer::exports`]). Then
//! [`Authenticator::preview_import`](crate::Authenticator::preview_import) says of every entry what would become of it,
//! [`Authenticator::import`](crate::Authenticator::import) does it, all or nothing, and tells success only when what is
//! read back from the vault is what the files hold, and
//! [`Authenticator::undo_import`](crate::Authenticator::undo_import) takes it back in one step.
//!
//! - No entry is left out in silence: one that can't be imported is a row with its reason, and by default keeps all
//!   others out, too.
//! - Nothing merges by name, and nothing is overwritten: what makes room goes to the trash.
//!
//! ```
//! use countersign_authenticator::import::{Import, ImportFormat};
//!
//! let mut import = Import::new();
//! let added = import.add_file(b"otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example\n", None)?;
//! assert_eq!((added.format, added.entries), (ImportFormat::Links, 1));
//! # Ok::<(), countersign_authenticator::import::ImportError>(())
//! ```

mod apply;
mod journal;
mod plan;

pub(crate) use apply::apply;
pub use apply::{ImportReport, ImportedRow, RowOutcome};
pub use countersign_offer::exports::{
    AddedFile, EntryError, FileKind, Import, ImportError, ImportFormat, MissingParts, Place,
};
pub use journal::{LastImport, UndoReport};
pub(crate) use journal::{last, undo};
pub use plan::{ImportOptions, ImportPreview, ImportRow, RowVerdict, SameName, preview};
pub(crate) use plan::{counter, fingerprint};

#[cfg(test)]
mod tests;
