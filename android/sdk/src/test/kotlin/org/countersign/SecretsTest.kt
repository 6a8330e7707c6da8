package org.countersign

import kotlinx.coroutines.runBlocking
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.ErrorDetail
import org.countersign.ffi.MatchProof
import org.countersign.ffi.Offer
import org.countersign.ffi.PlatformKeyException
import org.countersign.ffi.RecoveryCode
import org.countersign.ffi.ShownCode
import org.countersign.ffi.WakeUp
import org.countersign.support.GatheredLog
import org.countersign.support.JdkVaultKeyStore
import org.countersign.support.Page
import org.countersign.support.Phone
import org.countersign.support.ServiceProcess
import org.countersign.support.everything
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds

/** Planted secrets reach no log, no exception and no text of a record. */
class SecretsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `a whole story at the finest log level logs no secret`() = runBlocking {
        GatheredLog().use { log ->
            val secrets = mutableListOf<String>()
            ServiceProcess.start(folder.resolve("service")).use { service ->
                Phone.create(folder.resolve("phone")).use { phone ->
                    val portal = service.relyingParty()
                    val invited = portal.enrolmentLink("ada")
                    secrets += invited["link"].substringAfter("#t=").substringBefore("&")
                    phone.enrol(invited["link"])
                    val number = Page(invited["page_url"]).number.also { secrets += it }
                    val request = phone.authenticator.checkSignIns(10.seconds).open.single()
                    phone.authenticator.answer(request.id, Decision.Approve(number))
                    Offer.parse("otpauth://totp/a:b?secret=$OTP_SECRET").use { phone.authenticator.add(listOf(it)) }
                    phone.authenticator.codes().codes.forEach { secrets += assertIs<ShownCode.Timed>(it.code).code }
                    phone.keys.onApproval = { throw IllegalStateException(CANARY) }
                    portal.signInShown("ada").let { signIn ->
                        val open = phone.authenticator.checkSignIns(10.seconds).open.single()
                        phone.authenticator.answer(open.id, Decision.Approve(signIn["number"]))
                        secrets += signIn["number"]
                    }
                }
                // The service is gone: failures of the network are logged, if anything is.
                secrets += service.url.substringAfter("//")
            }
            secrets += listOf(CANARY, OTP_SECRET)
            val text = log.records.joinToString("\n") { "${it.target} ${it.text}" }
            for (secret in secrets) assertFalse(secret in text, "a secret is in the log:\n$text")
        }
    }

    @Test
    fun `what a key store throws is not in the exception that comes out`() = runBlocking {
        val store = JdkVaultKeyStore()
        val file = VaultFile(folder.resolve("vault.db").toFile(), store)
        RecoveryCode.makeRandom().use { file.create(it).close() }
        store.onUnwrap = { throw IllegalStateException(CANARY, IllegalArgumentException(CANARY)) }
        val reason = assertIs<VaultState.Locked>(file.open()).reason
        assertFalse(CANARY in reason.everything())
        assertTrue("key_store_unavailable" in reason.everything())
    }

    @Test
    fun `a text that can't be read is not in the exception`() {
        for (text in listOf("otpauth://totp/a:b?secret=!$CANARY", "otpauth://totp/a?secret=${OTP_SECRET}1", CANARY)) {
            val error = assertFailsWith<AuthenticatorException.Input> { Offer.parse(text) }
            assertFalse(CANARY in error.everything() || OTP_SECRET in error.everything())
        }
        val error = assertFailsWith<AuthenticatorException.Input> { RecoveryCode.parse(CANARY) }
        assertFalse(CANARY in error.everything())
    }

    @Test
    fun `a wrong passphrase is not in the exception`() = runBlocking {
        val store = JdkVaultKeyStore()
        val file = VaultFile(folder.resolve("vault.db").toFile(), store)
        RecoveryCode.makeRandom().use { file.create(it, passphraseOf("right".toCharArray())).close() }
        store.onUnwrap = { throw PlatformKeyException.Locked() }
        val vault = assertIs<VaultState.Locked>(file.open()).vault
        val error = assertFailsWith<AuthenticatorException.WrongKey> { vault.unlockWithPassphrase(passphraseOf(CANARY.toCharArray())) }
        assertFalse(CANARY in error.everything())
        vault.close()
    }

    @Test
    fun `records that hold a secret don't show it`() {
        val texts = listOf(
            ShownCode.Timed(CANARY, CANARY, 1, 30),
            MatchProof.Number(CANARY),
            WakeUp.Fcm(CANARY),
            WakeUp.UnifiedPush("https://push.example/$CANARY"),
            Decision.Approve(CANARY),
            Answer.TryAgain(AuthenticatorException.Network(ErrorDetail("network_offline", "no network", null))),
        ).map(Any::toString)
        for (text in texts) assertFalse(CANARY in text, text)
    }

    private companion object {
        const val CANARY = "canary-7f3a9c51"
        const val OTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    }
}
