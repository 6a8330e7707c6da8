package org.countersign.sample

import kotlinx.coroutines.runBlocking
import org.countersign.ffi.ReceivingStep
import org.countersign.ffi.ScannedCode
import org.countersign.ffi.SendingStep
import org.countersign.ffi.scanPicture
import org.countersign.sample.support.Camera
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
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNotNull

/** Accounts to another phone and from it, by each other's screens and cameras. */
@RunWith(RobolectricTestRunner::class)
class MoveTest {
    @get:Rule
    val ward = Ward()

    @Test
    fun `accounts move to a new phone, and go to the trash once it holds them`() = withOther { person, new ->
        person.addsAccount()
        person.taps("Scan a code")
        Camera.holdOver(assertIs<ReceivingStep.Inviting>(new.authenticator.receiveAccounts().step).invitation)
        person.reads("Are you holding the new phone?", then = "I’m holding it")
        person.sees("Scan this with the new phone.")
        person.looks("acceptance")
        val compared = assertNotNull(new.authenticator.receiveCode(person.shownText()).checkValue)
        person.types("XXXX-XXXX", into = "Then type the eight characters that the new phone shows")
        person.taps("Show the accounts")
        person.eventually("a refusal") { person.shown.firstOrNull { it == "OK" } }
        person.taps("OK")
        person.types(compared, into = "Then type the eight characters that the new phone shows")
        person.taps("Show the accounts")
        person.sees("Hold the new phone’s camera over these")
        person.eventually("all codes") { runBlocking { new.authenticator.receiveCode(person.shownText()).step as? ReceivingStep.Complete } }
        new.authenticator.storeReceived(null)
        Camera.holdOver(assertIs<ReceivingStep.Stored>(new.authenticator.receiveAccounts().step).receipt.single())
        person.reads("The new phone has 1 of 1 accounts.", then = "Move them to the trash")
        person.sees("Use North ada on this phone again")
        person.goesBack()
        person.sees("No accounts yet")
        assertEquals(1, new.authenticator.codes(null).codes.size)
    }

    @Test
    fun `accounts come from another phone, compared, previewed and read back`() = withOther { person, old ->
        org.countersign.ffi.Offer.parse(LINK).use { old.authenticator.add(listOf(it)) }
        person.taps("Settings")
        person.taps("Move from another phone")
        person.sees("Scan this with your old phone")
        Camera.holdOver(assertIs<SendingStep.Comparing>(old.authenticator.sendAccounts(person.shownText()).step).acceptance)
        person.sees("Type this on the old phone")
        val compared = person.shown.single { it.matches(Regex("[0-9A-Z]{4}.[0-9A-Z]{4}")) }
        val shown = old.authenticator.showAccounts(compared)
        Camera.holdOver(shown.codes.single())
        person.sees("North ada: new")
        person.taps("Store them")
        person.sees("Scan this receipt with the old phone")
        assertIs<SendingStep.Proven>(old.authenticator.receiveReceipt(person.shownText()).step)
        person.taps("The old phone has scanned it")
        person.sees("Phones and files")
        person.goesBack()
        person.sees("North, ada")
    }

    private fun withOther(test: suspend (Person, Phone) -> Unit) = runBlocking {
        val (person, _) = ward.newPerson()
        Phone.create(ward.folder.resolve("other")).use { test(person, it) }
    }

    private fun Person.addsAccount() {
        taps("Scan a code")
        Camera.holdOver(LINK)
        reads("Add North ada?", then = "Add")
        sees("North, ada")
    }

    /** What the other phone's camera reads off the screen. */
    private fun Person.shownText(): String {
        val code = shownCode()
        return assertIs<ScannedCode.Transfer>(runBlocking { scanPicture(pictureOf(code)) }.single()).text
    }

    private companion object {
        const val LINK = "otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP&issuer=North"
    }
}
