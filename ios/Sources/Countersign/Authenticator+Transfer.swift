import CountersignFFI

extension Authenticator {
    /// The move to a new phone that is under way, if there is one; after a restart too.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read.
    public func transfer() async throws -> Transfer? {
        try await core.transfer()
    }

    /// Ends the move, at whatever step it is, and forgets its keys. Accounts stay as they are.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be written.
    public func endTransfer() async throws {
        try await core.endTransfer()
    }

    // MARK: The new phone

    /// Begins to receive accounts from an old phone, or takes up again what was begun.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` with the code `move_under_way` while this phone sends accounts.
    public func receiveAccounts() async throws -> Receiving {
        try await core.receiveAccounts()
    }

    /// Takes in one code that the old phone shows (``ScannedCode/transfer(text:kind:)``), in any order. The same code again
    /// changes nothing.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when it isn't one of this move's, or not the one that comes next;
    ///   ``AuthenticatorError/Untrusted(detail:)`` when a second phone has answered, or the code wasn't made by the old phone.
    ///   Nothing has changed then.
    public func receive(code text: String) async throws -> Receiving {
        try await core.receiveCode(text: text)
    }

    /// What ``storeReceived(options:)`` would make of every account. Changes nothing.
    ///
    /// - Parameters:
    ///   - options: Without them, both of the same name are kept.
    ///   - page: The part that is asked for; all rows without one.
    /// - Throws: ``AuthenticatorError/Input(detail:)`` with the code `move_incomplete` while codes are missing.
    public func previewReceived(options: ImportOptions? = nil, page: Page? = nil) async throws -> ImportPreview {
        try await core.previewReceived(options: options, page: page)
    }

    /// Stores the accounts, all of them or none, and reads them back. That it returns means that the vault holds what the old
    /// phone sent, and that the receipt says so.
    ///
    /// - Throws: As ``previewReceived(options:page:)``; when the vault can't be read or written.
    @discardableResult
    public func storeReceived(options: ImportOptions? = nil) async throws -> ReceivedAccounts {
        try await changing { try await core.storeReceived(options: options) }
    }

    // MARK: The old phone

    /// Takes up the invitation that a new phone shows. Nothing of any account is shown yet. Do it only for a person who has said
    /// that the new phone is in their hands.
    ///
    /// - Throws: ``AuthenticatorError/Input(detail:)`` when another move is under way, or the text is no invitation.
    public func sendAccounts(to invitation: String) async throws -> Sending {
        try await core.sendAccounts(invitation: invitation)
    }

    /// Seals accounts to the new phone, once a person has typed the check value that they read *there*, in any case and with
    /// the dash or without.
    ///
    /// Of each move one choice is sealed, and shown as often as it takes. To choose others, end the move and begin anew.
    ///
    /// - Parameter accounts: Those that move; without them, all that aren't in the trash.
    /// - Throws: ``AuthenticatorError/Input(detail:)`` with the code `move_check_value_differs`, and nothing is shown;
    ///   ``AuthenticatorError/Vault(detail:)`` when an account wouldn't arrive as it is.
    @discardableResult
    public func showAccounts(checkValue: String, accounts: [Id]? = nil) async throws -> ShownAccounts {
        try await core.showAccounts(checkValue: checkValue, accounts: accounts)
    }

    /// Takes in one code of the new phone's receipt. With the last one, the accounts that it proves are marked as moved: they
    /// stay, and those whose codes come from a counter make none any more.
    ///
    /// - Throws: ``AuthenticatorError/Untrusted(detail:)`` when the new phone holds something else than it was sent;
    ///   ``AuthenticatorError/Input(detail:)`` when the code isn't one of this move's receipt. Nothing has changed then.
    public func receive(receipt text: String) async throws -> Sending {
        try await changing { try await core.receiveReceipt(text: text) }
    }

    /// Puts the accounts that a new phone has proven to hold in the trash, and ends the move.
    ///
    /// - Returns: How many went.
    /// - Throws: ``AuthenticatorError/Untrusted(detail:)`` with the code `move_not_proven` while the receipt wasn't scanned.
    @discardableResult
    public func removeMoved() async throws -> Int64 {
        try await changing { try await core.removeMoved() }
    }

    /// Makes codes of a moved account here again. Codes from a counter then come from two phones, of which the issuer refuses
    /// one's: do it when the new phone is gone, or has given the account up.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` when there is no such account.
    public func takeBack(_ account: Id) async throws {
        try await changing { try await core.takeBack(account: account) }
    }
}
