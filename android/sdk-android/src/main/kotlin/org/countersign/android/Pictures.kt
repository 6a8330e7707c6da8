package org.countersign.android

import android.content.ContentResolver
import android.graphics.Bitmap
import android.graphics.Color
import android.graphics.ImageDecoder
import android.net.Uri
import android.util.Size
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.countersign.ffi.Picture
import java.io.IOException

/**
 * A picture that the person has chosen, for [org.countersign.ffi.scanPicture] and [org.countersign.ffi.Import.addPicture]: in any
 * format that this phone supports, including HEIC. Large ones are read at a lower resolution, at which a QR code that fills a
 * tenth of the photo is still readable.
 *
 * @throws IOException when it isn't a picture, or can't be read.
 */
public suspend fun ContentResolver.readPicture(uri: Uri): Picture = withContext(Dispatchers.IO) {
    val bitmap = ImageDecoder.decodeBitmap(ImageDecoder.createSource(this@readPicture, uri)) { decoder, info, _ ->
        decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
        decoder.setTargetSampleSize(sampleSize(info.size))
    }
    try {
        bitmap.toPicture()
    } finally {
        bitmap.recycle()
    }
}

private fun sampleSize(size: Size): Int = generateSequence(1) { it * 2 }.first { size.width / it <= LONGEST && size.height / it <= LONGEST }

/** On white, as in nearly every viewer; or on black, if nothing is visible on white. */
private fun Bitmap.toPicture(): Picture {
    val overWhite = luma(WHITE)
    val hasContrast = overWhite.any { it != overWhite.first() }
    return Picture(if (hasContrast || !hasAlpha()) overWhite else luma(BLACK), width.toUInt(), height.toUInt())
}

private fun Bitmap.luma(ground: Int): ByteArray {
    val luma = ByteArray(width * height)
    val row = IntArray(width)
    for (y in 0 until height) {
        getPixels(row, 0, width, 0, y, width, 1)
        for (x in 0 until width) luma[y * width + x] = luminance(row[x], ground).toByte()
    }
    return luma
}

/** By the weights of ITU-R BT.601. */
private fun luminance(pixel: Int, ground: Int): Int {
    val grey = (Color.red(pixel) * 299 + Color.green(pixel) * 587 + Color.blue(pixel) * 114) / 1000
    return ground + (grey - ground) * Color.alpha(pixel) / WHITE
}

private const val LONGEST = 4096
private const val WHITE = 255
private const val BLACK = 0
