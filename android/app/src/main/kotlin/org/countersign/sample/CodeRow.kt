package org.countersign.sample

import android.widget.LinearLayout
import org.countersign.LiveCodes
import org.countersign.ffi.AccountCode
import org.countersign.ffi.CodeRefusal
import org.countersign.ffi.ShownCode

/** An account with its code, which a screen reader spells, and the time that is left for it. */
class CodeRow(activity: MainActivity, account: AccountCode, onRemove: () -> Unit, onRequest: (CodeRow) -> Unit) {
    private val code = account.code
    private val resources = activity.resources

    val view: LinearLayout = activity.column().apply { setPaddingRelative(0, 0, 0, activity.dp(MARGIN)) }
    private val shown = view.run {
        text(resources.getString(R.string.two_parts, account.issuer, account.name), R.style.Text_Label)
        text(style = R.style.Text_Code)
    }
    private val countdown = view.text(style = R.style.Text_Label)

    init {
        when (code) {
            is ShownCode.Timed -> show(code.code)
            is ShownCode.OnRequest -> {
                shown.setText(R.string.tap_for_code)
                shown.setOnClickListener { onRequest(this) }
            }
            is ShownCode.Refused -> when (code.why) {
                CodeRefusal.NOT_ACTIVE -> countdown.setText(R.string.not_active)
                CodeRefusal.REMOVED -> {
                    countdown.setText(R.string.not_known)
                    view.button(resources.getString(R.string.remove, account.issuer, account.name), R.style.Button_Danger) { onRemove() }
                }
            }
        }
    }

    fun show(code: String) {
        shown.text = code.inGroups()
        shown.contentDescription = code.toList().joinToString(" ")
    }

    /** Draws the time that is left. */
    fun drawTime(live: LiveCodes) {
        if (code !is ShownCode.Timed) return
        val seconds = live.remaining(code).inWholeSeconds.toInt() + 1
        countdown.text = resources.getQuantityString(R.plurals.seconds, seconds, seconds)
    }
}
