// The AAR: the adapters, the native libraries (src/main/jniLibs/<abi>/libcountersign_ffi.so) and the rules for R8.
plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
    `maven-publish`
}

android {
    namespace = "org.countersign.android"
    compileSdk = 36

    defaultConfig {
        minSdk = 28
        consumerProguardFiles("consumer-rules.pro")
    }

    // Calls that Android 9 doesn't have.
    sourceSets["main"].kotlin.srcDir("src/newer/kotlin")

    publishing {
        singleVariant("release") {
            withSourcesJar()
        }
    }
}

kotlin {
    explicitApi()
    jvmToolchain(17)
}

dependencies {
    api(project(":sdk"))
    api(libs.coroutines.android)
    implementation(libs.jna) {
        artifact { type = "aar" }
    }
}

publishing {
    publications.create<MavenPublication>("release") {
        artifactId = "countersign-android"
        afterEvaluate { from(components["release"]) }
    }
}
