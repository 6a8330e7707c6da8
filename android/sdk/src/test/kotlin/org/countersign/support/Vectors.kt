package org.countersign.support

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import java.nio.file.Path
import kotlin.io.path.readText

/** The vectors in `tests/vectors`, which Rust, Kotlin and Swift share. */
fun vectors(file: String): JsonObject {
    val folder = System.getProperty("countersign.vectors") ?: error("countersign.vectors isn't set")
    return Json.parseToJsonElement(Path.of(folder, file).readText()).jsonObject
}

fun JsonElement.rows(name: String): List<JsonObject> = jsonObject.getValue(name).jsonArray.map { it.jsonObject }

fun JsonElement.text(name: String): String = jsonObject.getValue(name).jsonPrimitive.content

/** Bytes in hexadecimal digits as base32 (RFC 4648, section 6), which is how `otpauth` links write a secret. */
fun base32(hex: String): String {
    val bits = hex.map { it.digitToInt(16).toString(2).padStart(4, '0') }.joinToString("")
    return bits.chunked(5).joinToString("") { "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[it.padEnd(5, '0').toInt(2)].toString() }
}
