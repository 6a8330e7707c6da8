package org.countersign.sample

import android.hardware.biometrics.BiometricPrompt
import org.countersign.android.FakeKeystore
import org.countersign.sample.support.Finger
import org.countersign.sample.support.Person
import org.countersign.sample.support.Ward
import org.countersign.sample.support.approves
import org.countersign.sample.support.opens
import org.countersign.support.Page
import org.countersign.support.ServiceProcess
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import kotlin.test.assertEquals

/** Errors of a request, and their messages. */
@RunWith(RobolectricTestRunner::class)
class RequestTest {
    @get:Rule
    val ward = Ward()

    @Test
    fun `a wrong number fails the sign-in, and half a number uses up no try`() = withRequest { person, page, state ->
        person.types(page.number.take(3), into = NUMBER)
        person.taps("Approve")
        person.eventually("a reply") { person.shown.firstOrNull { it == "OK" } }
        person.taps("OK")
        person.types(page.number.toInt().let { (it + 1) % 1_000_000 }.toString().padStart(6, '0'), into = NUMBER)
        person.taps("Approve")
        person.reads("Wrong number: this sign-in has failed.")
        person.sees("Your codes")
        assertEquals("failed", state())
    }

    @Test
    fun `who dismisses the prompt stays with the request, and can approve it then`() = withRequest { person, page, state ->
        Finger.error = BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED
        person.approves(page)
        person.eventually("the prompt") { Finger.prompts.getOrNull(1) }
        person.sees("Approve")
        assertEquals("pending", state())
        Finger.error = null
        person.taps("Approve")
        person.reads("Signed in.")
    }

    @Test
    fun `a lost approval key is said, with what helps`() = withRequest { person, page, _ ->
        FakeKeystore.keys.keys.removeIf { it.endsWith(".approval") }
        person.approves(page)
        person.reads("This phone’s key for the account is gone")
        person.sees("Your codes")
    }

    @Test
    fun `without the service an answer isn't lost, and arrives when it is back`() = withRequest { person, page, state ->
        ward.service.close()
        person.approves(page)
        person.eventually("what went wrong") { person.shown.firstOrNull { it == "OK" } }
        person.taps("OK")
        ServiceProcess.start(ward.folder.resolve("service"), ward.service.port).use {
            person.taps("Approve")
            person.reads("Signed in.")
            assertEquals("approved", state())
        }
    }

    private fun withRequest(test: (Person, Page, () -> String) -> Unit) {
        val (person, _) = ward.newPerson()
        ward.enrol(person)
        val signIn = ward.portal.signIn("ada")
        person.opens("ada signs in to Ward portal")
        test(person, Page(signIn["page_url"])) { ward.portal.state(signIn) }
    }

    private companion object {
        const val NUMBER = "Number on the sign-in page"
    }
}
