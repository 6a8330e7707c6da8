package org.countersign.sample

import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.Import
import org.countersign.passphraseOf

/** Takes accounts over from another app's file, and takes the last import back. */
class ImportScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {

    override suspend fun run() {
        column.removeAllViews()
        button("Choose a file") { activity.launch { chosen() } }
        trying { authenticator.lastImport() }?.let { last ->
            button("Take the last import back (${last.changes} accounts)") {
                activity.launch {
                    trying { authenticator.undoImport() }?.let { tell("${it.trashed} accounts are in the trash, ${it.restored} are back.") }
                    run()
                }
            }
        }
        button("Back") { activity.show(SettingsScreen(activity, authenticator)) }
    }

    private suspend fun chosen() {
        val file = activity.pickFile() ?: return
        val entries = Import()
        if (trying { opened(entries, file) } == true) activity.show(ImportPreviewScreen(activity, authenticator, entries))
    }

    /** Reads the file, with its password if it has one; gives whether it was read. */
    private suspend fun opened(entries: Import, file: ByteArray): Boolean {
        try {
            entries.addFile(file)
            return true
        } catch (needed: AuthenticatorException.WrongKey) {
            var question = needed.describe()
            while (true) {
                val password = passphraseOf(ask(question) ?: return false)
                try {
                    password.use { entries.addFile(file, it) }
                    return true
                } catch (wrong: AuthenticatorException.WrongKey) {
                    question = wrong.describe()
                }
            }
        }
    }
}

/** Says what would come, and does it. */
class ImportPreviewScreen(activity: MainActivity, private val authenticator: Authenticator, private val entries: Import) : Screen(activity) {
    private val choices = ImportChoices()

    override suspend fun run() {
        column.removeAllViews()
        val preview = trying { authenticator.previewImport(entries, choices.options()) } ?: return leave()
        preview.rows.forEach { addRow(it, choices) }
        val label = if (preview.refused > 0) "Import all but ${preview.refused}" else "Import"
        button(label) {
            activity.launch {
                trying { authenticator.importAccounts(entries, choices.options(partial = preview.refused > 0)) }?.let {
                    tell("${it.proven} accounts are here: they were read back.")
                    leave()
                }
            }
        }
        button("Back") { leave() }
    }

    private fun leave() {
        entries.close()
        activity.show(ImportScreen(activity, authenticator))
    }
}
