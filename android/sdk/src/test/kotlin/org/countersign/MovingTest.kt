package org.countersign

import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.BackupFolder
import org.countersign.ffi.BackupFolderException
import org.countersign.ffi.ExportFormat
import org.countersign.ffi.Import
import org.countersign.ffi.ImportOptions
import org.countersign.ffi.RowOutcome
import org.countersign.ffi.RowVerdict
import org.countersign.ffi.SameName
import org.countersign.support.Phone
import org.countersign.support.everything
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import java.util.concurrent.ConcurrentSkipListMap
import kotlin.io.path.createDirectory
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.readBytes
import kotlin.io.path.readText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** Moving in from another app, and backups that have been read back. */
class MovingTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `another app's export is previewed, imported and taken back`() = phone { phone ->
        Import().use { import ->
            val found = import.addFile(export("aegis.json"), null, null)
            assertEquals("Aegis", found.app)
            val preview = phone.authenticator.previewImport(import, null, null)
            assertEquals(found.entries, preview.total)
            assertTrue(preview.rows.any { it.verdict == RowVerdict.New })
            assertEquals(0, phone.authenticator.accounts(null).total)

            val partial = ImportOptions(SameName.KEEP_BOTH, partial = true)
            val report = phone.authenticator.importAccounts(import, partial)
            assertTrue(report.proven > 0)
            assertEquals(report.proven, report.rows.count { it.outcome == RowOutcome.ADDED }.toLong())
            assertEquals(report.proven, phone.authenticator.lastImport()?.changes)
        }
        assertTrue(phone.authenticator.undoImport().trashed > 0)
        assertTrue(phone.authenticator.accounts(null).accounts.all { it.trashedAt != null })
        assertFailsWith<AuthenticatorException.Gone> { phone.authenticator.undoImport() }
    }

    @Test
    fun `live codes show what was imported, at once`() = phone { phone ->
        val shown = async { phone.authenticator.liveCodes().first { it.codes.codes.isNotEmpty() } }
        delay(100)
        Import().use {
            it.addFile(LINK.toByteArray(), null, null)
            phone.authenticator.importAccounts(it, null)
        }
        withTimeout(5.seconds) { assertEquals("North", shown.await().codes.codes.single().issuer) }
    }

    @Test
    fun `an encrypted export asks for its password, and a wrong one shows in nothing`() = phone { phone ->
        Import().use { import ->
            val file = export("aegis-encrypted.json")
            val needed = assertFailsWith<AuthenticatorException.WrongKey> { import.addFile(file, null, null) }
            assertEquals("import_password_needed", needed.code())
            val wrong = assertFailsWith<AuthenticatorException.WrongKey> { import.addFile(file, passphraseOf(CANARY.toCharArray()), null) }
            assertEquals("import_wrong_password", wrong.code())
            assertFalse(CANARY in wrong.everything())
            assertFailsWith<AuthenticatorException.Input> { phone.authenticator.previewImport(import, null, null) }
            import.addFile(file, passphraseOf("correct horse battery".toCharArray()), null)
            assertTrue(phone.authenticator.previewImport(import, null, null).total > 0)
        }
    }

    @Test
    fun `an entry that can't be imported says why and keeps the others out`() = phone { phone ->
        Import().use { import ->
            import.addFile("$LINK\notpauth://totp/South:bob?secret=0189\n".toByteArray(), null, null)
            val verdict = phone.authenticator.previewImport(import, null, null).rows[1].verdict
            assertEquals("offer_bad_secret", assertIs<RowVerdict.Refused>(verdict).reason.code)
            val error = assertFailsWith<AuthenticatorException.Input> { phone.authenticator.importAccounts(import, null) }
            assertEquals("import_entries_refused", error.code())
            assertEquals(0, phone.authenticator.accounts(null).total)
        }
    }

    @Test
    fun `a backup is proven, rotated, and restores on another phone`() = phone { phone ->
        phone.add(LINK)
        val backups = folder.resolve("backups").createDirectory()
        assertNull(phone.authenticator.lastBackup())
        val backup = password().use { phone.authenticator.backUp(backups.toString(), it, 3u, null) }
        assertEquals(1, backup.rehearsal.restorable)
        assertEquals(1, assertNotNull(phone.authenticator.lastBackup()).restorable)
        val file = backups.listDirectoryEntries().single { it.name == backup.name }.readBytes()
        assertFalse(SECRET in String(file, Charsets.ISO_8859_1))

        Phone.create(folder.resolve("new")).use { new ->
            Import().use { import ->
                password().use { import.addFile(file, it, null) }
                assertEquals(1, new.authenticator.importAccounts(import, null).proven)
            }
            assertEquals(1, new.authenticator.codes(null).codes.size)
        }
    }

    @Test
    fun `an export that the app stores counts as a backup once it was read again`() = phone { phone ->
        phone.add(LINK)
        assertFailsWith<AuthenticatorException.WrongKey> { phone.authenticator.export(ExportFormat.BACKUP, null, null) }
        val stored = password().use { phone.authenticator.export(ExportFormat.BACKUP, it, null) }.content
        assertNull(phone.authenticator.lastBackup())
        val wrong = assertFailsWith<AuthenticatorException.WrongKey> {
            passphraseOf(CANARY.toCharArray()).use { phone.authenticator.rehearse(stored, it, null) }
        }
        assertFalse(CANARY in wrong.everything())
        assertEquals(0, password().use { phone.authenticator.rehearse(stored, it, null) }.missing)
        assertNotNull(phone.authenticator.lastBackup())
    }

    @Test
    fun `a plain export is written whole, and overwrites nothing`() = phone { phone ->
        phone.add(LINK)
        val path = folder.resolve("accounts.txt")
        assertEquals(1, phone.authenticator.exportTo(path.toString(), ExportFormat.LINKS, null, null).restorable)
        assertTrue(SECRET in path.readText())
        val error = assertFailsWith<AuthenticatorException.Input> { phone.authenticator.exportTo(path.toString(), ExportFormat.LINKS, null, null) }
        assertEquals("backup_already_exists", error.code())
    }

    @Test
    fun `a folder without a path holds proven backups, and keeps the older ones when it loses bytes`() = phone { phone ->
        phone.add(LINK)
        val cloud = Cloud()
        val first = password().use { phone.authenticator.backUpInto(cloud, it, 1u, null) }
        assertEquals(setOf(first.name), cloud.files.keys.toSet())
        cloud.keeps = { it.copyOf(it.size - 1) }
        delay(1_100)
        val error = assertFailsWith<AuthenticatorException.WrongKey> { password().use { phone.authenticator.backUpInto(cloud, it, 1u, null) } }
        assertEquals("backup_unreadable", error.code())
        assertEquals(setOf(first.name), cloud.files.keys.toSet())
        cloud.keeps = { throw IllegalStateException(CANARY) }
        val failed = assertFailsWith<AuthenticatorException.Input> { password().use { phone.authenticator.backUpInto(cloud, it, 1u, null) } }
        assertEquals("backup_storage", failed.code())
        assertFalse(CANARY in failed.everything())
    }

    private fun phone(test: suspend kotlinx.coroutines.CoroutineScope.(Phone) -> Unit) = runBlocking {
        Phone.create(folder.resolve("phone")).use { test(it) }
    }

    private fun password() = passphraseOf("a passphrase as typed".toCharArray())

    /** As another app might keep it. */
    private class Cloud : BackupFolder {
        val files = ConcurrentSkipListMap<String, ByteArray>()
        var keeps: (ByteArray) -> ByteArray = { it }

        override suspend fun names() = files.keys.toList()

        override suspend fun write(name: String, content: ByteArray) {
            if (files.putIfAbsent(name, keeps(content)) != null) throw BackupFolderException.AlreadyExists()
        }

        override suspend fun read(name: String) = files[name] ?: throw BackupFolderException.Failed()

        override suspend fun remove(name: String) {
            files.remove(name)
        }
    }

    private companion object {
        const val CANARY = "canary-7f3a9c51"
        const val SECRET = "JBSWY3DPEHPK3PXP"
        const val LINK = "otpauth://totp/North:ada?secret=$SECRET&issuer=North"

        fun export(name: String): ByteArray = Path.of(System.getProperty("countersign.vectors"), "import", name).readBytes()
    }
}
