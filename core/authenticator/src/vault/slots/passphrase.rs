//! The passphrase slot: Argon2id (RFC 9106).

use argon2::{Argon2, Block, Params, Version};
use countersign_protocol::Id;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{NewSlot, Row, SlotKey, SlotKind, VaultError};
use crate::Secret;

impl NewSlot {
    /// A slot that this passphrase opens, through Argon2id with 64 MiB and three passes.
    ///
    /// The passphrase is the UTF-8 that the person typed, in Unicode's NFC. Takes about 0.2 seconds of one core.
    ///
    /// # Errors
    ///
    /// [`VaultError::EmptyPassphrase`], or [`VaultError::OutOfMemory`].
    pub fn from_passphrase(passphrase: &Secret) -> Result<Self, VaultError> {
        Self::from_passphrase_at_cost(passphrase, 64 * 1024, 3)
    }

    pub(in crate::vault) fn from_passphrase_at_cost(
        passphrase: &Secret,
        memory_kib: u32,
        passes: u32,
    ) -> Result<Self, VaultError> {
        if passphrase.is_empty() {
            return Err(VaultError::EmptyPassphrase);
        }
        let mut salt = [0; SALT_LEN];
        salt.copy_from_slice(Secret::make_random(SALT_LEN).expose());
        let parameters = Parameters { memory_kib, passes, lanes: 1, salt };
        let key = parameters.derive(passphrase)?;
        let parameters = rmp_serde::to_vec_named(&parameters).map_err(|_| VaultError::OutOfMemory)?;
        Ok(Self { id: Id::make_random(), kind: SlotKind::Passphrase, parameters, key })
    }
}

/// The key of a passphrase slot.
pub(in crate::vault) fn derive_key(passphrase: &Secret, row: &Row) -> Result<SlotKey, VaultError> {
    let damaged = VaultError::DamagedSlot(SlotKind::Passphrase);
    let parameters: Parameters = rmp_serde::from_slice(row.parameters()?).map_err(|_| damaged)?;
    if !parameters.are_bounded() {
        return Err(damaged);
    }
    parameters.derive(passphrase)
}

/// Stored with the slot, so that a later version may raise them. They come from a file that anyone may have written.
#[derive(Serialize, Deserialize)]
struct Parameters {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; SALT_LEN],
}

impl Parameters {
    fn are_bounded(&self) -> bool {
        (1..=MAX_LANES).contains(&self.lanes)
            && (8 * self.lanes..=MAX_MEMORY_KIB).contains(&self.memory_kib)
            && (1..=MAX_PASSES).contains(&self.passes)
    }

    fn derive(&self, passphrase: &Secret) -> Result<SlotKey, VaultError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(SlotKey::LEN))
            .map_err(|_| VaultError::DamagedSlot(SlotKind::Passphrase))?;
        // Its last block is the key before the last hash, so the memory is wiped, and it may not be there at all.
        let mut memory = Memory(Vec::new());
        memory.0.try_reserve_exact(params.block_count()).map_err(|_| VaultError::OutOfMemory)?;
        memory.0.resize(params.block_count(), Block::default());
        let mut key = Zeroizing::new([0; SlotKey::LEN]);
        Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase.expose(), &self.salt, &mut *key, &mut memory.0)
            .map_err(|_| VaultError::DamagedSlot(SlotKind::Passphrase))?;
        Ok(SlotKey(Secret::from(key.as_slice())))
    }
}

struct Memory(Vec<Block>);

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

const SALT_LEN: usize = 16;
/// Four times today's cost: room to raise it, and far from what a phone can't give.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters = Parameters { memory_kib: 64, passes: 1, lanes: 1, salt: [7; SALT_LEN] };

    fn row(parameters: &Parameters) -> Row {
        let parameters = rmp_serde::to_vec_named(parameters).unwrap();
        let key = SlotKey(Secret::make_random(SlotKey::LEN));
        NewSlot { id: Id::make_random(), kind: SlotKind::Passphrase, parameters, key }
            .wrap(&Secret::make_random(32))
    }

    #[test]
    fn the_key_is_argon2id_as_rfc_9106_defines_it() {
        // By the reference implementation in C (argon2-cffi): Argon2id 1.3, 64 KiB, one pass, one lane.
        let key = derive_key(&Secret::from(&b"passphrase"[..]), &row(&PARAMETERS)).unwrap();
        assert_eq!(
            data_encoding::HEXLOWER.encode(key.0.expose()),
            "ea2a87d19f97115507cec40cea341ab355c7f3aaea98f3a2c98095a3a122b5cd"
        );
    }

    #[test]
    fn every_parameter_changes_the_key() {
        let key = |passphrase: &[u8], parameters| {
            let key = derive_key(&Secret::from(passphrase), &row(&parameters)).unwrap();
            key.0.expose().to_vec()
        };
        let base = key(b"a", PARAMETERS);
        assert_eq!(base, key(b"a", PARAMETERS));
        assert_ne!(base, key(b"b", PARAMETERS));
        assert_ne!(base, key(b"a", Parameters { memory_kib: 65, ..PARAMETERS }));
        assert_ne!(base, key(b"a", Parameters { passes: 2, ..PARAMETERS }));
        assert_ne!(base, key(b"a", Parameters { lanes: 2, ..PARAMETERS }));
        assert_ne!(base, key(b"a", Parameters { salt: [8; SALT_LEN], ..PARAMETERS }));
    }

    #[test]
    fn hostile_parameters_are_refused_before_anything_is_allocated() {
        let hostile = [
            Parameters { memory_kib: u32::MAX, ..PARAMETERS },
            Parameters { memory_kib: MAX_MEMORY_KIB + 1, ..PARAMETERS },
            Parameters { memory_kib: 7, ..PARAMETERS },
            Parameters { memory_kib: 0, ..PARAMETERS },
            Parameters { passes: u32::MAX, ..PARAMETERS },
            Parameters { passes: 0, ..PARAMETERS },
            Parameters { lanes: u32::MAX, memory_kib: u32::MAX, ..PARAMETERS },
            Parameters { lanes: 0, ..PARAMETERS },
        ];
        for parameters in &hostile {
            let refused = derive_key(&Secret::from(&b"any"[..]), &row(parameters)).err();
            assert_eq!(refused, Some(VaultError::DamagedSlot(SlotKind::Passphrase)));
        }
    }
}
