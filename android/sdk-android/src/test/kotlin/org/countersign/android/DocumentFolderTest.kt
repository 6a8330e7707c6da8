package org.countersign.android

import kotlinx.coroutines.runBlocking
import org.countersign.ffi.BackupFolderException
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.FileNotFoundException
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

/** A folder of another app's, behind Android's own code for documents. */
@RunWith(RobolectricTestRunner::class)
@Config(application = TestHost::class)
class DocumentFolderTest {
    private val resolver = RuntimeEnvironment.getApplication().contentResolver
    private val folder = DocumentFolder(resolver, Documents.TREE)
    private lateinit var provider: Documents

    @Before
    fun start() {
        provider = Documents.install()
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
    fun `why it doesn't work is reported`() = runBlocking {
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
}
