package org.countersign.sample

import android.content.res.Resources
import org.countersign.Answer
import org.countersign.ffi.AccountPause
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.ClockStatus
import org.countersign.ffi.PauseReason
import org.countersign.ffi.Purpose
import org.countersign.ffi.SlotKind
import org.countersign.ffi.TimeSource
import kotlin.math.abs

/** A code as people read it out: 123 456. The space keeps it together, and in order in text from right to left. */
fun String.inGroups(): String = if (length >= SHORTEST && length % 2 == 0) chunked(length / 2).joinToString("\u00a0") else this

/** A long code, whose lines end between its groups. */
fun String.breakable(): String = replace("-", "-\u200b")

/** Who signs in to what, from where. */
fun ApprovalRequest.inWords(words: Resources): String {
    val origin = listOfNotNull(place, client, ip).joinToString()
    return if (origin.isEmpty()) words.getString(R.string.signs_in, user, application)
    else words.getString(R.string.signs_in_from, user, application, origin)
}

/** The message for an answer's outcome; null if the person dismissed the phone's prompt. */
fun Answer.inWords(words: Resources, request: ApprovalRequest): String? = when (this) {
    Answer.Approved -> words.getString(if (request.purpose == Purpose.ACTIVATION) R.string.activated else R.string.approved)
    is Answer.ShowCode -> listOfNotNull(words.getString(R.string.type_code, code.inGroups()), message).joinToString("\n")
    Answer.Denied -> words.getString(R.string.denied)
    Answer.Reported -> words.getString(R.string.reported)
    Answer.ReportedAndLocked -> words.getString(R.string.reported_locked)
    is Answer.WrongMatch -> words.getString(if (triesLeft > 0) R.string.wrong_again else R.string.wrong_failed)
    is Answer.KeyLost -> words.getString(R.string.key_lost, error.describe())
    is Answer.Failure -> error.describe()
    Answer.NotChecked -> null
}

/** Whether the request is over, so that its screen can go. */
val Answer.isFinal: Boolean
    get() = when (this) {
        is Answer.WrongMatch -> triesLeft == 0
        is Answer.KeyLost, is Answer.Gone -> true
        is Answer.Failure, Answer.NotChecked -> false
        else -> true
    }

/** Why requests don't arrive automatically. */
fun AccountPause.inWords(words: Resources): String = when (reason) {
    PauseReason.TURNED_DOWN -> (denied + reported).toInt().let { words.getQuantityString(R.plurals.turned_down, it, it) }
    PauseReason.SERVICE_LIMIT -> words.getString(R.string.service_limit)
    PauseReason.SERVICE_LOCK -> words.getString(R.string.service_lock)
}

/** What opens a vault. */
fun SlotKind.inWords(words: Resources): String = words.getString(
    when (this) {
        SlotKind.PASSPHRASE -> R.string.slot_passphrase
        SlotKind.RECOVERY_CODE -> R.string.slot_recovery_code
        SlotKind.KEY_STORE -> R.string.slot_key_store
        SlotKind.UNKNOWN -> R.string.slot_unknown
    },
)

/** The message about the phone's clock. */
fun ClockStatus.inWords(words: Resources): String {
    val seconds = (abs(wallAheadMs) / MS_PER_SECOND).toInt()
    val off = words.getQuantityString(if (wallAheadMs > 0) R.plurals.fast else R.plurals.slow, seconds, seconds)
    return when {
        source == TimeSource.CLOCK_WENT_BACK -> words.getString(R.string.clock_went_back)
        undecided.isNotEmpty() -> words.getString(R.string.clock_contradicted, undecided.first().service)
        source == TimeSource.WALL_CLOCK && service == null -> words.getString(R.string.clock_unknown)
        !isCorrected -> words.getString(R.string.clock_right)
        source == TimeSource.LAST_KNOWN_OFFSET -> words.getString(R.string.clock_unverified, off)
        source == TimeSource.UNSIGNED_SERVICE -> words.getString(R.string.clock_unsigned, off, service)
        else -> words.getString(R.string.clock_corrected, off)
    }
}

private const val SHORTEST = 6
private const val MS_PER_SECOND = 1000
