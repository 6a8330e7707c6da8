package org.countersign.sample

import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import android.content.pm.PackageManager.PackageInfoFlags
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import kotlin.test.assertEquals

/** What Android finds in the app's manifest, once the library's is merged into it. */
@RunWith(RobolectricTestRunner::class)
class ManifestTest {
    private val flags = PackageManager.GET_PERMISSIONS or PackageManager.GET_ACTIVITIES or PackageManager.GET_RECEIVERS or
        PackageManager.GET_SERVICES or PackageManager.GET_PROVIDERS
    private val app = RuntimeEnvironment.getApplication().run { packageManager.getPackageInfo(packageName, PackageInfoFlags.of(flags.toLong())) }

    @Test
    fun `the app asks for what it uses, and no more`() {
        val asked = app.requestedPermissions.orEmpty().map { it.substringAfterLast('.') }
        assertEquals(setOf("INTERNET", "USE_BIOMETRIC", "POST_NOTIFICATIONS", "CAMERA"), asked.toSet())
    }

    @Test
    fun `other apps reach the activity that is started, and the receiver of wake-ups`() {
        val parts = listOf(app.activities, app.receivers, app.services, app.providers).flatMap { it.orEmpty().toList() }
        val exported = parts.associate { it.name.removePrefix("org.countersign.") to it.exported }
        assertEquals(mapOf("sample.MainActivity" to true, "android.UnifiedPushReceiver" to true, "android.DecisionReceiver" to false), exported)
    }

    @Test
    fun `nothing of it is in a backup`() {
        val info = requireNotNull(app.applicationInfo)
        assertEquals(0, info.flags and ApplicationInfo.FLAG_ALLOW_BACKUP)
        assertEquals(RuntimeEnvironment.getApplication().javaClass.name, info.className)
        assertEquals(31, info.minSdkVersion)
    }
}
