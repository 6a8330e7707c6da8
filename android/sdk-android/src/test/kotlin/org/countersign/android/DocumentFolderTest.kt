package org.countersign.android

import android.Manifest
import android.content.pm.ProviderInfo
import android.database.Cursor
import android.database.MatrixCursor
import android.os.CancellationSignal
import android.os.ParcelFileDescriptor
import android.provider.DocumentsContract
import android.provider.DocumentsContract.Document
import android.provider.DocumentsProvider
import kotlinx.coroutines.runBlocking
import org.countersign.ffi.BackupFolderException
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File
import java.io.FileNotFoundException
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

/** A folder of another app's, behind Android's own code for documents. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = TestHost::class)
class DocumentFolderTest {
    private val resolver = RuntimeEnvironment.getApplication().contentResolver
    private val folder = DocumentFolder(resolver, DocumentsContract.buildTreeDocumentUri(AUTHORITY, Documents.ROOT))
    private lateinit var provider: Documents

    @Before
    fun start() {
        val info = ProviderInfo().apply {
            authority = AUTHORITY
            exported = true
            grantUriPermissions = true
            readPermission = Manifest.permission.MANAGE_DOCUMENTS
            writePermission = Manifest.permission.MANAGE_DOCUMENTS
        }
        provider = Robolectric.buildContentProvider(Documents::class.java).create(info).get()
    }

    @Test
    fun `what was written is read from the other app, listed and removed`() = runBlocking {
        val content = ByteArray(100_000) { it.toByte() }
        folder.write("a.csgnbackup", content)
        folder.write("b.csgnbackup", ByteArray(0))
        assertEquals(listOf("a.csgnbackup", "b.csgnbackup"), folder.names().sorted())
        assertContentEquals(content, folder.read("a.csgnbackup"))
        assertContentEquals(content, provider.folder.resolve("a.csgnbackup").readBytes())
        folder.remove("a.csgnbackup")
        folder.remove("a.csgnbackup")
        assertEquals(listOf("b.csgnbackup"), folder.names())
    }

    @Test
    fun `nothing is overwritten`() = runBlocking {
        folder.write("a", byteArrayOf(1))
        assertFailsWith<BackupFolderException.AlreadyExists> { folder.write("a", byteArrayOf(2)) }
        assertContentEquals(byteArrayOf(1), folder.read("a"))
    }

    @Test
    fun `why it doesn't work is told`() = runBlocking {
        assertFailsWith<BackupFolderException.Failed> { folder.read("nothing") }
        for ((thrown, told) in mapOf(
            SecurityException("taken back") to BackupFolderException.AccessDenied::class,
            FileNotFoundException("gone") to BackupFolderException.NotThere::class,
            IllegalStateException("whatever") to BackupFolderException.Failed::class,
        )) {
            provider.failure = thrown
            val error = assertFailsWith<BackupFolderException>("$thrown") { folder.names() }
            assertEquals(told, error::class)
        }
    }

    private companion object {
        const val AUTHORITY = "org.example.documents"
    }
}

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
        const val ROOT = "root"
        private val COLUMNS =
            arrayOf(Document.COLUMN_DOCUMENT_ID, Document.COLUMN_DISPLAY_NAME, Document.COLUMN_MIME_TYPE, Document.COLUMN_FLAGS)
    }
}
