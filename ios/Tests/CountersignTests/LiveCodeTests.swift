import Countersign
import Testing

@Suite(.timeLimit(.minutes(1))) struct LiveCodeTests {
    let text = "otpauth://totp/Example:ada?secret=JBSWY3DPEHPK3PXP"

    @Test func codesTickWhenTheyChangeAndNotBefore() async throws {
        let device = TurnedClock(unixSeconds: 1_700_000_005)
        let phone = try await Phone(clock: device)
        try await phone.authenticator.add([Offer.parse(text: text)])
        let clock = SleepClock()
        var sleeps = clock.sleeps.makeAsyncIterator()
        var codes = phone.authenticator.liveCodes(clock: clock).makeAsyncIterator()

        let first = try #require(try await codes.next())
        guard case .timed(_, let next, let remaining, let period) = first.codes[0].code else {
            throw Failure("no code")
        }
        // 1,700,000,005 is 25 s into a time step.
        #expect(remaining == 5 && period == 30)

        let tick = Task { [codes] in
            var codes = codes
            return try await codes.next()
        }
        let sleep = try #require(await sleeps.next())
        #expect(sleep.duration == .seconds(5))
        device.advance(by: sleep.duration)
        sleep.wake()
        let second = try #require(try await tick.value)
        guard case .timed(let code, _, _, _) = second.codes[0].code else { throw Failure("no code") }
        #expect(code == next)
    }

    @Test func anAddedAccountShowsAtOnce() async throws {
        let phone = try await Phone()
        let clock = SleepClock()
        var codes = phone.authenticator.liveCodes(clock: clock).makeAsyncIterator()
        #expect(try await codes.next()?.codes.isEmpty == true)
        try await phone.authenticator.add([Offer.parse(text: text)])
        // Nobody wakes a sleeper here: it is the change that does.
        #expect(try await codes.next()?.codes.map(\.issuer) == ["Example"])
    }

    @Test func theSequenceEndsWithItsTask() async throws {
        let phone = try await Phone()
        try await phone.authenticator.add([Offer.parse(text: text)])
        let clock = SleepClock()
        var sleeps = clock.sleeps.makeAsyncIterator()
        let authenticator = phone.authenticator
        let reading = Task {
            var count = 0
            for try await _ in authenticator.liveCodes(clock: clock) { count += 1 }
            return count
        }
        _ = await sleeps.next()
        reading.cancel()
        #expect(try await reading.value == 1)
    }

    @Test func aLockedVaultIsAnErrorAndNoEmptyList() async throws {
        let phone = try await Phone()
        try await phone.authenticator.add([Offer.parse(text: text)])
        var codes = phone.authenticator.liveCodes().makeAsyncIterator()
        #expect(try await codes.next()?.codes.count == 1)
        phone.authenticator.vault.lock()
        phone.authenticator.refresh()
        let authenticator = phone.authenticator
        let error = try await failure { try await codes.next() }
        #expect(error.kind == "Locked")
        let other = try await failure { try await authenticator.accounts() }
        #expect(other.kind == "Locked")
    }
}
