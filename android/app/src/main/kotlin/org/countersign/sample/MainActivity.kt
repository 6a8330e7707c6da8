package org.countersign.sample

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.view.WindowManager
import android.window.OnBackInvokedDispatcher
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.countersign.android.SignInNotifications
import java.io.FileNotFoundException

/** Shows one screen at a time. A screen runs while it is in front, and no longer. */
class MainActivity : Activity(), CoroutineScope by MainScope() {
    private var screen: Screen? = null
    private var running: Job? = null
    private var isInFront = false
    private var picked: CompletableDeferred<Uri?>? = null

    val app get() = application as SampleApp

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        // Codes and requests must not appear in screenshots or in the list of recent apps.
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) askFor(Manifest.permission.POST_NOTIFICATIONS)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            onBackInvokedDispatcher.registerOnBackInvokedCallback(OnBackInvokedDispatcher.PRIORITY_DEFAULT, ::goBack)
        }
        open(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        open(intent)
    }

    /** Opens the request of a notification, or the accounts. */
    private fun open(intent: Intent) {
        val request = SignInNotifications.requestIn(intent)
        show(OpeningScreen(this) { authenticator ->
            val open = authenticator.requests().firstOrNull { it.id == request }
            if (open == null) AccountsScreen(this, authenticator)
            else RequestScreen(this, authenticator, open, SignInNotifications.numberIn(intent))
        })
    }

    /** Handles the phone's back gesture: the screen decides where it leads. */
    fun goBack() {
        screen?.back?.let { show(it()) } ?: finish()
    }

    @Deprecated("Android 12 calls it; newer ones call what onCreate registers.")
    override fun onBackPressed() = goBack()

    fun show(next: Screen) {
        screen = next
        setContentView(next.view)
        running?.cancel()
        if (isInFront) running = launch { next.run() }
    }

    fun askFor(permission: String) {
        if (checkSelfPermission(permission) != PackageManager.PERMISSION_GRANTED) requestPermissions(arrayOf(permission), 0)
    }

    override fun onRequestPermissionsResult(request: Int, permissions: Array<String>, results: IntArray) {
        super.onRequestPermissionsResult(request, permissions, results)
        if (PackageManager.PERMISSION_GRANTED in results) screen?.let(::show)
    }

    /** A file that the person chooses. */
    suspend fun pickFile(): Uri? = pick(Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*"))

    /** Its content. */
    suspend fun read(file: Uri): ByteArray = withContext(Dispatchers.IO) {
        contentResolver.openInputStream(file)?.use { it.readBytes() } ?: throw FileNotFoundException()
    }

    /** A folder that the person chooses. */
    suspend fun pickFolder(): Uri? = pick(Intent(Intent.ACTION_OPEN_DOCUMENT_TREE))

    private suspend fun pick(intent: Intent): Uri? {
        picked?.cancel()
        val chosen = CompletableDeferred<Uri?>().also { picked = it }
        startActivityForResult(intent, PICK)
        return chosen.await()
    }

    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        super.onActivityResult(request, result, data)
        if (request == PICK) picked?.complete(data?.data)
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

    private companion object {
        const val PICK = 1
    }
}
