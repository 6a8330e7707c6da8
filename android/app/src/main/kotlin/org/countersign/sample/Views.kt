package org.countersign.sample

import android.content.Context
import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView

const val FILL = LayoutParams.MATCH_PARENT
const val WRAP = LayoutParams.WRAP_CONTENT

/** In `dp`. */
const val MARGIN = 20
private const val GAP = 8

fun Context.dp(size: Int): Int = (size * resources.displayMetrics.density).toInt()

fun Context.column() = LinearLayout(this).apply { orientation = LinearLayout.VERTICAL }

fun View.pad(size: Int) = context.dp(size).let { setPaddingRelative(it, it, it, it) }

fun ViewGroup.text(words: CharSequence = "", style: Int = R.style.Text): TextView =
    TextView(context, null, 0, style).apply { text = words }.also { addView(it, FILL, WRAP) }

fun ViewGroup.button(label: CharSequence, style: Int = R.style.Button, onClick: () -> Unit): Button =
    Button(context, null, 0, style).apply {
        text = label
        setOnClickListener { onClick() }
    }.also { addView(it, LinearLayout.LayoutParams(FILL, WRAP).apply { topMargin = context.dp(GAP) }) }

/** Places the views that [fill] adds in one row, with equal widths. */
fun ViewGroup.row(fill: LinearLayout.() -> Unit) {
    val row = LinearLayout(context).apply(fill)
    for (index in 0 until row.childCount) {
        row.getChildAt(index).layoutParams = LinearLayout.LayoutParams(0, FILL, 1f).apply {
            topMargin = context.dp(GAP)
            marginStart = if (index == 0) 0 else context.dp(GAP)
        }
    }
    addView(row, FILL, WRAP)
}
