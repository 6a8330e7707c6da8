package org.countersign

import kotlinx.coroutines.CancellationException
import org.countersign.ffi.PlatformKeyException
import java.math.BigInteger
import java.security.PublicKey
import java.security.interfaces.ECPublicKey

/**
 * The uncompressed X9.63 point (`04`, x, y; 65 bytes) of a P-256 key, as [org.countersign.ffi.DeviceKeys] returns it.
 *
 * @throws PlatformKeyException.Unavailable when it isn't a key of a curve of 256 bits.
 */
public fun PublicKey.toX963(): ByteArray {
    if (this !is ECPublicKey || params.curve.field.fieldSize != COORDINATE_BITS) throw PlatformKeyException.Unavailable()
    return byteArrayOf(UNCOMPRESSED) + w.affineX.toCoordinate() + w.affineY.toCoordinate()
}

/**
 * Runs a method of a key store that Rust calls, and throws what its contract allows: [PlatformKeyException] as it is, and
 * everything else as translated by [translate]. Nothing else may escape: an `Error` would reach nobody, and Rust would wait.
 */
public suspend fun <T> keyStoreCall(
    translate: (Throwable) -> PlatformKeyException = { PlatformKeyException.Unavailable() },
    call: suspend () -> T,
): T = try {
    call()
} catch (cancelled: CancellationException) {
    throw cancelled
} catch (expected: PlatformKeyException) {
    throw expected
} catch (@Suppress("TooGenericExceptionCaught") other: Throwable) {
    throw translate(other)
}

/** Big-endian, 32 bytes: the sign byte that `BigInteger` adds is cut off, and leading zeros that it leaves out are put back. */
private fun BigInteger.toCoordinate(): ByteArray {
    val bytes = toByteArray()
    return ByteArray(COORDINATE_BYTES).also { coordinate ->
        val length = minOf(bytes.size, COORDINATE_BYTES)
        bytes.copyInto(coordinate, COORDINATE_BYTES - length, bytes.size - length)
    }
}

private const val UNCOMPRESSED: Byte = 4
private const val COORDINATE_BITS = 256
private const val COORDINATE_BYTES = COORDINATE_BITS / 8
