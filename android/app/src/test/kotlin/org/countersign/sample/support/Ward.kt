package org.countersign.sample.support

import org.countersign.android.FakeKeystore
import org.countersign.support.Page
import org.countersign.support.RelyingParty
import org.countersign.support.ServiceProcess
import org.junit.rules.ExternalResource
import org.junit.rules.TemporaryFolder
import org.junit.runner.Description
import org.junit.runners.model.Statement
import java.nio.file.Path

/** The real service, a phone with the app on it, and the person who holds it. */
class Ward : ExternalResource() {
    private val temporary = TemporaryFolder()
    private var person: Person? = null

    lateinit var service: ServiceProcess
        private set
    val portal: RelyingParty get() = service.relyingParty()
    val folder: Path get() = temporary.root.toPath()

    override fun apply(base: Statement, description: Description): Statement = temporary.apply(super.apply(base, description), description)

    override fun before() {
        FakeKeystore.install()
        Camera.install()
        Finger.install()
        service = ServiceProcess.start(folder.resolve("service"))
    }

    override fun after() {
        person?.close()
        service.close()
    }

    /** Starts the app. */
    fun person(): Person = Person().also { person = it }

    /** Starts the app for the first time, and writes the recovery code down; gives the code too. */
    fun newPerson(): Pair<Person, String> {
        val person = person()
        person.sees("Your recovery code")
        val code = person.shown.map { it.replace("\u200b", "") }.single { it.matches(RECOVERY_CODE) }
        person.taps("I have written it down")
        person.types(code, into = "Type your recovery code from the paper")
        person.taps("Check")
        person.sees("No accounts yet")
        return person to code
    }

    /** Enrols ada's phone by the code on the page, and makes it active by the page's number. */
    fun enrol(person: Person) {
        val page = Page(portal.enrolment("ada")["page_url"])
        person.scans(page)
        person.reads("Enrol this phone with", then = "Enrol")
        val compared = person.sees("The page must show the same")
        page.reloadUntil("joined")
        check(page.text("check-value") in compared) { compared }
        person.taps("OK")
        person.opens("ada signs in to")
        person.approves(page)
        person.reads("This phone is active.")
        page.reloadUntil("enrolled")
    }

    private companion object {
        val RECOVERY_CODE = Regex("([0-9A-Z]{4}[- ]){8}[0-9A-Z]")
    }
}

/** Opens the scanner, and holds the camera over the QR code on the page. */
fun Person.scans(page: Page) {
    taps("Scan a code")
    Camera.holdOver(page.picture("qr"))
}

/** Opens the request that says this, in the list of accounts. */
fun Person.opens(words: String) = taps(sees(words))

/** Types the number that the page shows, and approves. */
fun Person.approves(page: Page) {
    types(page.number, into = "Number on the sign-in page")
    taps("Approve")
}
