package org.countersign

import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.NewSlot
import org.countersign.ffi.Passphrase
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.Vault
import org.countersign.ffi.VaultKeyStore
import org.countersign.ffi.setVaultAside
import java.io.File

/**
 * A vault's file, and the platform's key store that opens it without asking.
 *
 * Each profile (a shared phone has several) is a vault at another path.
 */
public class VaultFile(private val file: File, private val keyStore: VaultKeyStore) {

    /**
     * Opens the vault as far as possible, and returns what else is needed. It never creates an empty vault, so accounts never
     * disappear silently.
     */
    public suspend fun open(): VaultState {
        val vault = try {
            Vault.open(file.path)
        } catch (error: AuthenticatorException) {
            return if (error.code() == "vault_missing") VaultState.Missing else VaultState.Unusable(error)
        }
        return try {
            cancelling(null) { vault.unlockWithKeyStore(keyStore, it) }
            VaultState.Unlocked(vault)
        } catch (error: AuthenticatorException) {
            VaultState.Locked(vault, error)
        } catch (other: Throwable) {
            vault.close()
            throw other
        }
    }

    /**
     * Creates the vault. The key store opens it from then on; [recovery] opens it if the phone's keys are lost, as does
     * [passphrase] if given.
     *
     * @throws AuthenticatorException.Vault if there already is one, whatever its content.
     */
    public suspend fun create(recovery: RecoveryCode, passphrase: Passphrase? = null): Vault {
        val slots = buildList {
            add(cancelling(null) { NewSlot.fromKeyStore(keyStore, it) })
            add(NewSlot.fromRecoveryCode(recovery))
            passphrase?.let { add(NewSlot.fromPassphrase(it)) }
        }
        return try {
            Vault.create(file.path, slots)
        } finally {
            slots.forEach(NewSlot::close)
        }
    }

    /**
     * Moves a vault that nobody can open into a new folder next to it, so that [create] can create another. Nothing is
     * deleted: with the recovery code, it can be opened there later. Close the vault first.
     *
     * @return the folder.
     */
    public suspend fun setAside(): File = File(setVaultAside(file.path))

    /**
     * Creates a new key store slot for a vault that another slot has just unlocked: after [VaultState.Locked] for a lost key.
     * The slot whose key is lost is removed.
     */
    public suspend fun renewKeyStoreSlot(vault: Vault) {
        val lost = vault.slots().filter { it.kind == org.countersign.ffi.SlotKind.KEY_STORE }
        cancelling(null) { NewSlot.fromKeyStore(keyStore, it) }.use { slot ->
            vault.addSlot(slot)
        }
        for (slot in lost) {
            vault.removeSlot(slot.id)
            keyStore.forget(slot.id)
        }
    }
}

/** How far a vault could be opened. */
public sealed interface VaultState {
    /** There is no vault: the first start, or the app's data was cleared. Create one with [VaultFile.create]. */
    public data object Missing : VaultState

    /**
     * It is open.
     *
     * @property vault pass it to [Authenticator.open].
     */
    public data class Unlocked(val vault: Vault) : VaultState

    /**
     * The key store didn't open it. Its content is unchanged. Ask for passphrase or recovery code, call
     * `unlockWithPassphrase` or `unlockWithRecoveryCode`, then [VaultFile.renewKeyStoreSlot] if the key is lost.
     *
     * @property vault the locked vault; `slots()` says what opens it.
     * @property reason why the key store didn't: dismissed, locked for now, or its key lost.
     */
    public data class Locked(val vault: Vault, val reason: AuthenticatorException) : VaultState

    /**
     * The file can't be used: it is damaged, from a newer version, or not a vault. It is left unchanged.
     *
     * @property reason the error to show.
     */
    public data class Unusable(val reason: AuthenticatorException) : VaultState
}
