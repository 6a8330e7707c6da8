package org.countersign.support

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** What an organisation's sign-in system asks of the service. */
class RelyingParty(private val url: String, private val key: String) {

    /** An enrolment whose QR is on a page. */
    fun enrolment(user: String): Started = started("/v1/enrolments", """{"user": "$user"}""")

    /** An enrolment whose QR the relying party shows itself. */
    fun enrolmentLink(user: String): Started =
        started("/v1/enrolments", """{"user": "$user", "show": "relying_party"}""")

    /** A sign-in whose number is on a page. */
    fun signIn(user: String): Started = started("/v1/sign-ins", signInOf(user))

    /** A sign-in whose number and QR the relying party shows itself. */
    fun signInShown(user: String): Started =
        started("/v1/sign-ins", signInOf(user).replaceFirst("{", """{"show": "relying_party", """))

    fun state(signIn: Started): String = accepted(Http.get("$url/v1/sign-ins/${signIn["id"]}", *headers))["state"]

    fun takesCode(user: String, code: String): Boolean =
        started("/v1/codes/verify", """{"user": "$user", "code": "$code"}""")["valid"] == "true"

    private fun started(path: String, body: String) = accepted(Http.post("$url$path", body, *headers))

    private fun accepted(response: java.net.http.HttpResponse<ByteArray>): Started {
        check(response.statusCode() in 200..299) { "the service answered ${response.statusCode()}: ${response.text()}" }
        return Started(Json.parseToJsonElement(response.text()).jsonObject)
    }

    private val headers = arrayOf("Authorization", "Bearer $key")

    private fun signInOf(user: String) = """{"user": "$user", "application": "Ward portal", "place": "Leeds",
        "ip": "192.0.2.7", "client": "Firefox on Windows"}"""

    /** A reply of the service. */
    class Started(private val json: JsonObject) {
        operator fun get(name: String): String = json[name]?.jsonPrimitive?.content ?: error("the reply has no $name")
    }
}
