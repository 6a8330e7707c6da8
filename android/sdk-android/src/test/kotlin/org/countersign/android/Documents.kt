package org.countersign.android

import android.Manifest
import android.content.pm.ProviderInfo
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.CancellationSignal
import android.os.ParcelFileDescriptor
import android.provider.DocumentsContract
import android.provider.DocumentsContract.Document
import android.provider.DocumentsProvider
import org.robolectric.Robolectric
import java.io.File

/** The other app: Android's own provider of documents, on a folder of files. */
class Documents : DocumentsProvider() {
    val folder: File = java.nio.file.Files.createTempDirectory("documents").toFile().apply { deleteOnExit() }
    var failure: Throwable? = null

    override fun onCreate(): Boolean = true

    override fun queryRoots(projection: Array<String>?): Cursor = MatrixCursor(arrayOf("root_id"))

    override fun queryDocument(id: String, projection: Array<String>?): Cursor = rows(listOf(fileOf(id)))

    override fun queryChildDocuments(parent: String, projection: Array<String>?, order: String?): Cursor {
        failure?.let { throw it }
        return rows(folder.listFiles().orEmpty().toList())
    }

    override fun isChildDocument(parent: String, id: String): Boolean = true

    override fun createDocument(parent: String, type: String, name: String): String {
        check(fileOf(name).createNewFile())
        return name
    }

    override fun deleteDocument(id: String) = check(fileOf(id).delete())

    override fun openDocument(id: String, mode: String, signal: CancellationSignal?): ParcelFileDescriptor =
        ParcelFileDescriptor.open(fileOf(id), ParcelFileDescriptor.parseMode(mode))

    private fun fileOf(id: String) = if (id == ROOT) folder else folder.resolve(id)

    private fun rows(files: List<File>) = MatrixCursor(COLUMNS).apply {
        for (file in files) {
            newRow().add(Document.COLUMN_DOCUMENT_ID, file.name).add(Document.COLUMN_DISPLAY_NAME, file.name)
                .add(Document.COLUMN_MIME_TYPE, "application/octet-stream").add(Document.COLUMN_FLAGS, Document.FLAG_SUPPORTS_DELETE)
        }
    }

    companion object {
        private const val AUTHORITY = "org.example.documents"
        private const val ROOT = "root"

        /** The folder, as the person chooses it. */
        val TREE: Uri get() = DocumentsContract.buildTreeDocumentUri(AUTHORITY, ROOT)

        /** Puts the other app on the phone. */
        fun install(): Documents {
            val info = ProviderInfo().apply {
                authority = AUTHORITY
                exported = true
                grantUriPermissions = true
                readPermission = Manifest.permission.MANAGE_DOCUMENTS
                writePermission = Manifest.permission.MANAGE_DOCUMENTS
            }
            return Robolectric.buildContentProvider(Documents::class.java).create(info).get()
        }

        private val COLUMNS =
            arrayOf(Document.COLUMN_DOCUMENT_ID, Document.COLUMN_DISPLAY_NAME, Document.COLUMN_MIME_TYPE, Document.COLUMN_FLAGS)
    }
}
