package org.countersign

import org.countersign.ffi.PlatformKeyException
import java.math.BigInteger
import java.security.KeyPairGenerator
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECPoint
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class KeyStoresTest {
    private val key = keyOf("secp256r1")

    @Test
    fun `a point has 65 bytes, whatever its numbers are`() {
        val small = BigInteger.ONE
        val large = BigInteger.TWO.pow(256) - BigInteger.ONE
        val point = object : ECPublicKey by key {
            override fun getW() = ECPoint(small, large)
        }.toX963()
        assertContentEquals(byteArrayOf(4) + ByteArray(31) + byteArrayOf(1) + ByteArray(32) { -1 }, point)
    }

    @Test
    fun `a point is the end of the key's X509 encoding`() {
        repeat(300) {
            val key = keyOf("secp256r1")
            assertContentEquals(key.encoded.takeLast(65).toByteArray(), key.toX963())
        }
    }

    @Test
    fun `a key of another curve or kind is refused`() {
        assertFailsWith<PlatformKeyException.Unavailable> { keyOf("secp384r1").toX963() }
        val rsa = KeyPairGenerator.getInstance("RSA").apply { initialize(2048) }.generateKeyPair().public
        assertFailsWith<PlatformKeyException.Unavailable> { rsa.toX963() }
        assertEquals(65, key.toX963().size)
    }

    private fun keyOf(curve: String): ECPublicKey =
        KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec(curve)) }.generateKeyPair().public as ECPublicKey
}
