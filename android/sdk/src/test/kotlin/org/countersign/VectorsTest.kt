package org.countersign

import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.CodeKind
import org.countersign.ffi.Offer
import org.countersign.ffi.OfferContent
import org.countersign.ffi.ShownCode
import org.countersign.support.Phone
import org.countersign.support.SetClock
import org.countersign.support.base32
import org.countersign.support.rows
import org.countersign.support.text
import org.countersign.support.vectors
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs

/** Codes and offers as the standards and the shared vectors have them, through the library and the bindings. */
class VectorsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `timed codes are those of RFC 6238`() {
        val file = vectors("totp.json")
        val parameters = "&digits=${file.text("digits")}&period=${file.text("period")}"
        val rows = file.rows("codes")
        assertEquals(18, rows.size)
        assertCodes(rows) { "otpauth://totp/RFC:6238?secret=${base32(it.text("secret_hex"))}&algorithm=${it.text("algorithm")}$parameters" }
    }

    @Test
    fun `codes of other lengths, alphabets and periods are those of the vectors`() {
        assertCodes(vectors("codes.json").rows("codes")) { row ->
            val kind = if (row.text("format") == "steam") "steam" else "totp"
            val digits = if ("digits" in row) "&digits=${row.text("digits")}" else ""
            "otpauth://$kind/a:b?secret=${base32(row.text("secret_hex"))}&algorithm=${row.text("algorithm")}" +
                "&period=${row.text("period")}$digits"
        }
    }

    @Test
    fun `counted codes are those of RFC 4226, each given out once`() = runBlocking {
        val file = vectors("hotp.json")
        Phone.create(folder).use { phone ->
            val link = "otpauth://hotp/RFC:4226?secret=${base32(file.text("secret_hex"))}&counter=0"
            val account = Offer.parse(link).use { phone.authenticator.add(listOf(it)).single().id }
            for (row in file.rows("codes")) {
                assertEquals(row.text("code"), phone.authenticator.nextCode(account))
            }
        }
    }

    @Test
    fun `texts that offer codes are read as the vectors say`() = runBlocking {
        val file = vectors("offers.json")
        val rows = file.rows("otp")
        Phone.create(folder, SetClock(file.text("time").toLong())).use { phone ->
            for (row in rows) {
                Offer.parse(row.text("text")).use { offer ->
                    val account = assertIs<OfferContent.Otp>(offer.content(), row.text("what")).account
                    assertEquals(row.getValue("otp").text("issuer"), account.issuer, row.text("what"))
                    assertEquals(row.getValue("otp").text("name"), account.name, row.text("what"))
                    phone.authenticator.add(listOf(offer))
                }
            }
            val timed = rows.map { it.getValue("otp").jsonObject }.filter { "period" in it }
            val shown = phone.authenticator.codes().codes.map { it.code }.filterIsInstance<ShownCode.Timed>()
            assertEquals(timed.map { it.text("code") }, shown.map { it.code })
            val onRequest = phone.authenticator.accounts().accounts.count { it.codes == CodeKind.ON_REQUEST }
            assertEquals(rows.size - timed.size, onRequest)
        }
    }

    @Test
    fun `texts that offer nothing are refused for the reason in the vectors, and not repeated`() {
        for (row in vectors("offers.json").rows("refused")) {
            val text = row.text("text")
            val error = assertFailsWith<AuthenticatorException.Input>(row.text("what")) { Offer.parse(text) }
            assertEquals(codeOf(row.text("error")), error.code(), row.text("what"))
            if (text.length > 12) assertFalse(text in "$error ${error.message}", row.text("what"))
        }
    }

    /** The vectors say more of the reason than the library's stable codes do. */
    private fun codeOf(error: String): String = when (val reason = error.substringBefore(' ')) {
        "not_an_offer" -> "offer_unknown"
        "secret_too_long", "period", "digits", "steam" -> "offer_bad_parameters"
        else -> "offer_$reason"
    }

    private fun assertCodes(rows: List<JsonObject>, link: (JsonObject) -> String) = runBlocking {
        val clock = SetClock(0)
        Phone.create(folder, clock).use { phone ->
            for (row in rows) {
                clock.unixSeconds = row.text("time").toLong()
                val account = Offer.parse(link(row)).use { phone.authenticator.add(listOf(it)).single().id }
                val shown = phone.authenticator.codes().codes.single { it.account == account }.code
                assertEquals(row.text("code"), assertIs<ShownCode.Timed>(shown).code, row.toString())
                row["next"]?.let { assertEquals(row.text("next"), shown.next) }
                row["remaining_seconds"]?.let {
                    val expected = row.text("remaining_seconds").toLong().coerceAtMost(Int.MAX_VALUE.toLong())
                    assertEquals(expected, shown.remainingSeconds.toLong(), row.toString())
                }
            }
        }
    }
}
