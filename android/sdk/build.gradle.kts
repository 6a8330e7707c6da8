// The library: plain Kotlin on the generated bindings, without an Android class. Its tests run under Maven.
plugins {
    alias(libs.plugins.kotlin.jvm)
    `maven-publish`
}

kotlin {
    jvmToolchain(17)
    sourceSets.main {
        kotlin.srcDir("src/generated/kotlin")
    }
}

java {
    withSourcesJar()
}

dependencies {
    api(libs.coroutines.core)
    // Who loads the library brings JNA: the jar on a JVM, the AAR on Android.
    compileOnly(libs.jna)
}

publishing {
    publications.create<MavenPublication>("library") {
        artifactId = "countersign"
        from(components["java"])
    }
}
