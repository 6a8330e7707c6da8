import CountersignFFI

extension Authenticator {
    /// The move to a new phone in progress, if any, also after a restart.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func transfer() async throws -> Transfer? {
        try await core.transfer()
    }

    /// Ends the move at any step, and deletes its keys. Accounts stay as they are.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be written.
    public func endTransfer() async throws {
        try await core.endTransfer()
    }

    // MARK: The new phone

    /// Starts or resumes receiving accounts from an old phone.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` with the code `move_under_way` while this phone sends accounts.
    public func receiveAccounts() async throws -> Receiving {
        try await core.receiveAccounts()
    }

    /// Accepts one code from the old phone (``ScannedCode/transfer(text:kind:)``), in any order. Repeating a code
    /// changes nothing.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when it doesn't belong to this move, or isn't the next one;
    ///   ``AuthenticatorError/Untrusted(detail:)`` when a second phone has answered, or the code wasn't made by the old phone.
    ///   Nothing has changed then.
    public func receive(code text: String) async throws -> Receiving {
        try await core.receiveCode(text: text)
    }

    /// The effect that ``storeReceived(options:)`` would have on every account. Changes nothing.
    ///
    /// - Parameters:
    ///   - options: By default, both accounts of the same name are kept.
    ///   - page: The requested part; without it, all rows.
    /// - Throws: ``AuthenticatorError/Input(detail:)`` with the code `move_incomplete` while codes are missing.
    public func previewReceived(options: ImportOptions? = nil, page: Page? = nil) async throws -> ImportPreview {
        try await core.previewReceived(options: options, page: page)
    }

    /// Stores all accounts or none, and reads them back. It returns only if the vault contains what the old phone sent,
    /// which the receipt confirms.
    ///
    /// - Throws: As ``previewReceived(options:page:)``; when the vault can't be read or written.
    @discardableResult
    public func storeReceived(options: ImportOptions? = nil) async throws -> ReceivedAccounts {
        try await changing { try await core.storeReceived(options: options) }
    }

    // MARK: The old phone

    /// Accepts a new phone's invitation. No account is shown yet. Call it only after the person has confirmed that they
    /// hold the new phone.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when another move is in progress, or the text isn't an
    ///   invitation.
    public func sendAccounts(to invitation: String) async throws -> Sending {
        try await core.sendAccounts(invitation: invitation)
    }

    /// Seals accounts to the new phone, once a person has typed the check value that *the new phone* shows, in any case
    /// and with or without the dash.
    ///
    /// Each move seals one selection, and shows it as often as necessary. To select others, end the move and start
    /// another.
    ///
    /// - Parameter accounts: The accounts to move; by default, all outside the trash.
    /// - Throws: ``AuthenticatorError/Input(detail:)`` with the code `move_check_value_differs`, and nothing is shown;
    ///   ``AuthenticatorError/Vault(detail:)`` when an account wouldn't arrive unchanged.
    @discardableResult
    public func showAccounts(checkValue: String, accounts: [Id]? = nil) async throws -> ShownAccounts {
        try await core.showAccounts(checkValue: checkValue, accounts: accounts)
    }

    /// Accepts one code of the new phone's receipt. After the last one, the accounts that it proves are marked as
    /// moved: they stay, but those with a counter no longer make codes.
    ///
    /// - Throws: ``AuthenticatorError/Untrusted(detail:)`` when the new phone has something other than what was sent;
    ///   ``AuthenticatorError/Input(detail:)`` when the code doesn't belong to this move's receipt. Nothing has changed
    ///   then.
    public func receive(receipt text: String) async throws -> Sending {
        try await changing { try await core.receiveReceipt(text: text) }
    }

    /// Moves the accounts that the new phone has proved to have to the trash, and ends the move.
    ///
    /// - Returns: Their number.
    /// - Throws: ``AuthenticatorError/Untrusted(detail:)`` with the code `move_not_proven` while the receipt wasn't scanned.
    @discardableResult
    public func removeMoved() async throws -> Int64 {
        try await changing { try await core.removeMoved() }
    }

    /// Lets this phone make codes of a moved account again. With a counter, codes would then come from two phones, and
    /// the issuer refuses those of one: call it only if the new phone is gone, or no longer has the account.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func takeBack(_ account: Id) async throws {
        try await changing { try await core.takeBack(account: account) }
    }
}
