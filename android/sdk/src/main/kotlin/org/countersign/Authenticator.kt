package org.countersign

import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.flow
import org.countersign.ffi.AccountFailure
import org.countersign.ffi.AddedAccount
import org.countersign.ffi.AnswerOutcome
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.AuthenticatorInterface
import org.countersign.ffi.Backup
import org.countersign.ffi.BackupFolder
import org.countersign.ffi.CancelHandle
import org.countersign.ffi.ClockChoice
import org.countersign.ffi.ClockStatus
import org.countersign.ffi.Container
import org.countersign.ffi.ContainerPassphrase
import org.countersign.ffi.ContainerSync
import org.countersign.ffi.ContainerTransfer
import org.countersign.ffi.DeviceClock
import org.countersign.ffi.DeviceDescription
import org.countersign.ffi.DeviceKeys
import org.countersign.ffi.Enrolment
import org.countersign.ffi.ExportFormat
import org.countersign.ffi.ExportedFile
import org.countersign.ffi.Id
import org.countersign.ffi.Import
import org.countersign.ffi.ImportOptions
import org.countersign.ffi.ImportReport
import org.countersign.ffi.MatchProof
import org.countersign.ffi.Offer
import org.countersign.ffi.Page
import org.countersign.ffi.Passphrase
import org.countersign.ffi.ReceivedAccounts
import org.countersign.ffi.Rehearsal
import org.countersign.ffi.Replacement
import org.countersign.ffi.ReplacementStep
import org.countersign.ffi.RequestEvent
import org.countersign.ffi.Requests
import org.countersign.ffi.Sending
import org.countersign.ffi.SendingStep
import org.countersign.ffi.Transfer
import org.countersign.ffi.TurnDown
import org.countersign.ffi.TurnedDown
import org.countersign.ffi.UndoReport
import org.countersign.ffi.UserCheck
import org.countersign.ffi.Vault
import org.countersign.ffi.WakeUp
import kotlin.time.Duration
import kotlin.time.DurationUnit
import kotlin.time.TimeSource
import org.countersign.ffi.Authenticator as NativeAuthenticator

/**
 * The authenticator on one open vault: accounts, live codes, enrolment and sign-ins.
 *
 * Every call may be made from any coroutine, several at once. None blocks the thread it is made on. Cancelling the coroutine
 * also ends the call in Rust; the `cancel` parameters are for code without coroutines. Failures are
 * [org.countersign.ffi.AuthenticatorException], each with a stable `code()` and a text for a person, `describe()`;
 * [answer] turns those of an answer into a choice. [close] frees memory in Rust, and doesn't close the vault.
 */
public class Authenticator internal constructor(
    private val native: AuthenticatorInterface,
    private val resource: AutoCloseable,
    private val timeSource: TimeSource,
) : AuthenticatorInterface by native, AutoCloseable by resource {

    private val changes = MutableSharedFlow<Unit>(extraBufferCapacity = 1, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    /**
     * The current codes, and new ones whenever the first of them changes or an account is added, renamed, moved, trashed,
     * restored, deleted, activated or revoked. Nothing runs in between. Ends with an exception when the vault is locked.
     *
     * A sleeping phone stops its timers, so collect it while the screen is visible (`repeatOnLifecycle(STARTED)`): collecting
     * starts with the current codes. [refreshCodes] emits new ones at once.
     *
     * @param page the rows to show; all of them without one.
     */
    public fun liveCodes(page: Page? = null): Flow<LiveCodes> = liveCodes(changes, timeSource) { native.codes(page) }

    /** Emits new codes to all collectors of [liveCodes], for example after the person has set the device's clock. */
    public fun refreshCodes() {
        changes.tryEmit(Unit)
    }

    /**
     * All events of sign-ins, fetched from the services by long polls while it is collected. The first event is always the list
     * of open requests. Collect it once in an app. Ends with an exception when the vault is locked.
     */
    public fun events(): Flow<RequestEvent> = flow {
        native.watch().use { watcher ->
            while (true) {
                val event = cancelling(null) { watcher.nextEvent(it) }
                // An account may have become active, or its service may no longer know this phone: its codes depend on that.
                if (event is RequestEvent.RequestsChanged || event is RequestEvent.FailuresChanged) refreshCodes()
                emit(event)
            }
        }
    }

    /** As [events], combined into the current state. */
    public fun watchSignIns(): Flow<SignIns> = events().foldToSignIns()

    /**
     * Asks all services once for sign-ins, and waits up to [wait] (at most a minute) for something new. Call it on a wake-up.
     * Paused accounts are skipped; [askForRequests] includes them, when the person asks.
     */
    public suspend fun checkSignIns(wait: Duration = Duration.ZERO): Requests =
        waitForRequests(wait.toLong(DurationUnit.MILLISECONDS).coerceIn(0, MAX_WAIT_MS).toUInt())

    /**
     * Answers a request, and returns what the app does next. Approving with the platform's keys shows the platform's prompt.
     * Only cancelling the coroutine throws.
     */
    public suspend fun answer(request: Id, decision: Decision): Answer = answerOf {
        when (decision) {
            is Decision.Approve -> approve(request, decision.proof)
            Decision.Deny -> deny(request)
            Decision.Cancel -> turnDown(listOf(request), TurnDown.CANCEL).single().outcomeOrThrow()
            Decision.Report -> report(request)
            Decision.ReportAndLock -> turnDown(listOf(request), TurnDown.REPORT_AND_LOCK).single().outcomeOrThrow()
        }
    }

    override suspend fun add(offers: List<Offer>): List<AddedAccount> = native.add(offers).alsoRefresh()

    override suspend fun rename(account: Id, issuer: String, name: String): Unit =
        native.rename(account, issuer, name).alsoRefresh()

    override suspend fun reorder(order: List<Id>): Unit = native.reorder(order).alsoRefresh()

    override suspend fun trash(account: Id): Unit = native.trash(account).alsoRefresh()

    override suspend fun restore(account: Id): Unit = native.restore(account).alsoRefresh()

    override suspend fun delete(account: Id, cancel: CancelHandle?): Unit =
        cancelling(cancel) { native.delete(account, it) }.alsoRefresh()

    override suspend fun enrol(offer: Offer, device: DeviceDescription, cancel: CancelHandle?): Enrolment =
        cancelling(cancel) { native.enrol(offer, device, it) }.alsoRefresh()

    override suspend fun chooseClock(choice: ClockChoice): ClockStatus = native.chooseClock(choice).alsoRefresh()

    override suspend fun undoClockChoice(): Boolean = native.undoClockChoice().alsoRefresh()

    override suspend fun renameDevice(account: Id, name: String, cancel: CancelHandle?): Unit =
        cancelling(cancel) { native.renameDevice(account, name, it) }

    override suspend fun setWakeUp(wakeUp: WakeUp?, cancel: CancelHandle?): List<AccountFailure> =
        cancelling(cancel) { native.setWakeUp(wakeUp, it) }

    override suspend fun revoke(account: Id, cancel: CancelHandle?): Unit =
        cancelling(cancel) { native.revoke(account, it) }.alsoRefresh()

    override suspend fun registerContainer(
        offer: Offer,
        deviceName: String,
        passphrase: ContainerPassphrase?,
        cancel: CancelHandle?,
    ): Container = cancelling(cancel) { native.registerContainer(offer, deviceName, passphrase, it) }

    override suspend fun synchroniseContainer(
        container: Id,
        wakeUp: WakeUp?,
        cancel: CancelHandle?,
        adopt: List<Id>,
    ): ContainerSync = cancelling(cancel) { native.synchroniseContainer(container, wakeUp, it, adopt) }.alsoRefresh()

    override suspend fun transferContainer(container: Id, cancel: CancelHandle?): ContainerTransfer =
        cancelling(cancel) { native.transferContainer(container, it) }

    override suspend fun leaveContainer(container: Id, cancel: CancelHandle?): List<Id> =
        cancelling(cancel) { native.leaveContainer(container, it) }.alsoRefresh()

    override suspend fun forgetContainer(container: Id, cancel: CancelHandle?): Unit =
        cancelling(cancel) { native.forgetContainer(container, it) }

    override suspend fun storeReceived(options: ImportOptions?): ReceivedAccounts = native.storeReceived(options).alsoRefresh()

    override suspend fun receiveReceipt(text: String): Sending = native.receiveReceipt(text).alsoRefresh()

    override suspend fun relayTransfer(cancel: CancelHandle?): Transfer =
        cancelling(cancel) { native.relayTransfer(it) }.also {
            if (it is Transfer.OldPhone && it.sending.step is SendingStep.Proven) refreshCodes()
        }

    override suspend fun endRelay(cancel: CancelHandle?): Unit = cancelling(cancel) { native.endRelay(it) }

    override suspend fun removeMoved(): Long = native.removeMoved().alsoRefresh()

    override suspend fun takeBack(account: Id): Unit = native.takeBack(account).alsoRefresh()

    override suspend fun replaceDevice(account: Id, cancel: CancelHandle?): Replacement =
        cancelling(cancel) { native.replaceDevice(account, it) }

    override suspend fun resumeReplacement(account: Id, cancel: CancelHandle?): Replacement? =
        cancelling(cancel) { native.resumeReplacement(account, it) }

    override suspend fun replacementStep(replacement: Replacement, cancel: CancelHandle?): ReplacementStep =
        cancelling(cancel) { native.replacementStep(replacement, it) }.also { if (it == ReplacementStep.Done) refreshCodes() }

    override suspend fun waitForRequests(waitMs: UInt, cancel: CancelHandle?): Requests =
        cancelling(cancel) { native.waitForRequests(waitMs, it) }

    override suspend fun fetch(account: Id, waitMs: UInt, cancel: CancelHandle?): List<ApprovalRequest> =
        cancelling(cancel) { native.fetch(account, waitMs, it) }

    override suspend fun approve(request: Id, proof: MatchProof, cancel: CancelHandle?): AnswerOutcome =
        cancelling(cancel) { native.approve(request, proof, it) }.alsoRefresh()

    override suspend fun deny(request: Id, cancel: CancelHandle?): AnswerOutcome =
        cancelling(cancel) { native.deny(request, it) }.alsoRefresh()

    override suspend fun report(request: Id, cancel: CancelHandle?): AnswerOutcome =
        cancelling(cancel) { native.report(request, it) }.alsoRefresh()

    override suspend fun askForRequests(cancel: CancelHandle?): Requests = cancelling(cancel) { native.askForRequests(it) }

    override suspend fun turnDown(requests: List<Id>, how: TurnDown, cancel: CancelHandle?): List<TurnedDown> =
        cancelling(cancel) { native.turnDown(requests, how, it) }.alsoRefresh()

    override suspend fun resume(account: Id, cancel: CancelHandle?): Unit = cancelling(cancel) { native.resume(account, it) }

    override suspend fun importAccounts(`import`: Import, options: ImportOptions?): ImportReport =
        native.importAccounts(`import`, options).alsoRefresh()

    override suspend fun undoImport(): UndoReport = native.undoImport().alsoRefresh()

    override suspend fun export(format: ExportFormat, password: Passphrase?, cancel: CancelHandle?): ExportedFile =
        cancelling(cancel) { native.export(format, password, it) }

    override suspend fun exportTo(path: String, format: ExportFormat, password: Passphrase?, cancel: CancelHandle?): Rehearsal =
        cancelling(cancel) { native.exportTo(path, format, password, it) }

    override suspend fun backUp(folder: String, password: Passphrase, keep: UInt, cancel: CancelHandle?): Backup =
        cancelling(cancel) { native.backUp(folder, password, keep, it) }

    override suspend fun backUpInto(folder: BackupFolder, password: Passphrase, keep: UInt, cancel: CancelHandle?): Backup =
        cancelling(cancel) { native.backUpInto(folder, password, keep, it) }

    override suspend fun rehearse(file: ByteArray, password: Passphrase?, cancel: CancelHandle?): Rehearsal =
        cancelling(cancel) { native.rehearse(file, password, it) }

    private fun <T> T.alsoRefresh(): T = also { refreshCodes() }

    /** Opening. */
    public companion object {
        /**
         * The authenticator on an unlocked vault, with the platform's key store.
         *
         * @param clock the device's clocks; without one, the process's own.
         * @param roots certificate authorities (DER) to trust in addition to the public ones, such as the organisation's.
         */
        public suspend fun open(
            vault: Vault,
            keys: DeviceKeys,
            clock: DeviceClock? = null,
            roots: List<ByteArray> = emptyList(),
        ): Authenticator = NativeAuthenticator.open(vault, keys, clock, roots).inKotlin()

        /**
         * As [open], with device keys kept in the vault: for devices without secure hardware, emulators and tests.
         *
         * @param userCheck how the app checks the person before it lets them approve.
         */
        public suspend fun openWithSoftwareKeys(
            vault: Vault,
            userCheck: UserCheck,
            clock: DeviceClock? = null,
            roots: List<ByteArray> = emptyList(),
        ): Authenticator = NativeAuthenticator.openWithSoftwareKeys(vault, userCheck, clock, roots).inKotlin()

        private fun NativeAuthenticator.inKotlin() = Authenticator(this, this, TimeSource.Monotonic)

        private const val MAX_WAIT_MS = 60_000L
    }
}
