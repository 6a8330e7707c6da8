package org.countersign.support

import org.countersign.Authenticator
import org.countersign.VaultFile
import org.countersign.VaultState
import org.countersign.ffi.DeviceClock
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.Enrolment
import org.countersign.ffi.Offer
import org.countersign.ffi.Platform
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.Vault
import java.nio.file.Path

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
