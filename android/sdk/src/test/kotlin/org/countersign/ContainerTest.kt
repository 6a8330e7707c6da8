package org.countersign

import kotlinx.coroutines.runBlocking
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.ContainerPassphrase
import org.countersign.ffi.ContainerTransfer
import org.countersign.ffi.Offer
import org.countersign.ffi.OfferContent
import org.countersign.support.Phone
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs

/** What a container's code asks of an app before anything is sent. */
class ContainerTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `a password is sent only where the person has agreed`() = runBlocking {
        Phone.create(folder).use { phone ->
            Offer.parse(QR).use { offer ->
                val content = assertIs<OfferContent.Container>(offer.content())
                assertEquals("Password?" to true, content.prompt to content.sendsPassword)
                suspend fun refused(passphrase: ContainerPassphrase?) =
                    assertFailsWith<AuthenticatorException> { phone.authenticator.registerContainer(offer, "Phone", passphrase) }.code()
                passphraseOf("a password".toCharArray()).use {
                    assertEquals("container_passphrase_needed", refused(null))
                    assertEquals("container_consent_needed", refused(ContainerPassphrase.Proof(it)))
                    assertEquals("network_unreachable", refused(ContainerPassphrase.SentPassword(it)))
                }
            }
            val waiting = phone.authenticator.containers().containers.single()
            assertFalse(waiting.isRegistered)
            phone.authenticator.forgetContainer(waiting.id)
        }
    }

    @Test
    fun `the code for another phone is not in its text`() =
        assertFalse("canary" in ContainerTransfer("planted-canary", 10).toString())

    private companion object {
        /** Nobody listens there. */
        const val QR = "pia://container/S1?time=2026&url=https%3A//127.0.0.1%3A9/&serial=S1&passphrase=Password%3F" +
            "&nonce=7440e149aecf020fc7f82ad578032485a3ca5514&send_passphrase=True"
    }
}
