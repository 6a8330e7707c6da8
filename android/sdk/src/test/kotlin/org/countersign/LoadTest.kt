package org.countersign

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.countersign.ffi.CancelHandle
import org.countersign.ffi.Offer
import org.countersign.ffi.Passphrase
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.UserCheck
import org.countersign.ffi.Vault
import org.countersign.support.Phone
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.io.path.Path
import kotlin.io.path.exists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readLines
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** Nothing is left behind, however often things are opened and closed, and calls from everywhere get along. */
class LoadTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `ten thousand vaults, watchers and handles opened and closed leave nothing behind`() = runBlocking {
        val path = folder.resolve("vault.db").toString()
        val code = RecoveryCode.makeRandom()
        org.countersign.ffi.NewSlot.fromRecoveryCode(code).use { Vault.create(path, listOf(it)).close() }
        suspend fun openAndClose(times: Int) = repeat(times) {
            Vault.open(path).use { vault ->
                vault.isLocked()
                CancelHandle().use { it.isCancelled() }
                Offer.parse("otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP").use { it.content() }
            }
        }
        openAndClose(TIMES / 2)
        val before = Resources.now()
        openAndClose(TIMES)
        val after = Resources.now()
        assertTrue(after.files <= before.files + 5, "files: $before, then $after")
        assertTrue(after.megabytes <= before.megabytes + MEGABYTES, "memory: $before, then $after")
    }

    @Test
    fun `a thousand authenticators with cancelled collectors leave nothing behind`() = runBlocking {
        val path = folder.resolve("vault.db").toString()
        val code = RecoveryCode.makeRandom()
        val vault = org.countersign.ffi.NewSlot.fromRecoveryCode(code).use { Vault.create(path, listOf(it)) }
        suspend fun openAndClose(times: Int) = repeat(times) {
            Authenticator.openWithSoftwareKeys(vault, UserCheck.PASSPHRASE).use { authenticator ->
                val watching = launch(Dispatchers.Default) { authenticator.watchSignIns().collect {} }
                authenticator.liveCodes().first()
                watching.cancelAndJoin()
            }
        }
        openAndClose(TIMES / 20)
        val before = Resources.now()
        openAndClose(TIMES / 10)
        val after = Resources.now()
        assertTrue(after.files <= before.files + 5, "files: $before, then $after")
        assertTrue(after.threads <= before.threads + 10, "threads: $before, then $after")
        assertTrue(after.megabytes <= before.megabytes + MEGABYTES, "memory: $before, then $after")
        vault.close()
    }

    @Test
    fun `calls from many coroutines at once lose nothing and repeat nothing`() = runBlocking {
        Phone.create(folder).use { phone ->
            val counted = Offer.parse("otpauth://hotp/a:counted?secret=JBSWY3DPEHPK3PXP&counter=0")
                .use { phone.authenticator.add(listOf(it)).single().id }
            val codes = withContext(Dispatchers.Default) {
                (1..100).map { number ->
                    async {
                        Offer.parse("otpauth://totp/a:$number?secret=JBSWY3DPEHPK3PXP").use { phone.authenticator.add(listOf(it)) }
                        phone.authenticator.codes()
                        phone.authenticator.accounts()
                        phone.authenticator.nextCode(counted)
                    }
                }.awaitAll()
            }
            assertEquals(101, phone.authenticator.accounts().total)
            val names = phone.authenticator.accounts().accounts.map { it.name }
            assertEquals((1..100).map { "$it" }.toSet() + "counted", names.toSet())
            // A six-digit code may come twice by chance; the counter must have moved on by a hundred.
            assertTrue(codes.toSet().size >= 98, "$codes")
        }
    }

    @Test
    fun `a closed object says so and doesn't crash`() {
        val passphrase: Passphrase = passphraseOf("a passphrase".toCharArray())
        passphrase.close()
        passphrase.close()
        val offer = Offer.parse("otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP").also { it.close() }
        kotlin.test.assertFailsWith<IllegalStateException> { offer.content() }
    }

    /** What this process holds, as Linux counts it; elsewhere the test proves nothing about memory and files. */
    private data class Resources(val files: Int, val threads: Int, val megabytes: Long) {
        companion object {
            fun now(): Resources {
                repeat(3) { System.gc() }
                val proc = Path("/proc/self")
                if (!proc.exists()) return Resources(0, 0, 0)
                val status = proc.resolve("status").readLines()
                fun number(name: String) = status.first { it.startsWith(name) }.filter(Char::isDigit).toLong()
                val files = proc.resolve("fd").listDirectoryEntries().size
                return Resources(files, number("Threads:").toInt(), number("VmRSS:") / 1024)
            }
        }
    }

    private companion object {
        const val TIMES = 10_000

        /** What allocators and the JVM keep may come and go by this much. Vaults that stay open take thousands of them. */
        const val MEGABYTES = 100
    }
}
