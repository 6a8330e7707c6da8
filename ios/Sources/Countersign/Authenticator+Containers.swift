import CountersignFFI

extension Authenticator {
    /// All containers. Needs no network.
    ///
    /// - Throws: ``AuthenticatorError`` when the vault can't be read. It never gives an empty list instead.
    public func containers() async throws -> Containers {
        try await core.containers()
    }

    /// Registers this device for a container of a privacyIDEA server. Its tokens come with ``synchronise(_:wakeUp:adopting:)``, which an
    /// app calls next. If the reply was lost, scanning the same code again resumes the registration.
    ///
    /// - Parameter deviceName: The device's name, for the organisation.
    /// - Parameter passphrase: The person's input, if the code asks for it.
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

    /// Adds tokens that the server has added to a container, and moves those that it has removed to the trash: show the
    /// result. Call it when the app is opened and when the person asks.
    ///
    /// - Parameters:
    ///   - wakeUp: How to wake this device for new push tokens.
    ///   - adopt: Accounts of ``adoptableAccounts(for:)`` that the person agrees to have adopted.
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

    /// Accounts with codes of a privacyIDEA server that the container can adopt by serial, with unchanged codes. Before
    /// the first synchronisation, ask the person which of them belong to this server. Otherwise the server regenerates
    /// such codes, and the old ones go to the trash.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` for no such container.
    public func adoptableAccounts(for container: Id) async throws -> [Id] {
        try await core.adoptableAccounts(container: container)
    }

    /// Requests the code with which another phone takes over a container. Nothing changes here until that phone has
    /// scanned it.
    ///
    /// - Throws: ``AuthenticatorError/Refused(detail:)`` with `container_forbidden` if the server doesn't allow it; as
    ///   ``synchronise(_:wakeUp:adopting:)``.
    public func transfer(_ container: Id) async throws -> ContainerTransfer {
        try await cancellable { try await core.transferContainer(container: container, cancel: $0) }
    }

    /// Leaves a container at its server. Its accounts stay; if another phone has it, they go to the trash.
    ///
    /// - Returns: The accounts that went to the trash.
    /// - Throws: As ``transfer(_:)``.
    @discardableResult
    public func leave(_ container: Id) async throws -> [Id] {
        try await changing {
            try await cancellable { try await core.leaveContainer(container: container, cancel: $0) }
        }
    }

    /// Removes a container on this device only, for a server that can no longer be reached. Its accounts stay.
    ///
    /// - Throws: ``AuthenticatorError/Gone(detail:)`` for no such container; those of the key store.
    public func forget(_ container: Id) async throws {
        try await cancellable { try await core.forgetContainer(container: container, cancel: $0) }
    }
}
