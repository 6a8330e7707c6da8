package org.countersign.support

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withTimeout
import org.countersign.Answer
import org.countersign.Authenticator
import org.countersign.Decision
import org.countersign.VaultFile
import org.countersign.VaultState
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.DeviceClock
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.Enrolment
import org.countersign.ffi.Id
import org.countersign.ffi.Offer
import org.countersign.ffi.Platform
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.Vault
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.time.Duration.Companion.seconds

/** A phone: a vault on disk, with keys of the JDK. */
class Phone private constructor(
    private val file: VaultFile,
    val keys: JdkDeviceKeys,
    private val clock: DeviceClock?,
    private var vault: Vault,
    var authenticator: Authenticator,
) : AutoCloseable {

    suspend fun enrol(offer: Offer): Enrolment =
        authenticator.enrol(offer, DeviceDescription("Ada's phone", Platform.ANDROID, null))

    suspend fun enrol(link: String): Enrolment = Offer.parse(link).use { enrol(it) }

    /** Enrols Ada, with the activation that the service asks for at once. */
    suspend fun activate(service: ServiceProcess): Id {
        val invited = service.relyingParty().enrolmentLink("ada")
        val account = enrol(invited["link"]).account
        val number = Page(invited["page_url"]).number
        assertEquals(Answer.Approved, authenticator.answer(nextSignIn().id, Decision.Approve(number)))
        return account
    }

    suspend fun nextSignIn(): ApprovalRequest =
        withTimeout(20.seconds) { authenticator.watchSignIns().first { it.open.isNotEmpty() }.open.single() }

    /** Adds an account of one-time codes. */
    suspend fun add(link: String) {
        Offer.parse(link).use { authenticator.add(listOf(it)) }
    }

    /** Ends the app and starts it again: nothing is left but what is on disk and in the key stores. */
    suspend fun restart() {
        close()
        vault = (file.open() as VaultState.Unlocked).vault
        authenticator = Authenticator.open(vault, keys, clock)
    }

    override fun close() {
        authenticator.close()
        vault.close()
    }

    companion object {
        suspend fun create(folder: Path, clock: DeviceClock? = null): Phone {
            val file = VaultFile(folder.resolve("vault.db").toFile(), JdkVaultKeyStore())
            val vault = RecoveryCode.makeRandom().use { file.create(it) }
            val keys = JdkDeviceKeys()
            return Phone(file, keys, clock, vault, Authenticator.open(vault, keys, clock))
        }
    }
}
