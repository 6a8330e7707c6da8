package org.countersign.sample

import org.countersign.sample.support.Camera
import org.countersign.sample.support.Finger
import org.countersign.sample.support.Person
import org.countersign.sample.support.Ward
import org.countersign.sample.support.approves
import org.countersign.sample.support.opens
import org.countersign.sample.support.scans
import org.countersign.support.Page
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** The app from its first start, as a person uses it, against the real service. It knows the app only by what is on the screen. */
@RunWith(RobolectricTestRunner::class)
class StoryTest {
    @get:Rule
    val ward = Ward()

    @Test
    fun `a phone enrols, approves, denies and reports, and has codes without the service`() {
        val (person, _) = ward.newPerson()
        ward.enrol(person)

        val signIn = ward.portal.signIn("ada")
        person.opens("ada signs in to Ward portal")
        listOf("Ward portal", "ada", "Leeds", "Firefox on Windows", "192.0.2.7").forEach(person::sees)
        person.approves(Page(signIn["page_url"]))
        person.reads("Signed in.")
        assertEquals("approved", ward.portal.state(signIn))
        assertContains(Finger.prompts.last(), "Ward portal")

        val scanned = ward.portal.signIn("ada")
        person.opens("ada signs in to Ward portal")
        person.taps("Scan the page instead")
        Camera.holdOver(Page(scanned["page_url"]).scanInstead().picture("qr"))
        person.reads("Signed in.")
        assertEquals("approved", ward.portal.state(scanned))

        assertEquals("denied", ward.portal.state(ward.portal.signIn("ada").also { answer(person, "Deny", "Denied.") }))
        assertEquals("reported", ward.portal.state(ward.portal.signIn("ada").also { answer(person, "This wasn’t me", "Reported to your organisation.") }))

        val code = person.code()
        assertTrue(ward.portal.takesCode("ada", code))
        ward.service.close()
        person.sees(" seconds")
        assertEquals(6, person.code().length)
    }

    @Test
    fun `an account whose activation was denied shows no code, and is removed where that is said`() {
        val (person, _) = ward.newPerson()
        val page = Page(ward.portal.enrolment("ada")["page_url"])
        person.scans(page)
        person.reads("Enrol this phone with", then = "Enrol")
        person.sees("The page must show the same")
        person.taps("OK")
        person.sees("Not active yet.")
        person.doesNotSee(" seconds")
        person.opens("ada signs in to")
        person.taps("Deny")
        person.reads("Denied.")
        page.reloadUntil("denied")
        person.sees("This account was not activated")
        person.doesNotSee(" seconds")
        person.taps("Remove default ada")
        person.reads("Delete the account?", then = "Delete")
        person.sees("No accounts yet")
    }

    private fun answer(person: Person, button: String, outcome: String) {
        person.opens("ada signs in to Ward portal")
        person.taps(button)
        person.reads(outcome)
    }
}

/** The code on the screen, without the space that groups it. */
fun Person.code(): String = eventually("a code") { shown.firstOrNull { it.matches(Regex("\\d{3}\u00a0\\d{3}")) } }.filter(Char::isDigit)
