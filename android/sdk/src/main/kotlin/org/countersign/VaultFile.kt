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
 * A profile of its own (a shared phone has several) is a vault at another path.
 */
public class VaultFile(private val file: File, private val keyStore: VaultKeyStore) {

    /**
     * Opens the vault as far as it goes, and says what is needed for the rest. It never makes an empty vault by itself, so
     * that accounts are never silently gone.
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
     * Makes the vault. The key store opens it from then on; [recovery] does when the phone's keys are lost, and a [passphrase]
     * too if there is one.
     *
     * @throws AuthenticatorException.Vault when there is one already, whatever is in it.
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
     * Moves a vault that nobody can open out of the way, into a new folder beside it, so that [create] makes another. Nothing is
     * deleted: whoever finds the recovery code later opens it there. Close the vault first.
     *
     * @return the folder.
     */
    public suspend fun setAside(): File = File(setVaultAside(file.path))

    /**
     * Has the key store open a vault that another slot has just unlocked: after [VaultState.Locked] for a lost key. The slot
     * whose key is lost is taken out.
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
    /** There is none: the first start, or the app's data was cleared. Make one with [VaultFile.create]. */
    public data object Missing : VaultState

    /**
     * It is open.
     *
     * @property vault to be given to [Authenticator.open].
     */
    public data class Unlocked(val vault: Vault) : VaultState

    /**
     * The key store didn't open it. Everything in it is kept. Ask for what the person has, `unlockWithPassphrase` or
     * `unlockWithRecoveryCode`, then [VaultFile.renewKeyStoreSlot] if the key is lost.
     *
     * @property vault the locked vault; `slots()` says what opens it.
     * @property reason why the key store didn't: dismissed, locked for now, or its key lost.
     */
    public data class Locked(val vault: Vault, val reason: AuthenticatorException) : VaultState

    /**
     * The file can't be used: damaged, of a newer version, or no vault. It is kept as it is.
     *
     * @property reason what to tell the person.
     */
    public data class Unusable(val reason: AuthenticatorException) : VaultState
}
