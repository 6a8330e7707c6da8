package org.countersign.sample

import android.graphics.Bitmap
import android.graphics.Color
import android.widget.ImageView
import com.google.zxing.BarcodeFormat
import com.google.zxing.EncodeHintType
import com.google.zxing.qrcode.QRCodeWriter
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel
import kotlinx.coroutines.delay
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** Shows codes to another phone's camera, one after another. */
class CodesView(activity: MainActivity) {
    val view = ImageView(activity).apply {
        contentDescription = activity.getString(R.string.qr_code)
        adjustViewBounds = true
    }

    /** Shows them in turn until it is cancelled; a single one stays on the screen. */
    suspend fun play(texts: List<String>) {
        val pictures = texts.map(::pictureOf)
        while (pictures.isNotEmpty()) {
            for (picture in pictures) {
                view.setImageBitmap(picture)
                delay(if (pictures.size == 1) Duration.INFINITE else TURN)
            }
        }
    }

    private fun pictureOf(text: String): Bitmap {
        // The codes are shown on a bright screen, and repeatedly: minimal error correction keeps their modules large.
        val hints = mapOf(EncodeHintType.ERROR_CORRECTION to ErrorCorrectionLevel.L)
        val modules = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, SIZE, SIZE, hints)
        val pixels = IntArray(modules.width * modules.height) {
            if (modules[it % modules.width, it / modules.width]) Color.BLACK else Color.WHITE
        }
        return Bitmap.createBitmap(pixels, modules.width, modules.height, Bitmap.Config.RGB_565)
    }

    private companion object {
        /** Pixels; the view scales it to the screen's width. */
        const val SIZE = 900

        /** Long enough for a camera to read each. */
        val TURN = 400.milliseconds
    }
}
