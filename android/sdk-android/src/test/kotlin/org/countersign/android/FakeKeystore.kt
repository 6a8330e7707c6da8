package org.countersign.android

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.StrongBoxUnavailableException
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyPairGeneratorSpi
import java.security.KeyStoreSpi
import java.security.PrivateKey
import java.security.Provider
import java.security.SecureRandom
import java.security.Security
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.KeyGenerator
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey

/**
 * A stand-in for the Android Keystore's provider, since a JVM has none: it keeps keys of the JDK, and what each was asked to be.
 * It enforces nothing; what a real Keystore enforces is what the specs say.
 */
object FakeKeystore {
    val keys = mutableMapOf<String, Key>()
    val specs = mutableMapOf<String, KeyGenParameterSpec>()
    var hasStrongBox = true

    /** Thrown instead of giving a key out. */
    var failure: Exception? = null

    fun install() {
        keys.clear()
        specs.clear()
        hasStrongBox = true
        failure = null
        Security.removeProvider("AndroidKeyStore")
        Security.addProvider(FakeProvider())
    }

    internal fun take(spec: AlgorithmParameterSpec): KeyGenParameterSpec {
        val keySpec = spec as KeyGenParameterSpec
        if (keySpec.isStrongBoxBacked && !hasStrongBox) throw StrongBoxUnavailableException()
        specs[keySpec.keystoreAlias] = keySpec
        return keySpec
    }
}

private class FakeProvider : Provider("AndroidKeyStore", "1", "a stand-in for tests") {
    init {
        put("KeyStore.AndroidKeyStore", Store::class.java.name)
        put("KeyPairGenerator.EC", EcPairs::class.java.name)
        put("KeyPairGenerator.RSA", RsaPairs::class.java.name)
        put("KeyGenerator.AES", Secrets::class.java.name)
    }

    class EcPairs : Pairs("EC")

    class RsaPairs : Pairs("RSA")

    open class Pairs(private val algorithm: String) : KeyPairGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun initialize(spec: AlgorithmParameterSpec, random: SecureRandom?) {
            this.spec = FakeKeystore.take(spec)
        }

        override fun initialize(size: Int, random: SecureRandom?) = error("parameters are given")

        override fun generateKeyPair(): KeyPair {
            val generator = KeyPairGenerator.getInstance(algorithm).apply { initialize(spec.algorithmParameterSpec) }
            return generator.generateKeyPair().also { FakeKeystore.keys[spec.keystoreAlias] = it.private }
        }
    }

    class Secrets : KeyGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun engineInit(spec: AlgorithmParameterSpec, random: SecureRandom?) {
            this.spec = FakeKeystore.take(spec)
        }

        override fun engineInit(random: SecureRandom?) = error("the size is said")

        override fun engineInit(size: Int, random: SecureRandom?) = error("the alias is said")

        override fun engineGenerateKey(): SecretKey {
            val generator = KeyGenerator.getInstance("AES").apply { init(spec.keySize) }
            return generator.generateKey().also { FakeKeystore.keys[spec.keystoreAlias] = it }
        }
    }

    class Store : KeyStoreSpi() {
        override fun engineGetKey(alias: String, password: CharArray?): Key? {
            FakeKeystore.failure?.let { throw it }
            return FakeKeystore.keys[alias]
        }

        override fun engineDeleteEntry(alias: String) {
            FakeKeystore.keys.remove(alias)
        }

        override fun engineAliases(): Enumeration<String> = Collections.enumeration(FakeKeystore.keys.keys)

        override fun engineContainsAlias(alias: String) = alias in FakeKeystore.keys

        override fun engineSize() = FakeKeystore.keys.size

        override fun engineIsKeyEntry(alias: String) = FakeKeystore.keys[alias] is PrivateKey

        override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null

        override fun engineGetCertificate(alias: String): Certificate? = null

        override fun engineGetCreationDate(alias: String) = Date(0)

        override fun engineSetKeyEntry(alias: String, key: Key, password: CharArray?, chain: Array<out Certificate>?) = unused()

        override fun engineSetKeyEntry(alias: String, key: ByteArray, chain: Array<out Certificate>?) = unused()

        override fun engineSetCertificateEntry(alias: String, certificate: Certificate?) = unused()

        override fun engineIsCertificateEntry(alias: String) = false

        override fun engineGetCertificateAlias(certificate: Certificate?): String? = null

        override fun engineStore(stream: OutputStream?, password: CharArray?) = unused()

        private fun unused(): Nothing = error("keys are made inside, never put in")
    }
}
