package org.countersign.sample

import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.android.DocumentFolder
import org.countersign.ffi.Rehearsal
import org.countersign.passphraseOf
import java.text.DateFormat
import java.util.Date

/** Shows when a backup was last verified, creates the next, and checks one. */
class BackupScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    override val back = { SettingsScreen(activity, authenticator) }

    override suspend fun run() {
        begin(words(R.string.backup))
        val last = trying { authenticator.lastBackup() }
        if (last == null) {
            column.text(words(R.string.no_backup))
        } else {
            val on = DateFormat.getDateTimeInstance().format(Date(last.provenAt * MS_PER_SECOND))
            column.text(words(R.string.proven_backup, on, last.restorable, last.total))
        }
        actions.button(words(R.string.try_backup)) { activity.launch { rehearse() } }
        actions.button(words(R.string.back_up), R.style.Button_Main) { activity.launch { backUp() } }
        backButton()
    }

    private suspend fun backUp() {
        val tree = activity.pickFolder() ?: return
        val password = ask(words(R.string.backup_password)) ?: return
        passphraseOf(password).use { phrase ->
            trying { authenticator.backUpInto(DocumentFolder(activity.contentResolver, tree), phrase, KEPT) }?.let { done(it.rehearsal) }
        }
    }

    private suspend fun rehearse() {
        val file = activity.pickFile() ?: return
        val password = ask(words(R.string.password_of_backup)) ?: return
        passphraseOf(password).use { phrase -> trying { authenticator.rehearse(activity.read(file), phrase) }?.let { done(it) } }
    }

    private suspend fun done(rehearsal: Rehearsal) {
        val left = rehearsal.leftBehind.map { it.inWords(activity.resources) }
        tell((listOf(words(R.string.restores, rehearsal.restorable, rehearsal.total)) + left).joinToString("\n"))
        run()
    }

    private companion object {
        const val KEPT = 5u
        const val MS_PER_SECOND = 1000
    }
}
