package org.countersign

import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.Replacement
import org.countersign.ffi.ReplacementStep
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * The steps of this device's replacement: each step once, and [ReplacementStep.Done] or [ReplacementStep.Ended] last. While
 * collected, it asks the service every [pause], and retries after network errors. Collect it while the screen shows the QR
 * code or the number; to give up the replacement, stop collecting and close it.
 */
public fun Authenticator.replacementSteps(replacement: Replacement, pause: Duration = 2.seconds): Flow<ReplacementStep> = flow {
    var shown: ReplacementStep? = null
    while (true) {
        val step = try {
            replacementStep(replacement)
        } catch (_: AuthenticatorException.Network) {
            shown
        }
        if (step != null && step != shown) emit(step)
        if (step == ReplacementStep.Done || step == ReplacementStep.Ended) return@flow
        shown = step
        delay(pause)
    }
}
