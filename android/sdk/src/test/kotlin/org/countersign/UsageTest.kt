package org.countersign

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.DeviceKeys
import org.countersign.ffi.Import
import org.countersign.ffi.Passphrase
import org.countersign.ffi.Picture
import org.countersign.ffi.Platform
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.ScannedCode
import org.countersign.ffi.ShownCode
import org.countersign.ffi.scanPicture
import org.countersign.support.JdkDeviceKeys
import org.countersign.support.JdkVaultKeyStore
import org.countersign.support.Page
import org.countersign.support.Phone
import org.countersign.support.ServiceProcess
import org.countersign.support.pictureOf
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.file.Path
import kotlin.io.path.readBytes
import kotlin.io.path.readText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** The lines that the README shows, compiled and run. */
class UsageTest {
    @TempDir
    lateinit var folder: Path

    private val told = mutableListOf<String>()
    private lateinit var page: Page

    private fun tell(what: String) {
        told += what
    }

    private fun askForNumber(request: ApprovalRequest): String {
        tell("asked for ${request.application}")
        return page.reloadUntil("joined").number
    }

    // shown: begin
    suspend fun start(file: VaultFile, keys: DeviceKeys, picture: Picture) {
        // The vault: opened by this phone's own key, or by a code on paper.
        val vault = when (val state = file.open()) {
            is VaultState.Unlocked -> state.vault
            is VaultState.Missing -> RecoveryCode.makeRandom().use { code ->
                tell("Write this down: ${code.text()}")
                file.create(code)
            }
            is VaultState.Locked -> return tell("${state.reason.describe()} Type your recovery code.")
            is VaultState.Unusable -> return tell(state.reason.describe())
        }
        val authenticator = Authenticator.open(vault, keys)

        // The QR code of the enrolment page.
        val scanned = scanPicture(picture).firstOrNull() as? ScannedCode.Offer ?: return tell("No code was found.")
        val phone = DeviceDescription(name = "Ada's phone", platform = Platform.ANDROID, wakeUp = null)
        val enrolment = authenticator.enrol(scanned.offer, phone)
        tell("The page shows ${enrolment.checkValue} too.")

        // Sign-ins, as they come: the first one makes this phone active.
        val request = authenticator.watchSignIns().first { it.open.isNotEmpty() }.open.first()
        when (val answer = authenticator.answer(request.id, Decision.Approve(askForNumber(request)))) {
            Answer.Approved -> tell("Approved.")
            is Answer.ShowCode -> tell("Type ${answer.code} on the sign-in page.")
            is Answer.WrongMatch -> tell("Not the number on the page. Tries left: ${answer.triesLeft}")
            is Answer.KeyLost -> tell("This phone's key is gone: enrol again.")
            is Answer.Failure -> tell(answer.error.describe())
            Answer.NotChecked, Answer.Denied, Answer.Reported, Answer.ReportedAndLocked -> Unit
        }

        // Codes, at once and whenever they change, without network.
        val live = authenticator.liveCodes().first()
        for (row in live.codes.codes) {
            val code = row.code
            if (code is ShownCode.Timed) tell("${row.issuer}: ${code.code}, for ${live.remaining(code)}")
        }
    }
    // shown: end

    // shown, second: begin
    suspend fun moveIn(authenticator: Authenticator, export: ByteArray, password: Passphrase?) {
        Import().use { files ->
            val file = files.addFile(export, password)
            val preview = authenticator.previewImport(files)
            tell("${file.app}: ${preview.total} entries, ${preview.refused} of them unusable.")
            val report = authenticator.importAccounts(files)
            tell("${report.proven} accounts were imported and verified.")
        }
        // authenticator.undoImport() takes it back.
    }

    suspend fun backUp(authenticator: Authenticator, folder: File, password: Passphrase) {
        val backup = authenticator.backUp(folder.path, password, keep = 5u)
        tell("${backup.name} restores ${backup.rehearsal.restorable} of ${backup.rehearsal.total} accounts.")
    }
    // shown, second: end

    @Test
    fun `the documented lines enrol a phone, approve, and show a code`() = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            page = Page(service.relyingParty().enrolment("ada")["page_url"])
            val file = VaultFile(folder.resolve("vault.db").toFile(), JdkVaultKeyStore())
            withTimeout(30.seconds) { start(file, JdkDeviceKeys(), pictureOf(page.picture("qr"))) }
            assertTrue("Approved." in told, "$told")
            assertTrue("The page shows ${page.text("check-value")} too." in told, "$told")
            assertTrue(told.last().contains(Regex(": \\d{6}, for ")), "$told")
        }
    }

    @Test
    fun `the documented lines take accounts over and back them up`() = runBlocking {
        Phone.create(folder.resolve("phone")).use { phone ->
            val export = Path.of(System.getProperty("countersign.vectors"), "import", "aegis-encrypted.json").readBytes()
            passphraseOf("correct horse battery".toCharArray()).use { moveIn(phone.authenticator, export, it) }
            passphraseOf("a passphrase as typed".toCharArray()).use { backUp(phone.authenticator, folder.toFile(), it) }
        }
        assertTrue(told.any { it.startsWith("Aegis: ") } && told.last().contains(".csgnbackup restores "), "$told")
    }

    @Test
    fun `the documentation shows these lines`() {
        val own = Path.of("src/test/kotlin/org/countersign/UsageTest.kt").readText()
        val shown = Path.of("../../README.md").readText().split("```kotlin\n").drop(1).map { it.substringBefore("```").trim() }
        for ((index, name) in listOf("shown", "shown, second").withIndex()) {
            val lines = own.substringAfter("    // $name: begin\n").substringBefore("    // $name: end").trimIndent().trim()
            assertEquals(lines, shown[index].removePrefix(IMPORTS).trim())
        }
    }

    private companion object {
        const val IMPORTS = "import org.countersign.*\nimport org.countersign.ffi.*\n"
    }
}
