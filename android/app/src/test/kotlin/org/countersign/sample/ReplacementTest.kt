package org.countersign.sample

import android.hardware.biometrics.BiometricPrompt
import kotlinx.coroutines.runBlocking
import org.countersign.Answer
import org.countersign.Decision
import org.countersign.ffi.ScannedCode
import org.countersign.ffi.scanPicture
import org.countersign.sample.support.Finger
import org.countersign.sample.support.Person
import org.countersign.sample.support.Ward
import org.countersign.sample.support.looks
import org.countersign.sample.support.shownCode
import org.countersign.support.Phone
import org.countersign.support.pictureOf
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.time.Duration.Companion.seconds

/** A new phone in this one's place, and a screen that was left meanwhile. */
@RunWith(RobolectricTestRunner::class)
class ReplacementTest {
    @get:Rule
    val ward = Ward()

    @Test
    fun `a replacement goes on with the same code after the person was checked, and the new phone takes this one's place`() {
        val (person, _) = ward.newPerson()
        ward.enrol(person)
        person.opensReplacement()
        person.sees("Scan this with the new phone.")
        val code = person.shownCode()
        person.taps("Back")

        // Somebody who picks up the unlocked phone doesn't see it again.
        Finger.error = BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED
        person.taps("Move approvals of ${person.issuer()}")
        person.eventually("the prompt") { Finger.prompts.find { "Continue with the new phone" in it } }
        person.sees("Move approvals of")

        Finger.error = null
        person.taps("Move approvals of ${person.issuer()}")
        person.sees("Scan this with the new phone.")
        assertContentEquals(code, person.shownCode())

        runBlocking {
            Phone.create(ward.folder.resolve("new")).use { new ->
                val enrolled = assertIs<ScannedCode.Offer>(scanPicture(pictureOf(code)).single()).offer.use { new.enrol(it) }
                person.sees("The new phone must show this too.")
                person.sees(enrolled.checkValue)
                person.looks("replacement")
                val request = new.authenticator.checkSignIns(10.seconds).open.single()
                assertEquals(Answer.Approved, new.authenticator.answer(request.id, Decision.Approve(person.code())))
                person.reads("The new phone is active, and this one is revoked.")
            }
        }
    }

    private fun Person.opensReplacement() {
        taps("Settings")
        taps("Move approvals of ${issuer()}")
    }

    private fun Person.issuer() = sees("Move approvals of").removePrefix("Move approvals of ")
}
