package org.countersign

import org.countersign.ffi.Passphrase
import java.nio.ByteBuffer
import java.nio.CharBuffer
import java.nio.charset.StandardCharsets
import java.text.Normalizer

/**
 * Creates a passphrase from typed text, in Unicode's NFC, and overwrites [typed] and every copy made here. (Text
 * outside ASCII passes through one string, which can't be overwritten.)
 */
public fun passphraseOf(typed: CharArray): Passphrase {
    val normal = if (typed.all { it.code < ASCII_END }) typed else Normalizer.normalize(CharBuffer.wrap(typed), NFC).toCharArray()
    val encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(normal))
    val direct = ByteBuffer.allocateDirect(encoded.remaining())
    try {
        direct.put(encoded).flip()
        return Passphrase(direct)
    } finally {
        typed.fill('\u0000')
        normal.fill('\u0000')
        encoded.array().fill(0)
        for (index in 0 until direct.capacity()) direct.put(index, 0)
    }
}

private val NFC = Normalizer.Form.NFC
private const val ASCII_END = 0x80
