// What ships: the AAR and the sample's APK. The checks that need no Android SDK are Maven's (pom.xml).
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.android) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}

allprojects {
    group = "org.countersign"
    version = "0.1.0"
}
