import CountersignFFI

extension Authenticator {
    /// All containers. Asks nobody.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read. It never gives an empty list instead.
    public func containers() async throws -> Containers {
        try await core.containers()
    }

    /// Registers this device for a container of a privacyIDEA server. Its tokens come with ``synchronise(_:wakeUp:adopting:)``, which an
    /// app calls next. Scanned again after its reply got lost, the same code takes the registration up again.
    ///
    /// - Parameter deviceName: The device's name, as the organisation reads it.
    /// - Parameter passphrase: What the person has entered, where the code asks for it.
    /// - Throws: ``AuthenticatorError/Refused(detail:)`` when the server refuses the code;
    ///   ``AuthenticatorError/Input(detail:)`` when it needs another passphrase, or the person's consent to send their
    ///   password, or for another kind of offer; those of the network and of the key store.
    public func register(
        _ offer: Offer, as deviceName: String, with passphrase: ContainerPassphrase? = nil
    ) async throws -> Container {
        try await cancellable {
            try await core.registerContainer(
                offer: offer, deviceName: deviceName, passphrase: passphrase, cancel: $0)
        }
    }

    /// Takes in what the server has added to a container, and puts what it has taken out in the trash: tell the person. Call it
    /// when the app is opened and when the person asks.
    ///
    /// - Parameters:
    ///   - wakeUp: How this device is to be woken for push tokens that come.
    ///   - adopt: Those of ``adoptableAccounts(for:)`` that the person agrees to have in the container.
    /// - Throws: ``AuthenticatorError/Refused(detail:)`` with `container_moved` when another phone has the container;
    ///   ``AuthenticatorError/Vault(detail:)`` when accounts of it can't be read; those of the network and the key store.
    @discardableResult
    public func synchronise(
        _ container: Id, wakeUp: WakeUp? = nil, adopting adopt: [Id] = []
    ) async throws -> ContainerSync {
        try await changing {
            try await cancellable {
                try await core.synchroniseContainer(
                    container: container, wakeUp: wakeUp, cancel: $0, adopt: adopt)
            }
        }
    }

    /// Accounts with codes of a privacyIDEA server that the container may take over by their serials, with their codes as they
    /// are. Ask the person which of them are this server's, before the first synchronisation; without that, such codes come
    /// anew, and the old ones go to the trash.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` for no such container.
    public func adoptableAccounts(for container: Id) async throws -> [Id] {
        try await core.adoptableAccounts(container: container)
    }

    /// Asks the server for the code by which another phone takes a container over. Until that phone has scanned it, all stays
    /// as it is here.
    ///
    /// - Throws: ``AuthenticatorError/Refused(detail:)`` with `container_forbidden` where the server doesn't allow it; as
    ///   ``synchronise(_:wakeUp:adopting:)``.
    public func transfer(_ container: Id) async throws -> ContainerTransfer {
        try await cancellable { try await core.transferContainer(container: container, cancel: $0) }
    }

    /// Gives a container up at its server. Its accounts stay; where another phone has it, they go to the trash.
    ///
    /// - Returns: The accounts that went to the trash.
    /// - Throws: As ``transfer(_:)``.
    @discardableResult
    public func leave(_ container: Id) async throws -> [Id] {
        try await changing {
            try await cancellable { try await core.leaveContainer(container: container, cancel: $0) }
        }
    }

    /// Removes a container here, without telling the server; for one that can't be reached any more. Its accounts stay.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` for no such container; those of the key store.
    public func forget(_ container: Id) async throws {
        try await cancellable { try await core.forgetContainer(container: container, cancel: $0) }
    }
}
