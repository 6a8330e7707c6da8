package org.countersign.sample

import android.content.res.Resources
import android.view.ViewGroup
import android.widget.Button
import org.countersign.ffi.ImportOptions
import org.countersign.ffi.ImportRow
import org.countersign.ffi.LeftBehind
import org.countersign.ffi.LeftReason
import org.countersign.ffi.RowChoice
import org.countersign.ffi.RowVerdict
import org.countersign.ffi.SameName

/**
 * The person's choice for entries whose name or secret is taken, and for those that the other app deleted. By default,
 * both are kept, and deleted entries are skipped.
 */
class ImportChoices {
    private val chosen = mutableMapOf<Long, SameName>()

    fun of(row: ImportRow): SameName =
        chosen[row.row] ?: if (row.verdict is RowVerdict.Deleted) SameName.SKIP else SameName.KEEP_BOTH

    /** Switches a row to the next choice, and returns it. */
    fun change(row: ImportRow): SameName {
        val choices = if (row.verdict is RowVerdict.Deleted) listOf(SameName.SKIP, SameName.KEEP_BOTH) else SameName.entries
        return choices[(choices.indexOf(of(row)) + 1) % choices.size].also { chosen[row.row] = it }
    }

    fun options(partial: Boolean = false) =
        ImportOptions(SameName.KEEP_BOTH, chosen.map { (row, choice) -> RowChoice(row, choice) }, partial)
}

/** Adds a view of an import's entry; a tap changes its outcome if there is a choice. */
fun ViewGroup.importRow(row: ImportRow, choices: ImportChoices) {
    text(resources.getString(R.string.row_verdict, row.issuer, row.name, row.verdict.inWords(resources)))
    val words = when (row.verdict) {
        is RowVerdict.SameName, is RowVerdict.SameSecret -> { choice: SameName -> choice.inWords(resources) }
        is RowVerdict.Deleted -> { choice: SameName ->
            resources.getString(if (choice == SameName.SKIP) R.string.leave_out else R.string.take_it)
        }
        else -> return
    }
    lateinit var choice: Button
    choice = button(words(choices.of(row))) { choice.text = words(choices.change(row)) }
}

/** The expected outcome for an entry. */
fun RowVerdict.inWords(words: Resources): String = when (this) {
    is RowVerdict.New -> words.getString(R.string.row_new)
    is RowVerdict.Present -> words.getString(R.string.row_present)
    is RowVerdict.CounterAhead -> words.getString(R.string.row_counter)
    is RowVerdict.InTrash -> words.getString(R.string.row_trash)
    is RowVerdict.SameName -> words.getString(R.string.row_same_name)
    is RowVerdict.SameSecret -> words.getString(R.string.row_same_secret)
    is RowVerdict.Deleted -> words.getString(R.string.row_deleted)
    is RowVerdict.Repeated -> words.getString(R.string.row_repeated)
    is RowVerdict.Refused -> reason.description
}

/** What a tap chooses for an entry whose name is taken. */
fun SameName.inWords(words: Resources): String = when (this) {
    SameName.KEEP_BOTH -> words.getString(R.string.keep_both)
    SameName.REPLACE -> words.getString(R.string.replace_it)
    SameName.SKIP -> words.getString(R.string.leave_out)
}

/** Describes an account that a file or another phone doesn't get completely. */
fun LeftBehind.inWords(words: Resources): String {
    val reason = when (reason) {
        LeftReason.APPROVALS -> R.string.left_approvals
        LeftReason.APPROVALS_BESIDE_CODES -> R.string.left_approvals_beside
        LeftReason.DAMAGED -> R.string.left_damaged
        LeftReason.DIFFERENT -> R.string.left_different
    }
    return words.getString(reason, issuer, name)
}
