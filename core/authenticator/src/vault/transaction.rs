//! What happens inside one transaction: records go in and out sealed, and the manifest keeps count.

use countersign_protocol::Id;
use rusqlite::params;
use rusqlite::types::ValueRef;

use super::VaultError;
use super::envelope::{self, OpenBuffer};
use super::keys::Keys;
use super::manifest::Manifest;
use super::record::{Completeness, Listing, Record, RecordKind};

/// A consistent view of the vault, and changes that become durable together or not at all.
///
/// See [`super::Vault::transaction`].
pub struct Transaction<'v> {
    sql: rusqlite::Transaction<'v>,
    keys: &'v Keys,
    buffer: OpenBuffer,
    /// Read when it is first needed, and written at commit if it has changed.
    manifest: Option<Manifest>,
    manifest_changed: bool,
}

impl<'v> Transaction<'v> {
    pub(super) fn new(sql: rusqlite::Transaction<'v>, keys: &'v Keys) -> Self {
        Self { sql, keys, buffer: OpenBuffer::default(), manifest: None, manifest_changed: false }
    }

    /// The connection, for what isn't a record.
    pub(super) fn sql(&self) -> &rusqlite::Connection {
        &self.sql
    }

    /// The record of this identifier, if there is one.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedRecord`] when it can't be opened.
    pub fn get<T: Record>(&mut self, id: Id) -> Result<Option<T>, VaultError> {
        let mut statement =
            self.sql.prepare_cached("SELECT envelope FROM records WHERE kind = ?1 AND id = ?2")?;
        let mut rows = statement.query(params![T::KIND.number(), id.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let payload = open(self.keys, T::KIND, id, row.get_ref(0)?, &mut self.buffer);
        let record = payload.and_then(T::read).ok_or(VaultError::DamagedRecord { kind: T::KIND, id })?;
        Ok(Some(record))
    }

    /// All records of a kind with their identifiers, in no particular order, and what is wrong with the list.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedFile`] when the file can't be read through. Damaged records are no error but told in the
    /// listing.
    pub fn list<T: Record>(&mut self) -> Result<Listing<(Id, T)>, VaultError> {
        self.list_as(|id, record| (id, record))
    }

    /// [`Transaction::list`], with each record turned into what the caller wants to have.
    pub(super) fn list_as<T: Record, R>(
        &mut self,
        make: impl Fn(Id, T) -> R,
    ) -> Result<Listing<R>, VaultError> {
        let mut items = Vec::new();
        let listing = self.each(|id, record| items.push(make(id, record)))?;
        Ok(Listing { items, damaged: listing.damaged, completeness: listing.completeness })
    }

    /// [`Transaction::list`], with each record handed to `visit` in place of being listed.
    pub(crate) fn each<T: Record>(
        &mut self,
        mut visit: impl FnMut(Id, T),
    ) -> Result<Listing<()>, VaultError> {
        // A damaged manifest is told in the listing; what can be read should still be read.
        match self.manifest() {
            Ok(_) | Err(VaultError::DamagedRecord { .. }) => {}
            Err(error) => return Err(error),
        }
        let (mut sound, mut damaged) = (0, Vec::new());
        self.scan(T::KIND, |id, payload| match payload.and_then(T::read) {
            Some(record) => {
                sound += 1;
                visit(id, record);
            }
            None => damaged.push(id),
        })?;
        let present = count_of(sound + damaged.len());
        let completeness = match &self.manifest {
            Some(manifest) => manifest.compare(T::KIND, present),
            None => Completeness::Unproven,
        };
        Ok(Listing { items: Vec::new(), damaged, completeness })
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// [`VaultError::AlreadyPresent`]; it never overwrites. [`VaultError::TooLarge`].
    pub fn insert<T: Record>(&mut self, id: Id, record: &T) -> Result<(), VaultError> {
        let envelope = self.seal(id, record)?;
        let count = self.manifest()?.count(T::KIND);
        let inserted = self
            .sql
            .prepare_cached("INSERT OR IGNORE INTO records (kind, id, envelope) VALUES (?1, ?2, ?3)")?
            .execute(params![T::KIND.number(), id.as_bytes(), envelope])?;
        if inserted == 0 {
            return Err(VaultError::AlreadyPresent { kind: T::KIND, id });
        }
        self.manifest_mut()?.set_count(T::KIND, count.saturating_add(1));
        Ok(())
    }

    /// Replaces a record that is there, damaged or not.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotFound`], [`VaultError::TooLarge`].
    pub fn update<T: Record>(&mut self, id: Id, record: &T) -> Result<(), VaultError> {
        if self.replace(id, record)? { Ok(()) } else { Err(VaultError::NotFound { kind: T::KIND, id }) }
    }

    /// Adds a record, or replaces the one that is there.
    ///
    /// # Errors
    ///
    /// [`VaultError::TooLarge`].
    pub fn put<T: Record>(&mut self, id: Id, record: &T) -> Result<(), VaultError> {
        if self.replace(id, record)? { Ok(()) } else { self.insert(id, record) }
    }

    /// Deletes a record for good, damaged or not. Its sealed bytes are overwritten.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotFound`].
    pub fn delete<T: Record>(&mut self, id: Id) -> Result<(), VaultError> {
        let count = self.manifest()?.count(T::KIND);
        let deleted = self
            .sql
            .prepare_cached("DELETE FROM records WHERE kind = ?1 AND id = ?2")?
            .execute(params![T::KIND.number(), id.as_bytes()])?;
        if deleted == 0 {
            return Err(VaultError::NotFound { kind: T::KIND, id });
        }
        self.manifest_mut()?.set_count(T::KIND, count.saturating_sub(1));
        Ok(())
    }

    /// Makes all changes durable.
    pub(super) fn commit(mut self) -> Result<(), VaultError> {
        if let Some(manifest) = self.manifest.take_if(|_| self.manifest_changed)
            && !self.replace(Manifest::ID, &manifest)?
        {
            return Err(DAMAGED_MANIFEST);
        }
        Ok(self.sql.commit()?)
    }

    pub(crate) fn manifest(&mut self) -> Result<&Manifest, VaultError> {
        if self.manifest.is_none() {
            self.manifest = Some(self.get(Manifest::ID)?.ok_or(DAMAGED_MANIFEST)?);
        }
        self.manifest.as_ref().ok_or(DAMAGED_MANIFEST)
    }

    pub(crate) fn manifest_mut(&mut self) -> Result<&mut Manifest, VaultError> {
        self.manifest()?;
        self.manifest_changed = true;
        self.manifest.as_mut().ok_or(DAMAGED_MANIFEST)
    }

    /// Writes a manifest of what is there, in place of the one that is there or not.
    pub(crate) fn write_manifest(&mut self, manifest: &Manifest) -> Result<(), VaultError> {
        let envelope = self.seal(Manifest::ID, manifest)?;
        self.sql.execute(
            "INSERT OR REPLACE INTO records (kind, id, envelope) VALUES (?1, ?2, ?3)",
            params![RecordKind::Manifest.number(), Manifest::ID.as_bytes(), envelope],
        )?;
        self.manifest = None;
        self.manifest_changed = false;
        Ok(())
    }

    /// The number of rows of a kind, whatever is in them.
    pub(super) fn count_rows(&self, kind: RecordKind) -> Result<u64, VaultError> {
        let count: i64 =
            self.sql.query_row("SELECT count(*) FROM records WHERE kind = ?1", [kind.number()], |row| {
                row.get(0)
            })?;
        u64::try_from(count).map_err(|_| VaultError::DamagedFile)
    }

    /// Opens every envelope of a kind without reading it: how many open, and which don't.
    pub(super) fn verify(&mut self, kind: RecordKind) -> Result<(u64, Vec<Id>), VaultError> {
        let (mut sound, mut damaged) = (0, Vec::new());
        self.scan(kind, |id, payload| match payload {
            Some(_) => sound += 1,
            None => damaged.push(id),
        })?;
        Ok((sound, damaged))
    }

    /// Visits the rows of a kind with their payloads, or with none where the envelope doesn't open.
    fn scan(&mut self, kind: RecordKind, mut visit: impl FnMut(Id, Option<&[u8]>)) -> Result<(), VaultError> {
        // In the order of the table itself, so that nothing is sorted.
        let mut statement =
            self.sql.prepare_cached("SELECT id, envelope FROM records WHERE kind = ?1 ORDER BY id")?;
        let mut rows = statement.query([kind.number()])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            // A row without a proper identifier can't be named; the manifest's count tells of it.
            let Some(id) = read_id(row.get_ref(0)?) else { continue };
            // Pages of two ages may hold a record twice, which must not make up for one that is missing.
            let is_repeated = last.replace(id) >= Some(id);
            let payload = open(self.keys, kind, id, row.get_ref(1)?, &mut self.buffer);
            visit(id, payload.filter(|_| !is_repeated));
        }
        Ok(())
    }

    fn replace<T: Record>(&mut self, id: Id, record: &T) -> Result<bool, VaultError> {
        let envelope = self.seal(id, record)?;
        let replaced = self
            .sql
            .prepare_cached("UPDATE records SET envelope = ?3 WHERE kind = ?1 AND id = ?2")?
            .execute(params![T::KIND.number(), id.as_bytes(), envelope])?;
        Ok(replaced == 1)
    }

    fn seal<T: Record>(&self, id: Id, record: &T) -> Result<Vec<u8>, VaultError> {
        envelope::seal(self.keys.data_key(T::KIND), T::KIND, id, record).map_err(|_| VaultError::TooLarge)
    }
}

fn open<'b>(
    keys: &Keys,
    kind: RecordKind,
    id: Id,
    envelope: ValueRef<'_>,
    buffer: &'b mut OpenBuffer,
) -> Option<&'b [u8]> {
    envelope::open(keys.data_key(kind), kind, id, envelope.as_blob().ok()?, buffer).ok()
}

fn read_id(value: ValueRef<'_>) -> Option<Id> {
    let bytes: [u8; 16] = value.as_blob().ok()?.try_into().ok()?;
    Some(Id::from_bytes(bytes))
}

fn count_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

const DAMAGED_MANIFEST: VaultError =
    VaultError::DamagedRecord { kind: RecordKind::Manifest, id: Manifest::ID };
