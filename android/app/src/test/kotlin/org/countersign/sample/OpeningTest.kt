package org.countersign.sample

import kotlinx.coroutines.runBlocking
import org.countersign.android.FakeKeystore
import org.countersign.android.vaultFile
import org.countersign.ffi.RecoveryCode
import org.countersign.sample.support.Ward
import org.countersign.sample.support.looks
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import java.io.File
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** A vault that is there already, and doesn't open by itself. */
@RunWith(RobolectricTestRunner::class)
class OpeningTest {
    @get:Rule
    val ward = Ward()

    private val app get() = RuntimeEnvironment.getApplication()
    private val vaults get() = File(app.noBackupFilesDir, "countersign")

    @Test
    fun `a vault whose key is lost is opened by the recovery code, and by the phone again then`() {
        val code = makeVault()
        FakeKeystore.keys.clear()
        val person = ward.person()
        person.sees("Your accounts are locked")
        person.looks("locked")
        person.types("not the code", into = "Or type your recovery code")
        person.taps("Open")
        person.reads("a recovery code has 33 symbols")
        person.types(code.lowercase(), into = "Or type your recovery code")
        person.taps("Open")
        person.sees("No accounts yet")
        assertEquals(1, FakeKeystore.keys.size)
    }

    @Test
    fun `who has no recovery code starts over, and nothing is deleted`() {
        makeVault()
        FakeKeystore.keys.clear()
        val person = ward.person()
        person.taps("Start over without them")
        person.reads("The accounts stay on this phone", then = "Cancel")
        person.sees("Your accounts are locked")
        person.taps("Start over without them")
        person.reads("The accounts stay on this phone", then = "Start over without them")
        person.sees("Your recovery code")
        assertTrue(vaults.walk().any { it.name == "main.vault" && it.parentFile != vaults })
    }

    @Test
    fun `a file that is no vault says so, and is never taken for an empty one`() {
        vaults.mkdirs()
        File(vaults, "main.vault").writeText("something else")
        val person = ward.person()
        person.sees("Your accounts can’t be opened")
        person.looks("unusable")
        person.sees("Start over without them")
    }

    private fun makeVault(): String = runBlocking {
        RecoveryCode.makeRandom().use { code ->
            vaultFile(app).create(code).close()
            code.text()
        }
    }
}
