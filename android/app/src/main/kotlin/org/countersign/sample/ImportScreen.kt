package org.countersign.sample

import android.net.Uri
import kotlinx.coroutines.launch
import org.countersign.Authenticator
import org.countersign.android.readPicture
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.Import
import org.countersign.ffi.ImportedFile
import org.countersign.passphraseOf

/** Imports accounts from another app's file, and undoes the last import. */
class ImportScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    /** Reads one picture after the other, if an export or a text is spread over several. */
    private val entries = Import()

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
        val opened = trying { opened(file) } ?: return
        val missing = opened.missingCodes.toInt()
        if (missing > 0) {
            tell(counted(R.plurals.codes_missing, missing))
        } else {
            activity.show(ImportPreviewScreen(activity, authenticator, entries))
        }
    }

    /** Reads the file, with its password if it has one, or the codes of a picture; nothing if it wasn't read. */
    private suspend fun opened(chosen: Uri): ImportedFile? {
        val file = activity.read(chosen)
        try {
            return entries.addFile(file)
        } catch (other: AuthenticatorException.Input) {
            if (other.code() != "import_is_picture") throw other
            return entries.addPicture(activity.contentResolver.readPicture(chosen))
        } catch (needed: AuthenticatorException.WrongKey) {
            var question = needed.describe()
            while (true) {
                val password = passphraseOf(ask(question) ?: return null)
                try {
                    return password.use { entries.addFile(file, it) }
                } catch (wrong: AuthenticatorException.WrongKey) {
                    question = wrong.describe()
                }
            }
        }
    }
}

/** Shows the preview, and imports. */
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
