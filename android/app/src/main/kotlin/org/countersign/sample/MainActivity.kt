package org.countersign.sample

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Build
import android.os.Bundle
import android.view.WindowManager
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import org.countersign.android.SignInNotifications

/** Shows one screen at a time. A screen runs while it is in front, and no longer. */
class MainActivity : Activity(), CoroutineScope by MainScope() {
    private var screen: Screen? = null
    private var running: Job? = null
    private var isInFront = false

    val app get() = application as SampleApp

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        // Codes and requests belong in no screenshot and no list of recent apps.
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) askFor(Manifest.permission.POST_NOTIFICATIONS)
        open(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        open(intent)
    }

    /** Opens what a notification was about, or the accounts. */
    private fun open(intent: Intent) {
        val request = SignInNotifications.requestIn(intent)
        show(OpeningScreen(this) { authenticator ->
            val open = authenticator.requests().firstOrNull { it.id == request }
            if (open == null) AccountsScreen(this, authenticator)
            else RequestScreen(this, authenticator, open, SignInNotifications.numberIn(intent))
        })
    }

    fun show(next: Screen) {
        screen = next
        setContentView(next.view)
        running?.cancel()
        if (isInFront) running = launch { next.run() }
    }

    fun askFor(permission: String) {
        if (checkSelfPermission(permission) != PackageManager.PERMISSION_GRANTED) requestPermissions(arrayOf(permission), 0)
    }

    override fun onStart() {
        super.onStart()
        isInFront = true
        running = launch { screen?.run() }
    }

    override fun onStop() {
        isInFront = false
        running?.cancel()
        super.onStop()
    }

    override fun onDestroy() {
        cancel()
        super.onDestroy()
    }
}
