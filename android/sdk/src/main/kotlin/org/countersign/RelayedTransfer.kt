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
 * A move that may go over a service, at one moment.
 *
 * @property transfer where it stands. Its codes finish it at any time.
 * @property failure why the service can't be asked for now: show the codes. It is asked again nevertheless.
 */
public data class RelayedTransfer(public val transfer: Transfer, public val failure: ErrorDetail?)

/**
 * The move under way, over its service as far as it has one: each state once, and the last one when the new phone's receipt is
 * left, or the old phone has it. While it is collected it asks the service every [pause], as soon as there is something to ask,
 * and again when the network fails. Collect it while the screen of the move is shown, on either phone; codes that are scanned
 * meanwhile count as ever. Ends without a move.
 *
 * An exception says that the service doesn't carry the move on: the codes that the phones show do.
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
