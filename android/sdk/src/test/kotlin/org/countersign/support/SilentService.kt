package org.countersign.support

import java.net.ServerSocket
import java.net.Socket
import java.net.SocketTimeoutException

/** A service that takes connections and never answers. */
class SilentService(port: Int = 0) : AutoCloseable {
    private val socket = ServerSocket(port)

    val link = "http://127.0.0.1:${socket.localPort}/enrol" +
        "#t=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8&k=ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"

    fun accept(): Connection = socket.apply { soTimeout = TEN_SECONDS }.accept().let(::Connection)

    override fun close() = socket.close()

    class Connection(private val socket: Socket) {
        fun awaitRequest() {
            check(socket.getInputStream().read() >= 0) { "the connection was closed before the request" }
        }

        /** Reads to the end. A connection that stays open runs into the time limit. */
        fun isClosedByPeer(): Boolean {
            socket.soTimeout = TEN_SECONDS
            return runCatching { socket.getInputStream().readAllBytes() }
                .fold({ true }, { it !is SocketTimeoutException })
        }
    }

    private companion object {
        const val TEN_SECONDS = 10_000
    }
}
