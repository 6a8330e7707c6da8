package org.countersign.android

import android.content.Context
import org.countersign.VaultFile
import java.io.File

/**
 * The vault of a profile, in the folder that Android excludes from backups, opened by a key of the Android Keystore.
 *
 * @param profile a shared phone has one per person: letters, digits, `-` and `_`.
 */
public fun vaultFile(context: Context, profile: String = "main"): VaultFile {
    require(profile.matches(PROFILE)) { "a profile's name has 1 to 64 letters, digits, hyphens and underscores" }
    val folder = File(context.noBackupFilesDir, "countersign")
    return VaultFile(File(folder, "$profile.vault"), KeystoreVaultKeys())
}

private val PROFILE = Regex("[A-Za-z0-9_-]{1,64}")
