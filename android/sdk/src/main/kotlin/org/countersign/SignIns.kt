package org.countersign

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.drop
import kotlinx.coroutines.flow.runningFold
import org.countersign.ffi.AccountFailure
import org.countersign.ffi.AccountPause
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.ClockStatus
import org.countersign.ffi.RequestEvent

/**
 * The current state of sign-ins.
 *
 * @property open all open requests, oldest first.
 * @property failures accounts whose service couldn't be asked: requests may be missing, so show a warning.
 * @property pauses accounts whose requests don't arrive automatically: why, until when, and what helps. Show it.
 * @property clock the time that requests expire by, once it is known; and how far the device's clock is off.
 */
public data class SignIns(
    val open: List<ApprovalRequest> = emptyList(),
    val failures: List<AccountFailure> = emptyList(),
    val clock: ClockStatus? = null,
    val pauses: List<AccountPause> = emptyList(),
)

internal fun Flow<RequestEvent>.foldToSignIns(): Flow<SignIns> =
    runningFold(SignIns()) { known, event ->
        when (event) {
            is RequestEvent.RequestsChanged -> known.copy(open = event.open)
            is RequestEvent.FailuresChanged -> known.copy(failures = event.failures)
            is RequestEvent.PausesChanged -> known.copy(pauses = event.pauses)
            is RequestEvent.ClockChanged -> known.copy(clock = event.clock)
        }
    }.drop(1) // Before the first event nothing is known, and an empty list would say that nothing is open.
