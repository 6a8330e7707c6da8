package org.countersign.sample

import android.net.Uri
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.android.readPicture
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.Import
import org.countersign.passphraseOf

/** Takes accounts over from another app's file, and takes the last import back. */
class ImportScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    override val back = { SettingsScreen(activity, authenticator) }

    override suspend fun run() {
        begin(words(R.string.import_accounts))
        trying { authenticator.lastImport() }?.let { last ->
            column.button(counted(R.plurals.undo_import, last.changes.toInt())) {
                activity.launch {
                    trying { authenticator.undoImport() }?.let { tell(words(R.string.undone, it.trashed, it.restored)) }
                    run()
                }
            }
        }
        actions.button(words(R.string.choose_file), R.style.Button_Main) { activity.launch { chosen() } }
        backButton()
    }

    private suspend fun chosen() {
        val file = activity.pickFile() ?: return
        val entries = Import()
        if (trying { opened(entries, file) } == true) activity.show(ImportPreviewScreen(activity, authenticator, entries))
    }

    /** Reads the file, with its password if it has one, or the codes of a picture; gives whether it was read. */
    private suspend fun opened(entries: Import, chosen: Uri): Boolean {
        val file = activity.read(chosen)
        try {
            entries.addFile(file)
            return true
        } catch (other: AuthenticatorException.Input) {
            if (other.code() != "import_is_picture") throw other
            entries.addPicture(activity.contentResolver.readPicture(chosen))
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

    override val back = {
        entries.close()
        ImportScreen(activity, authenticator)
    }

    override suspend fun run() {
        begin(words(R.string.what_comes))
        val preview = trying { authenticator.previewImport(entries, choices.options()) } ?: return activity.goBack()
        preview.rows.forEach { column.importRow(it, choices) }
        val refused = preview.refused.toInt()
        val label = if (refused > 0) counted(R.plurals.import_but, refused) else words(R.string.import_accounts)
        actions.button(label, R.style.Button_Main) {
            activity.launch {
                trying { authenticator.importAccounts(entries, choices.options(partial = refused > 0)) }?.let {
                    tell(counted(R.plurals.imported, it.proven.toInt()))
                    activity.goBack()
                }
            }
        }
        backButton()
    }
}
