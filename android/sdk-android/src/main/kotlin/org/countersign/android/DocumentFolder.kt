package org.countersign.android

import android.content.ContentResolver
import android.database.Cursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.DocumentsContract
import android.provider.DocumentsContract.Document
import android.system.ErrnoException
import android.system.OsConstants
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.countersign.ffi.BackupFolder
import org.countersign.ffi.BackupFolderException
import java.io.FileNotFoundException

/**
 * A folder that the person has chosen for backups, in this phone's storage or in another app, such as a cloud. Pass it to
 * [org.countersign.Authenticator.backUpInto].
 *
 * @param resolver the app's own.
 * @param tree what `ACTION_OPEN_DOCUMENT_TREE` gave. For scheduled backups, store it and keep the permission:
 *   `takePersistableUriPermission` with `FLAG_GRANT_READ_URI_PERMISSION or FLAG_GRANT_WRITE_URI_PERMISSION`.
 */
public class DocumentFolder(private val resolver: ContentResolver, private val tree: Uri) : BackupFolder {

    override suspend fun names(): List<String> = call { documents().map { it.name } }

    override suspend fun write(name: String, content: ByteArray): Unit = call {
        if (find(name) != null) throw BackupFolderException.AlreadyExists()
        val folder = DocumentsContract.buildDocumentUriUsingTree(tree, DocumentsContract.getTreeDocumentId(tree))
        val made = DocumentsContract.createDocument(resolver, folder, TYPE, name) ?: throw BackupFolderException.Failed()
        val file = resolver.openFileDescriptor(made, "w") ?: throw BackupFolderException.Failed()
        ParcelFileDescriptor.AutoCloseOutputStream(file).use {
            it.write(content)
            it.flush()
            // A pipe to another app can't be synced; closing it waits for its end.
            runCatching { it.fd.sync() }
        }
    }

    override suspend fun read(name: String): ByteArray = call {
        val document = find(name) ?: throw BackupFolderException.Failed()
        resolver.openInputStream(document.uri)?.use { it.readBytes() } ?: throw BackupFolderException.Failed()
    }

    override suspend fun remove(name: String): Unit = call {
        find(name)?.let { DocumentsContract.deleteDocument(resolver, it.uri) }
    }

    private fun find(name: String) = documents().find { it.name == name }

    private fun documents(): List<Found> {
        val children = DocumentsContract.buildChildDocumentsUriUsingTree(tree, DocumentsContract.getTreeDocumentId(tree))
        val cursor = resolver.query(children, arrayOf(Document.COLUMN_DOCUMENT_ID, Document.COLUMN_DISPLAY_NAME), null, null)
        return (cursor ?: throw BackupFolderException.NotThere()).use { rows -> generateSequence { rows.next() }.toList() }
    }

    private fun Cursor.next(): Found? {
        if (!moveToNext()) return null
        return Found(getString(1).orEmpty(), DocumentsContract.buildDocumentUriUsingTree(tree, getString(0)))
    }

    private class Found(val name: String, val uri: Uri)

    private suspend fun <T> call(work: () -> T): T = try {
        withContext(Dispatchers.IO) { work() }
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (expected: BackupFolderException) {
        throw expected
    } catch (@Suppress("TooGenericExceptionCaught") other: Throwable) {
        throw translate(other)
    }

    private fun translate(failure: Throwable): BackupFolderException = when {
        failure is SecurityException -> BackupFolderException.AccessDenied()
        generateSequence(failure) { it.cause }.any { (it as? ErrnoException)?.errno in FULL } -> BackupFolderException.Full()
        failure is FileNotFoundException -> BackupFolderException.NotThere()
        else -> BackupFolderException.Failed()
    }

    private companion object {
        /** Providers append their own extension to names of types that they know. */
        const val TYPE = "application/octet-stream"
        val FULL = setOf(OsConstants.ENOSPC, OsConstants.EDQUOT)
    }
}
