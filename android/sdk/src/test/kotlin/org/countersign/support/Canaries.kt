package org.countersign.support

import org.countersign.ffi.LogLevel
import org.countersign.ffi.LogRecord
import org.countersign.ffi.LogSink
import org.countersign.ffi.setLogSink
import java.util.concurrent.ConcurrentLinkedQueue

/** Gathers the library's log, at its finest level, while it is open. */
class GatheredLog : LogSink, AutoCloseable {
    val records = ConcurrentLinkedQueue<LogRecord>()

    init {
        setLogSink(this, LogLevel.DEBUG)
    }

    override fun log(record: LogRecord) {
        records += record
    }

    override fun close() = setLogSink(null)
}

/** All that an exception could put in a log: its text, its causes, and what was suppressed. */
fun Throwable.everything(): String = java.io.StringWriter().also { printStackTrace(java.io.PrintWriter(it)) }.toString()
