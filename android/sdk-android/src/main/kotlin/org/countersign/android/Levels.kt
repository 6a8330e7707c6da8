package org.countersign.android

// API levels, as numbers: Android 9, which the library is also compiled against, doesn't name later ones.

internal const val ANDROID_10: Int = 29
internal const val ANDROID_11: Int = 30
internal const val ANDROID_12: Int = 31
