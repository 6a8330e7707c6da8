package org.countersign

import java.nio.file.Path
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.extension
import kotlin.io.path.readLines
import kotlin.io.path.walk
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** Every public item of the library and of the adapters says what it is. */
class PublicDocsTest {
    @OptIn(ExperimentalPathApi::class)
    @Test
    fun `every public item has a KDoc comment`() {
        val sources = listOf("src/main/kotlin", "../sdk-android/src/main/kotlin").flatMap { folder ->
            Path.of(folder).walk().filter { it.extension == "kt" }.toList()
        }
        assertTrue(sources.size > 10, "the sources are where this test looks for them: $sources")
        val bare = sources.flatMap { file -> file.readLines().withoutDocs().map { "${file.fileName}: $it" } }
        assertEquals(emptyList(), bare)
    }

    /** Declarations that begin with `public` and come after neither a comment nor an annotation that comes after one. */
    private fun List<String>.withoutDocs(): List<String> = mapIndexedNotNull { index, line ->
        val above = subList(0, index).lastOrNull { !it.trim().startsWith("@") }?.trim().orEmpty()
        line.trim().takeIf { it.startsWith("public ") && !isProperty(it) && !above.endsWith("*/") }
    }

    /** A property of a constructor is said by `@property` in the comment of its class. */
    private fun isProperty(line: String) = line.startsWith("public val") && line.endsWith(",")
}
