package org.countersign

import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.ErrorDetail
import org.countersign.ffi.ReceivingStep
import org.countersign.ffi.SendingStep
import org.countersign.ffi.Transfer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * The state of a move that may go through a service.
 *
 * @property transfer the move's state. Its codes can complete it at any time.
 * @property failure why the service can't be reached at the moment: show the codes. The service is asked again anyway.
 */
public data class RelayedTransfer(public val transfer: Transfer, public val failure: ErrorDetail?)

/**
 * The move in progress, through its service if it has one: emits each state once, and the last one when the new phone has left
 * the receipt, or the old phone has it. While collected, it asks the service every [pause] if there is something to ask, and
 * retries after network errors. Collect it on both phones while the screen of the move is shown. Codes can be scanned in the
 * meantime. Ends if there is no move.
 *
 * An exception means that the service no longer relays the move: continue with the codes that the phones show.
 */
public fun Authenticator.relayedTransfer(pause: Duration = 2.seconds): Flow<RelayedTransfer> = flow {
    var shown: RelayedTransfer? = null
    while (true) {
        val stands = transfer() ?: return@flow
        val now = try {
            RelayedTransfer(if (stands.hasToAsk) relayTransfer() else stands, null)
        } catch (failure: AuthenticatorException) {
            val left = transfer() ?: return@flow
            if (failure !is AuthenticatorException.Network) throw failure
            RelayedTransfer(left, failure.detail)
        }
        if (now != shown) emit(now)
        if (now.transfer.isOver) return@flow
        shown = now
        delay(pause)
    }
}

private val Transfer.hasToAsk: Boolean
    get() = when (this) {
        is Transfer.NewPhone -> receiving.relay != null
        is Transfer.OldPhone -> sending.relay != null && sending.step !is SendingStep.Comparing
    }

private val Transfer.isOver: Boolean
    get() = when (this) {
        is Transfer.NewPhone -> receiving.step is ReceivingStep.Stored && receiving.relay?.isDelivered != false
        is Transfer.OldPhone -> sending.step is SendingStep.Proven
    }
