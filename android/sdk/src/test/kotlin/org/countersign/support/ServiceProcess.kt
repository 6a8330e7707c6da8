package org.countersign.support

import java.net.ServerSocket
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.io.path.readText

/** The real approval service, as a process of its own on a data folder. */
class ServiceProcess private constructor(private val process: Process, val port: Int, private val data: Path) :
    AutoCloseable {

    val url: String get() = "http://127.0.0.1:$port"

    fun relyingParty() = RelyingParty(url, data.resolve("api-key").readText().trim())

    override fun close() {
        process.destroy()
        check(process.waitFor(10, TimeUnit.SECONDS)) { "the service did not stop" }
    }

    companion object {
        /** Starts it on `port`, or on a free one, and waits until it answers. */
        fun start(data: Path, port: Int = ServerSocket(0).use { it.localPort }): ServiceProcess {
            val program = System.getProperty("countersign.server") ?: error("countersign.server isn't set")
            val process = ProcessBuilder(program, "--data", "$data", "--listen", "127.0.0.1:$port")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
            // Kills it with this process too, whatever happens to the test.
            Runtime.getRuntime().addShutdownHook(Thread { process.destroyForcibly() })
            return ServiceProcess(process, port, data).also { it.waitUntilHealthy() }
        }
    }

    private fun waitUntilHealthy() {
        val end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20)
        while (runCatching { Http.get("$url/healthz").statusCode() }.getOrNull() != 200) {
            check(process.isAlive) { "the service ended with ${process.exitValue()}" }
            check(System.nanoTime() < end) { "the service did not come up" }
            Thread.sleep(10)
        }
    }
}
