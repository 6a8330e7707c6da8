package org.countersign.sample

import org.countersign.android.Documents
import org.countersign.sample.support.Person
import org.countersign.sample.support.Ward
import org.countersign.sample.support.looks
import org.countersign.sample.support.opens
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

/** Every screen can be read, reached and tapped: on a common phone, on a small one in the dark with large text, and from right to left. */
@RunWith(RobolectricTestRunner::class)
class ScreensTest {
    @get:Rule
    val ward = Ward()

    @Test
    fun `on a common phone`() = tour("common")

    @Test
    @Config(qualifiers = "w320dp-h568dp-night-xhdpi")
    fun `on a small phone, in the dark, with text twice as large`() {
        RuntimeEnvironment.setFontScale(2f)
        tour("large")
    }

    @Test
    @Config(qualifiers = "ar-ldrtl-w360dp-h740dp-xhdpi")
    fun `from right to left`() = tour("right-to-left")

    private fun tour(name: String) {
        val person = ward.person()
        fun looks(screen: String) = person.looks("$name/$screen")
        person.sees("Your recovery code")
        looks("recovery-code")
        person.taps("I have written it down")
        person.sees("Type your recovery code")
        looks("check-code")
        person.taps("Later")
        person.sees("No accounts yet")
        looks("empty")
        person.taps("Scan a code")
        looks("scan")
        person.goesBack()
        ward.enrol(person)
        person.sees(" seconds")
        looks("codes")
        ward.portal.signIn("ada")
        person.sees("ada signs in to Ward portal")
        looks("codes-and-request")
        person.opens("ada signs in to Ward portal")
        looks("request")
        person.taps("Deny")
        person.sees("Denied.")
        looks("denied")
        person.taps("OK")
        person.settings(::looks)
    }

    private fun Person.settings(looks: (String) -> Unit) {
        taps("Settings")
        sees("Your accounts on this phone")
        looks("settings")
        for (screen in listOf("Backup", "Import", "Move to a new phone", "Move from another phone")) {
            taps(screen)
            eventually(screen) { shown.takeIf { "Settings" !in it && "Phones and files" !in it } }
            looks(screen)
            goesBack()
        }
        taps("Check it")
        looks("check-later")
        taps("Later")
        taps("Backup")
        Documents.install()
        taps("Back up to a folder")
        shadowOf(activity).run { receiveResult(nextStartedActivityForResult.intent, android.app.Activity.RESULT_OK, android.content.Intent().setData(Documents.TREE)) }
        sees("A password for the backup")
        looks("password")
    }
}
