package org.countersign.support

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers

/** The JDK's HTTP client, as far as the tests need one. */
object Http {
    private val client: HttpClient = HttpClient.newHttpClient()

    fun get(url: String, vararg headers: String): HttpResponse<ByteArray> = send(url, *headers) { GET() }

    fun post(url: String, json: String, vararg headers: String): HttpResponse<ByteArray> =
        send(url, "Content-Type", "application/json", *headers) { POST(HttpRequest.BodyPublishers.ofString(json)) }

    private fun send(url: String, vararg headers: String, method: HttpRequest.Builder.() -> Unit): HttpResponse<ByteArray> {
        val request = HttpRequest.newBuilder(URI(url)).apply(method)
        if (headers.isNotEmpty()) request.headers(*headers)
        return client.send(request.build(), BodyHandlers.ofByteArray())
    }
}

fun HttpResponse<ByteArray>.text(): String = body().decodeToString()
