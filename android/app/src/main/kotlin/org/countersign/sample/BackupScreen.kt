package org.countersign.sample

import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.android.DocumentFolder
import org.countersign.ffi.Rehearsal
import org.countersign.passphraseOf
import java.text.DateFormat
import java.util.Date

/** When a backup was last proven, making the next, and trying one. */
class BackupScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {

    override suspend fun run() {
        column.removeAllViews()
        val last = trying { authenticator.lastBackup() }
        if (last == null) {
            text("No backup was ever proven. Without one, a lost phone takes your accounts with it.")
        } else {
            val on = DateFormat.getDateTimeInstance().format(Date(last.provenAt * MS_PER_SECOND))
            text("Last proven on $on: it restores ${last.restorable} of ${last.total} accounts.")
        }
        button("Back up into a folder") { activity.launch { backUp() } }
        button("Try a backup") { activity.launch { rehearse() } }
        button("Back") { activity.show(SettingsScreen(activity, authenticator)) }
    }

    private suspend fun backUp() {
        val tree = activity.pickFolder() ?: return
        val password = ask("A password for the backup. Without it nobody can open it, and you can't either.") ?: return
        passphraseOf(password).use { phrase ->
            trying { authenticator.backUpInto(DocumentFolder(activity.contentResolver, tree), phrase, KEPT) }?.let { done(it.rehearsal) }
        }
    }

    private suspend fun rehearse() {
        val file = activity.pickFile() ?: return
        val password = ask("The password of the backup") ?: return
        passphraseOf(password).use { phrase -> trying { authenticator.rehearse(file, phrase) }?.let { done(it) } }
    }

    private suspend fun done(rehearsal: Rehearsal) {
        val left = rehearsal.leftBehind.joinToString("") { "\n${it.inWords()}" }
        tell("It restores ${rehearsal.restorable} of ${rehearsal.total} accounts.$left")
        run()
    }

    private companion object {
        const val KEPT = 5u
        const val MS_PER_SECOND = 1000
    }
}
