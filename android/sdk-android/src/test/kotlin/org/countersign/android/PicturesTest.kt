package org.countersign.android

import android.content.ContentResolver
import android.graphics.Bitmap
import android.graphics.Color
import android.net.Uri
import kotlinx.coroutines.runBlocking
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.GraphicsMode
import java.io.IOException
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

/** What becomes of a chosen picture; decoded by Android's own code. */
@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class PicturesTest {
    @get:Rule
    val folder = TemporaryFolder()

    private val resolver: ContentResolver = RuntimeEnvironment.getApplication().contentResolver

    @Test
    fun `a picture's luminance comes row after row, and what is transparent is white`() {
        val colours = intArrayOf(Color.BLACK, Color.WHITE, Color.RED, Color.TRANSPARENT, Color.argb(128, 0, 0, 0), Color.BLUE)
        val picture = read(Bitmap.createBitmap(colours, 3, 2, Bitmap.Config.ARGB_8888))
        assertEquals(3u to 2u, picture.width to picture.height)
        assertEquals(listOf(0, 255, 76, 255, 127, 29), picture.luma.map { it.toInt() and 0xff })
    }

    @Test
    fun `what is white on nothing is seen over black`() {
        val picture = read(Bitmap.createBitmap(intArrayOf(Color.WHITE, Color.TRANSPARENT), 2, 1, Bitmap.Config.ARGB_8888))
        assertEquals(listOf(255, 0), picture.luma.map { it.toInt() and 0xff })
    }

    @Test
    fun `a large picture is read at a lower resolution`() {
        val picture = read(Bitmap.createBitmap(4100, 100, Bitmap.Config.ARGB_8888).apply { eraseColor(Color.WHITE) })
        assertEquals(2050u to 50u, picture.width to picture.height)
        assertTrue(picture.luma.all { it.toInt() == -1 })
    }

    @Test
    fun `what is no picture, or isn't there, is reported`() {
        val text = folder.newFile().apply { writeText("no picture") }
        for (file in listOf(text, folder.root.resolve("gone.png"))) {
            assertFailsWith<IOException> { runBlocking { resolver.readPicture(Uri.fromFile(file)) } }
        }
    }

    private fun read(bitmap: Bitmap) = runBlocking {
        val file = folder.newFile()
        file.outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
        resolver.readPicture(Uri.fromFile(file))
    }
}
