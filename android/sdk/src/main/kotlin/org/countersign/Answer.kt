package org.countersign

import org.countersign.ffi.AnswerOutcome
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.MatchProof
import org.countersign.ffi.Offer
import org.countersign.ffi.Outcome

/** A person's decision on a request. */
public sealed interface Decision {
    /**
     * Sign in.
     *
     * @property proof that the person sees the sign-in page.
     */
    public class Approve(public val proof: MatchProof) : Decision {
        /** With the number on the page, as typed; spaces and dashes don't matter. */
        public constructor(number: String) : this(MatchProof.Number(number))

        /** With the page's QR, as scanned: its content is [org.countersign.ffi.OfferContent.Match]. */
        public constructor(scanned: Offer) : this(MatchProof.Scanned(scanned))
    }

    /** Reject it. */
    public data object Deny : Decision

    /**
     * Reject it because it was the person's own, who no longer wants it. It isn't counted as a rejection. If the service doesn't
     * support this (`canCancel`), it is a denial.
     */
    public data object Cancel : Decision

    /** Reject it and report it to the organisation: somebody else is behind it. */
    public data object Report : Decision

    /**
     * As [Report], and no device will be asked until an administrator unlocks the account: "this isn't me". If the service
     * can't lock (`canLock`), it is a report.
     */
    public data object ReportAndLock : Decision
}

/** The outcome of an answer, by what the app does next. */
public sealed interface Answer {
    /** The sign-in succeeded, or the device is active. */
    public data object Approved : Answer

    /**
     * It is approved, and a code completes the sign-in: show it, so that the person can type it on the sign-in page. It is
     * returned only once.
     *
     * @property code what to type.
     * @property message the organisation's text about it; show it next to the code.
     */
    public data class ShowCode(val code: String, val message: String? = null) : Answer

    /** The sign-in was rejected. */
    public data object Denied : Answer

    /** The sign-in was rejected and reported to the organisation. */
    public data object Reported : Answer

    /** As [Reported], and no device will be asked until an administrator unlocks the account. Codes still work. */
    public data object ReportedAndLocked : Answer

    /**
     * The number or the scanned code was wrong. Ask again; with no tries left the sign-in has failed.
     *
     * @property triesLeft number of tries left.
     */
    public data class WrongMatch(val triesLeft: Int) : Answer

    /** What was typed can't be right, and no try was used up. Let the person correct it. */
    public data class NotUsable(override val error: AuthenticatorException) : Failure

    /** The person dismissed the platform's prompt. Nothing was sent; the request is still open. */
    public data object NotChecked : Answer

    /** The vault is locked, or the key store is for now. Unlock, then answer again. */
    public data class Locked(override val error: AuthenticatorException) : Failure

    /**
     * The approval key is permanently lost: a fingerprint was added, the screen lock was removed, or the app's data came from
     * another phone. The account has to be enrolled again.
     */
    public data class KeyLost(override val error: AuthenticatorException) : Failure

    /** The network or the service failed for now. The same answer can be sent again: it takes effect at most once. */
    public data class TryAgain(override val error: AuthenticatorException) : Failure

    /** The request is no longer open: answered elsewhere, expired or withdrawn. */
    public data class Gone(override val error: AuthenticatorException) : Failure

    /** It can't be answered, and the text says why. */
    public data class Refused(override val error: AuthenticatorException) : Failure

    /** An answer that didn't arrive, with an error for the person. */
    public sealed interface Failure : Answer {
        /** What happened: `code()` for programs, `describe()` for people. */
        public val error: AuthenticatorException
    }
}

internal suspend fun answerOf(call: suspend () -> AnswerOutcome): Answer =
    try {
        call().toAnswer()
    } catch (error: AuthenticatorException) {
        error.toAnswer()
    }

private fun AnswerOutcome.toAnswer(): Answer = when (outcome) {
    Outcome.APPROVED -> code?.let { Answer.ShowCode(it, message) } ?: Answer.Approved
    Outcome.DENIED -> Answer.Denied
    Outcome.REPORTED -> if (locked) Answer.ReportedAndLocked else Answer.Reported
    Outcome.WRONG_MATCH -> Answer.WrongMatch(triesLeft)
}

private fun AuthenticatorException.toAnswer(): Answer = when (this) {
    is AuthenticatorException.Cancelled -> Answer.NotChecked
    is AuthenticatorException.Input -> Answer.NotUsable(this)
    is AuthenticatorException.Locked -> Answer.Locked(this)
    is AuthenticatorException.KeyStore -> if (isKeyLost()) Answer.KeyLost(this) else Answer.Locked(this)
    is AuthenticatorException.Network, is AuthenticatorException.Busy -> Answer.TryAgain(this)
    is AuthenticatorException.Gone -> Answer.Gone(this)
    is AuthenticatorException.Refused, is AuthenticatorException.Untrusted, is AuthenticatorException.Vault,
    is AuthenticatorException.WrongKey,
    -> Answer.Refused(this)
}

private fun AuthenticatorException.isKeyLost() = code() in setOf("key_store_invalidated", "key_store_key_not_found")
