package org.countersign

import kotlinx.coroutines.runBlocking
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.Offer
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.Recoverability
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.SlotKind
import org.countersign.ffi.UserCheck
import org.countersign.ffi.Vault
import org.countersign.support.JdkVaultKeyStore
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue

class VaultFileTest {
    @TempDir
    lateinit var folder: Path

    private val store = JdkVaultKeyStore()
    private val path by lazy { folder.resolve("vault.db").toFile() }
    private val file by lazy { VaultFile(path, store) }

    @Test
    fun `without a file there is no vault, and none is made`() = runBlocking {
        assertEquals(VaultState.Missing, file.open())
        assertTrue(!path.exists())
    }

    @Test
    fun `a vault that was made is opened by the key store without asking`() = runBlocking {
        RecoveryCode.makeRandom().use { file.create(it).close() }
        assertIs<VaultState.Unlocked>(file.open()).vault.close()
    }

    @Test
    fun `making a vault where there is one fails and leaves it`() = runBlocking {
        RecoveryCode.makeRandom().use { code ->
            file.create(code).close()
            val error = assertFailsWith<AuthenticatorException.Vault> { file.create(code) }
            assertEquals("vault_already_exists", error.code())
        }
        assertIs<VaultState.Unlocked>(file.open()).vault.close()
    }

    @Test
    fun `a file that is no vault is reported and left unchanged`() = runBlocking {
        val bytes = ByteArray(5000) { it.toByte() }
        path.writeBytes(bytes)
        assertEquals("vault_damaged", assertIs<VaultState.Unusable>(file.open()).reason.code())
        assertContentEquals(bytes, path.readBytes())
    }

    @Test
    fun `an invalidated key leaves the accounts to the recovery code, and a new key opens them again`() = runBlocking {
        val code = RecoveryCode.makeRandom()
        val text = code.text()
        file.create(code).use { vault ->
            Authenticator.openWithSoftwareKeys(vault, UserCheck.PASSPHRASE).use { authenticator ->
                Offer.parse("otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP").use { authenticator.add(listOf(it)) }
            }
        }
        store.onUnwrap = { throw PlatformKeyException.Invalidated() }
        val locked = assertIs<VaultState.Locked>(file.open())
        assertEquals("key_store_invalidated", locked.reason.code())

        locked.vault.unlockWithRecoveryCode(RecoveryCode.parse(text.lowercase()))
        store.onUnwrap = {}
        file.renewKeyStoreSlot(locked.vault)
        locked.vault.close()

        val vault = assertIs<VaultState.Unlocked>(file.open()).vault
        assertEquals(1, vault.slots().count { it.kind == SlotKind.KEY_STORE })
        assertEquals(1, store.keys.size, "the lost slot's key is forgotten")
        Authenticator.openWithSoftwareKeys(vault, UserCheck.PASSPHRASE).use { authenticator ->
            assertEquals(1, authenticator.accounts().total)
        }
    }

    @Test
    fun `a vault that nobody can open is set aside and not deleted`() = runBlocking {
        val code = RecoveryCode.makeRandom()
        file.create(code).close()
        val folder = file.setAside()
        assertEquals(VaultState.Missing, file.open())
        RecoveryCode.makeRandom().use { file.create(it).close() }
        Vault.open(folder.resolve("vault.db").path).use { old ->
            old.unlockWithRecoveryCode(code)
            assertTrue(!old.isLocked())
        }
    }

    @Test
    fun `every failure of the key store locks the vault and says why`() = runBlocking {
        RecoveryCode.makeRandom().use { file.create(it).close() }
        val failures = mapOf(
            PlatformKeyException.Cancelled() to "key_store_cancelled",
            PlatformKeyException.Locked() to "key_store_locked",
            PlatformKeyException.Invalidated() to "key_store_invalidated",
            PlatformKeyException.NotFound() to "key_store_key_not_found",
            PlatformKeyException.Unavailable() to "key_store_unavailable",
            IllegalStateException("unforeseen") to "key_store_unavailable",
            OutOfMemoryError("unforeseen") to "key_store_unavailable",
        )
        for ((failure, code) in failures) {
            store.onUnwrap = { throw failure }
            assertEquals(code, assertIs<VaultState.Locked>(file.open(), "$failure").reason.code())
        }
    }

    @Test
    fun `a recovery code counts once it was typed back, and a passphrase is asked for while another can be made`() = runBlocking {
        val code = RecoveryCode.makeRandom()
        file.create(code, passphraseOf("correct horse".toCharArray())).close()
        val vault = assertIs<VaultState.Unlocked>(file.open()).vault
        assertEquals(Recoverability.UNPROVEN, vault.recoverability())
        assertFailsWith<AuthenticatorException.WrongKey> { vault.checkRecoveryCode(RecoveryCode.makeRandom()) }
        vault.checkRecoveryCode(code)
        assertEquals(Recoverability.PROVEN, vault.recoverability())

        Authenticator.openWithSoftwareKeys(vault, UserCheck.PASSPHRASE).use { authenticator ->
            assertTrue(checkNotNull(authenticator.passphraseReminder()).isDue)
            assertFailsWith<AuthenticatorException.WrongKey> { authenticator.checkPassphrase(passphraseOf("forgotten".toCharArray())) }
            val next = authenticator.checkPassphrase(passphraseOf("correct horse".toCharArray()))
            assertEquals(86_400, checkNotNull(next.dueAt) - checkNotNull(next.typedAt))
            assertTrue(!checkNotNull(authenticator.passphraseReminder()).isDue)
        }
    }

    @Test
    fun `a passphrase opens the vault however its letters were composed, and is overwritten`() = runBlocking {
        val typed = "Zu\u0308rich 2".toCharArray()
        RecoveryCode.makeRandom().use { file.create(it, passphraseOf(typed)).close() }
        assertContentEquals(CharArray(typed.size), typed)
        store.onUnwrap = { throw PlatformKeyException.Locked() }
        val locked = assertIs<VaultState.Locked>(file.open())
        assertFailsWith<AuthenticatorException.WrongKey> { locked.vault.unlockWithPassphrase(passphraseOf("zürich 2".toCharArray())) }
        locked.vault.unlockWithPassphrase(passphraseOf("Z\u00fcrich 2".toCharArray()))
        assertTrue(!locked.vault.isLocked())
        locked.vault.close()
    }
}
