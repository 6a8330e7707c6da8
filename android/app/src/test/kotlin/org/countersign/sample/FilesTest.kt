package org.countersign.sample

import android.app.Activity
import android.content.Intent
import android.graphics.Bitmap
import android.net.Uri
import org.countersign.android.Documents
import org.countersign.sample.support.Camera
import org.countersign.sample.support.Person
import org.countersign.sample.support.Ward
import org.countersign.sample.support.looks
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import kotlin.test.assertTrue

/** Accounts out of another app's file and into a backup. */
@RunWith(RobolectricTestRunner::class)
class FilesTest {
    @get:Rule
    val ward = Ward()

    @Test
    fun `a file is previewed, imported and taken back`() {
        val (person, _) = ward.newPerson()
        person.taps("Settings")
        person.taps("Import")
        person.taps("Choose a file")
        person.picks(Uri.parse("content://other.app/accounts.txt"), "otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP&issuer=North\notpauth://totp/bad?secret=0189\n")
        person.sees("North ada: new")
        person.looks("import-preview")
        person.taps("Import all but one")
        person.reads("One account was imported and verified.")
        person.taps("Undo the last import (one account)")
        person.reads("1 accounts are in the trash")
    }

    @Test
    fun `a picture's codes are imported, and unreadable pictures are reported`() {
        val (person, _) = ward.newPerson()
        person.taps("Settings")
        person.taps("Import")
        person.taps("Choose a file")
        val picture = ward.folder.resolve("codes.png").toFile()
        person.picks(Uri.fromFile(picture))
        person.reads("That file can’t be opened.")
        picture.outputStream().use { Camera.codeOf("otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP&issuer=North").compress(Bitmap.CompressFormat.PNG, 100, it) }
        person.taps("Choose a file")
        person.picks(Uri.fromFile(picture))
        person.sees("North ada: new")
        person.taps("Import")
        person.reads("One account was imported and verified.")
    }

    @Test
    fun `a scanned code is asked about, and is in the backup that was read back`() {
        val (person, _) = ward.newPerson()
        person.taps("Scan a code")
        Camera.holdOver("otpauth://totp/North:ada?secret=JBSWY3DPEHPK3PXP&issuer=North")
        person.reads("Add North ada?", then = "Add")
        person.sees("North, ada")
        val folder = Documents.install().folder
        person.taps("Settings")
        person.taps("Backup")
        person.sees("You have no verified backup yet.")
        person.taps("Back up to a folder")
        person.picks(Documents.TREE)
        person.types("a passphrase as typed", into = "A password for the backup. Nobody can open it without the password, including you.")
        person.taps("OK")
        person.reads("It restores 1 of 1 accounts.")
        person.sees("Last verified on")
        assertTrue(folder.listFiles().orEmpty().single().length() > 0)
    }

    /** Chooses this in Android's own screen. */
    private fun Person.picks(uri: Uri, content: String? = null) {
        content?.let { shadowOf(activity.contentResolver).registerInputStream(uri, it.byteInputStream()) }
        val asked = eventually("Android's own screen") { shadowOf(activity).nextStartedActivityForResult }
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
    }
}
