package org.countersign.sample

import org.countersign.ffi.ImportOptions
import org.countersign.ffi.ImportRow
import org.countersign.ffi.LeftBehind
import org.countersign.ffi.LeftReason
import org.countersign.ffi.RowChoice
import org.countersign.ffi.RowVerdict
import org.countersign.ffi.SameName

/** What the person wants for entries whose name is taken; both are kept unless they choose otherwise. */
class ImportChoices {
    private val chosen = mutableMapOf<Long, SameName>()

    fun of(row: ImportRow): SameName = chosen[row.row] ?: SameName.KEEP_BOTH

    /** Goes on to the next choice for a row, and gives it. */
    fun change(row: ImportRow): SameName =
        SameName.entries[(of(row).ordinal + 1) % SameName.entries.size].also { chosen[row.row] = it }

    fun options(partial: Boolean = false) =
        ImportOptions(SameName.KEEP_BOTH, chosen.map { (row, choice) -> RowChoice(row, choice) }, partial)
}

/** What would become of an entry. */
fun RowVerdict.inWords(): String = when (this) {
    is RowVerdict.New -> "new"
    is RowVerdict.Present -> "here already"
    is RowVerdict.CounterAhead -> "here already; its counter follows"
    is RowVerdict.InTrash -> "comes back out of the trash"
    is RowVerdict.SameName -> "another account has this name"
    is RowVerdict.Repeated -> "the same again"
    is RowVerdict.Refused -> reason.description
}

/** What a tap chooses for an entry whose name is taken. */
fun SameName.inWords(): String = when (this) {
    SameName.KEEP_BOTH -> "Keep both"
    SameName.REPLACE -> "Replace"
    SameName.SKIP -> "Leave out"
}

/** What is to be said about an account of which a file or another phone doesn't get all. */
fun LeftBehind.inWords(): String = "$issuer $name: " + when (reason) {
    LeftReason.APPROVALS -> "it approves sign-ins; enrol the other phone for that"
    LeftReason.APPROVALS_BESIDE_CODES -> "its codes come; enrol the other phone to approve sign-ins"
    LeftReason.DAMAGED -> "it can't be read here"
    LeftReason.DIFFERENT -> "it isn't restored as it is"
}
