package org.countersign

import kotlinx.coroutines.CancellationException
import org.countersign.ffi.CancelHandle

/**
 * Makes a long call that ends at once, also in Rust, when the coroutine is cancelled: with [handle], or with its own handle.
 *
 * The generated code drops the Rust future of a cancelled coroutine. The handle ends work that is being polled at that moment.
 */
internal suspend fun <T> cancelling(handle: CancelHandle?, call: suspend (CancelHandle) -> T): T =
    if (handle != null) call.withCancelling(handle) else CancelHandle().use { call.withCancelling(it) }

private suspend fun <T> (suspend (CancelHandle) -> T).withCancelling(handle: CancelHandle): T =
    try {
        this(handle)
    } catch (cancelled: CancellationException) {
        handle.cancel()
        throw cancelled
    }
