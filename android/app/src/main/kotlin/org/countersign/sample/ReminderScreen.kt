package org.countersign.sample

import org.countersign.Authenticator
import org.countersign.ffi.AuthenticatorException
import org.countersign.ffi.NewSlot
import org.countersign.ffi.SlotKind
import org.countersign.passphraseOf

/** Asks for the passphrase, so that it isn't forgotten. A person who has forgotten it can set a new one. */
class ReminderScreen(activity: MainActivity, private val authenticator: Authenticator) : Screen(activity) {
    override val back = { AccountsScreen(activity, authenticator) }

    override suspend fun run() {
        val typed = ask(words(R.string.still_known))
        if (typed != null && trying { isRight(typed) } == false) {
            val replaces = tell(words(R.string.wrong_passphrase), words(R.string.make_another), words(R.string.later))
            if (replaces && activity.isThePerson(words(R.string.another_passphrase))) trying { replace() }
        }
        activity.goBack()
    }

    private suspend fun isRight(typed: CharArray): Boolean = passphraseOf(typed).use {
        try {
            authenticator.checkPassphrase(it)
            true
        } catch (_: AuthenticatorException.WrongKey) {
            false
        }
    }

    private suspend fun replace() {
        val typed = ask(words(R.string.new_passphrase)) ?: return
        authenticator.vault().use { vault ->
            val old = vault.slots().first { it.kind == SlotKind.PASSPHRASE }
            passphraseOf(typed).use { new ->
                NewSlot.fromPassphrase(new).use { vault.replaceSlot(old.id, it) }
                authenticator.checkPassphrase(new)
            }
        }
    }
}
