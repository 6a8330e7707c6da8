package org.countersign.support

import java.net.URI

/** A page of the service in a browser, as far as a test needs one: it keeps the cookie, and shows text and pictures. */
class Page(private var url: String) {
    private var cookie = ""
    private var html = ""

    init {
        load()
    }

    /** The number that a person reads off it. */
    val number: String get() = between("data-number=\"", "\"") ?: error("the page shows no number")

    /** The text of the element with this id. */
    fun text(id: String): String {
        val element = html.substringAfter("id=\"$id\"", "").ifEmpty { error("the page has no $id") }
        return element.substringAfter('>').substringBefore('<').trim()
    }

    /** The bytes of the picture with this id. */
    fun picture(id: String): ByteArray {
        val element = html.substringAfter("id=\"$id\"", "").ifEmpty { error("the page has no picture $id") }
        val source = element.substringAfter("src=\"").substringBefore('"').replace("&amp;", "&")
        return Http.get(URI(url).resolve(source).toString(), "Cookie", cookie).body()
    }

    /** Follows the link of a person who scans the page's code in place of typing its number. */
    fun scanInstead(): Page {
        val link = html.substringBefore("?scan=1\"", "").ifEmpty { error("the page has no other way") }.substringAfterLast('"') + "?scan=1"
        url = URI(url).resolve(link).toString()
        load()
        return this
    }

    /** Loads it again until it is in this state. */
    fun reloadUntil(state: String): Page {
        val end = System.nanoTime() + 5_000_000_000
        while ("data-state=\"$state\"" !in html) {
            check(System.nanoTime() < end) { "the page did not come to say $state" }
            Thread.sleep(20)
            load()
        }
        return this
    }

    private fun load() {
        val response = if (cookie.isEmpty()) Http.get(url) else Http.get(url, "Cookie", cookie)
        response.headers().firstValue("set-cookie").ifPresent { cookie = it.substringBefore(';') }
        // The first visit may send the browser on, to an address without the page's key.
        val location = response.headers().firstValue("location")
        if (location.isPresent) {
            url = URI(url).resolve(location.get()).toString()
            return load()
        }
        check(response.statusCode() == 200) { "the page answered ${response.statusCode()}" }
        html = response.text()
    }

    private fun between(before: String, after: String): String? =
        html.substringAfter(before, "").substringBefore(after).ifEmpty { null }
}
