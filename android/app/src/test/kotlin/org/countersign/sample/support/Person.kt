package org.countersign.sample.support

import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.view.inspector.WindowInspector
import android.widget.EditText
import android.widget.TextView
import org.countersign.sample.MainActivity
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import java.time.Duration
import java.util.concurrent.TimeUnit

/** Who uses the app: sees what is shown, taps what can be tapped, and types where a keyboard would. */
class Person : AutoCloseable {
    private val app: ActivityController<MainActivity> = Robolectric.buildActivity(MainActivity::class.java).setup()
    private var last = System.nanoTime()

    val activity: MainActivity get() = app.get()

    /** All texts in front of the person: those of a dialog, or of the screen. */
    val shown: List<String> get() = texts().map { it.text.toString() }.filter(String::isNotBlank)

    /** Waits until this is shown, or a text that has this in it, and gives the text. */
    fun sees(words: String): String = eventually("“$words”") { shown.firstOrNull { words in it } }

    fun doesNotSee(words: String) {
        passTime()
        check(shown.none { words in it }) { "“$words” is shown: $shown" }
    }

    /** Taps the button or the text of exactly these words. */
    fun taps(words: String) {
        val view = eventually("“$words” to tap") { texts().firstOrNull { it.text.toString() == words && it.isClickable && it.isEnabled } }
        check(view.performClick()) { "a tap on “$words” does nothing" }
        passTime()
    }

    /** Sees this, and says that it was read. */
    fun reads(words: String, then: String = "OK"): String = sees(words).also { taps(then) }

    /** Types into the field with this label. */
    fun types(typed: String, into: String) {
        val field = eventually("a field “$into”") {
            texts().firstOrNull { it.text.toString() == into }?.let { front().findViewById<View>(it.labelFor) as? EditText }
        }
        field.setText(typed)
        passTime()
    }

    /** The phone's own way back. */
    @Suppress("DEPRECATION")
    fun goesBack() {
        activity.onBackPressed()
        passTime()
    }

    /** Waits until there is something to find. */
    fun <T : Any> eventually(what: String, find: () -> T?): T {
        val end = System.nanoTime() + LIMIT
        while (true) {
            passTime()
            find()?.let { return it }
            check(System.nanoTime() < end) { "$what did not come; shown is $shown" }
            Thread.sleep(5)
        }
    }

    /** The window in front: a dialog's, if there is one. */
    fun front(): View = WindowInspector.getGlobalWindowViews().last()

    override fun close() {
        app.pause().stop().destroy()
    }

    /** Lets the phone's clock go as fast as this machine's, and does what is due on the main thread by then. */
    private fun passTime() {
        val now = System.nanoTime()
        Camera.takePicture()
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofNanos(now - last))
        last = now
    }

    private fun texts() = front().all().filterIsInstance<TextView>().filter(View::isShown)

    private companion object {
        val LIMIT = TimeUnit.SECONDS.toNanos(20)
    }
}

/** This view and all within it, in the order of the screen. */
fun View.all(): List<View> = listOf(this) + if (this is ViewGroup) (0 until childCount).flatMap { getChildAt(it).all() } else emptyList()
