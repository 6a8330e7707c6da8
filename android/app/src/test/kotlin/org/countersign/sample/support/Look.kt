package org.countersign.sample.support

import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Rect
import android.graphics.drawable.BitmapDrawable
import android.view.View
import android.widget.EditText
import android.widget.ImageView
import android.widget.ScrollView
import android.widget.TextView
import java.io.ByteArrayOutputStream
import java.io.File

/**
 * Looks at what is in front of the person: everything can be read, reached and tapped. A picture of it goes into the folder
 * `countersign.screenshots`, where that is given.
 */
fun Person.looks(name: String) {
    val window = front()
    sees("")
    for (view in window.all().filter { it.isShown && it.width > 0 }) view.fault(window)?.let { error("$name: $it: ${view.words}") }
    val folder = System.getProperty("countersign.screenshots").orEmpty()
    if (folder.isNotEmpty()) {
        val file = File(folder, "$name.png").apply { parentFile?.mkdirs() }
        val picture = Bitmap.createBitmap(window.width, window.height, Bitmap.Config.ARGB_8888)
        window.draw(Canvas(picture))
        file.outputStream().use { picture.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }
}

/** The QR code that is shown, as a picture: what another phone's camera sees. */
fun Person.shownCode(): ByteArray {
    val picture = eventually("a QR code") {
        front().all().filterIsInstance<ImageView>().firstNotNullOfOrNull { it.drawable as? BitmapDrawable }?.bitmap
    }
    return ByteArrayOutputStream().also { picture.compress(Bitmap.CompressFormat.PNG, 100, it) }.toByteArray()
}

private fun View.fault(window: View): String? = when {
    !isWithin(window) -> "it is cut off by the screen"
    this is TextView && isCutOff() -> "its text is cut off"
    (isClickable || this is EditText) && isOfThisApp() && minOf(width, height) < TOUCH * resources.displayMetrics.density -> "it is too small for a finger"
    this is EditText && window.all().none { it is TextView && it.labelFor == id } -> "a field without a label"
    this is ImageView && isOfThisApp() && contentDescription.isNullOrEmpty() -> "a picture without a description"
    else -> null
}

private val View.words: String get() = "${javaClass.simpleName} ${(this as? TextView)?.text ?: ""}"

/** Scrolling content may be above or below, but not to the sides. */
private fun View.isWithin(window: View): Boolean {
    val place = Rect(0, 0, width, height)
    var above = parent
    var scrolls = false
    var view = this
    while (above is View && view !== window) {
        place.offset(view.left - above.scrollX, view.top - above.scrollY)
        if (above is ScrollView) scrolls = true
        view = above
        above = view.parent
    }
    return place.left >= 0 && place.right <= window.width && (scrolls || place.top >= 0 && place.bottom <= window.height)
}

private fun TextView.isCutOff(): Boolean {
    val lines = layout ?: return false
    val room = width - totalPaddingLeft - totalPaddingRight
    return (0 until lines.lineCount).any { lines.getEllipsisCount(it) > 0 || lines.getLineMax(it) > room + 1 } ||
        lines.height > height - totalPaddingTop - totalPaddingBottom + 1
}

private fun View.isOfThisApp() = id == View.NO_ID || id > 0 && (id ushr PACKAGE) != ANDROID

/** In `dp`: what Android asks for. */
private const val TOUCH = 48
private const val PACKAGE = 24
private const val ANDROID = 1
