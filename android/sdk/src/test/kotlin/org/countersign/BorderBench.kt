package org.countersign

import com.sun.management.OperatingSystemMXBean
import kotlinx.coroutines.runBlocking
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.CancelHandle
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.Id
import org.countersign.ffi.MatchProof
import org.countersign.ffi.NewSlot
import org.countersign.ffi.Offer
import org.countersign.ffi.Page as Rows
import org.countersign.ffi.Platform
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.UserCheck
import org.countersign.ffi.Vault
import org.countersign.support.Page
import org.countersign.support.ServiceProcess
import org.junit.jupiter.api.io.TempDir
import java.lang.management.ManagementFactory
import java.nio.file.Path
import kotlin.test.Test

/**
 * What a call across the border costs: `cargo xtask kotlin --bench`. The median of seven rounds, after five to warm up; of an
 * approval, the mean of 300 after 300, in the time that this process has a processor for.
 */
class BorderBench {
    @TempDir
    lateinit var folder: Path

    @Test
    fun measure(): Unit = runBlocking {
        val slot = RecoveryCode.makeRandom().use(NewSlot::fromRecoveryCode)
        val vault = slot.use { Vault.create(folder.resolve("vault.db").toString(), listOf(it)) }
        val authenticator = Authenticator.openWithSoftwareKeys(vault, UserCheck.UNCHECKED)
        val offers = List(100) { Offer.parse("otpauth://totp/Example:$it?secret=JBSWY3DPEHPK3PXP") }
        authenticator.add(offers)
        val handle = CancelHandle()

        report("method without arguments", calls(20_000) { handle.isCancelled() })
        report("object, made and freed", calls(5_000) { CancelHandle().close() })
        report("record with two texts", calls(5_000) { offers[0].content() })
        report("error thrown", calls(5_000) { parseNoOffer() })
        for ((what, rows) in listOf("no codes of 100: the core's own work" to 0, "10 codes of 100" to 10, "100 codes" to 100)) {
            report(what, calls(500) { authenticator.codes(Rows(0u, rows.toUInt())) })
        }
        report("100 accounts", calls(500) { authenticator.accounts() })
    }

    /** The same as `core/authenticator/benches/approval.rs`, against the same program. */
    @Test
    fun approve(): Unit = runBlocking {
        ServiceProcess.start(folder.resolve("service")).use { service ->
            val slot = RecoveryCode.makeRandom().use(NewSlot::fromRecoveryCode)
            val vault = slot.use { Vault.create(folder.resolve("phone.db").toString(), listOf(it)) }
            val authenticator = Authenticator.openWithSoftwareKeys(vault, UserCheck.UNCHECKED)
            val portal = service.relyingParty()
            val invited = portal.enrolmentLink("ada")
            val device = DeviceDescription("Phone", Platform.OTHER, null)
            val account = Offer.parse(invited["link"]).use { authenticator.enrol(it, device).account }
            approve(authenticator, account, Page(invited["page_url"]).number)
            val times = List(600) { approve(authenticator, account, portal.signInShown("ada")["number"]) }
            report("fetch and approve", times.drop(300).average().toLong())
        }
    }

    private suspend fun approve(authenticator: Authenticator, account: Id, number: String): Long {
        val start = process.processCpuTime
        val request = authenticator.fetch(account, 0u).first()
        authenticator.approve(request.id, MatchProof.Number(number))
        return process.processCpuTime - start
    }

    private val process = ManagementFactory.getOperatingSystemMXBean() as OperatingSystemMXBean

    private fun parseNoOffer() {
        try {
            Offer.parse("no offer").close()
        } catch (_: AuthenticatorException) {
            // What is measured.
        }
    }

    private suspend fun calls(count: Int, call: suspend () -> Unit): Long {
        val rounds = List(12) {
            val start = System.nanoTime()
            repeat(count) { call() }
            (System.nanoTime() - start) / count
        }
        return rounds.drop(5).sorted()[3]
    }

    private fun report(what: String, nanoseconds: Long) = println("%10d ns  %s".format(nanoseconds, what))
}
