import Countersign
import Foundation
import Testing

/// Moving to a new phone, by the codes that the two phones show each other.
@Suite(.timeLimit(.minutes(1))) struct TransferTests {
    /// What the secrets of all accounts begin with.
    private static let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3P"
    private static let accounts = 12

    @Test func accountsMoveAlthoughBothAppsEndAtEveryStep() async throws {
        var (old, new) = try await phones()
        let begun = try await new.authenticator.receiveAccounts()
        new = try await new.restarted()
        #expect(try await new.authenticator.transfer() == .newPhone(receiving: begun))

        let accepted = try await old.authenticator.sendAccounts(to: try begun.invitation())
        old = try await old.restarted()
        #expect(try await old.authenticator.transfer() == .oldPhone(sending: accepted))
        let compared = try await new.authenticator.receive(code: try accepted.acceptance())
        let checkValue = try #require(compared.checkValue)
        #expect(checkValue == accepted.checkValue)

        let typed = checkValue.lowercased().replacingOccurrences(of: "-", with: " ")
        let codes = try await old.authenticator.showAccounts(checkValue: typed).codes
        #expect(codes.count > 1)
        #expect(codes.allSatisfy { !$0.contains(Self.secret) })
        old = try await old.restarted()
        guard case .oldPhone(let sending)? = try await old.authenticator.transfer() else { throw Failure("no move") }
        #expect(sending.step == .showing(codes: codes, missing: []))

        // In any order, some twice, and the app ends in the middle.
        let last = try await new.authenticator.receive(code: codes[codes.count - 1])
        let count = Int32(codes.count)
        #expect(last.step == .scanning(count: count, missing: Array(1..<count)))
        new = try await new.restarted()
        #expect(try await new.authenticator.transfer() == .newPhone(receiving: last))
        for code in codes { _ = try await new.authenticator.receive(code: code) }
        new = try await new.restarted()

        #expect(try await new.authenticator.previewReceived().total == Int64(Self.accounts))
        #expect(try await new.authenticator.accounts().total == 0)
        let received = try await new.authenticator.storeReceived()
        #expect(received.report.proven == Int64(Self.accounts))
        new = try await new.restarted()
        guard case .newPhone(let stored)? = try await new.authenticator.transfer() else { throw Failure("no move") }
        #expect(stored.step == .stored(receipt: received.receipt))

        // Until the receipt is scanned, the old phone keeps everything.
        let authenticator = old.authenticator
        let early = try await failure { try await authenticator.removeMoved() }
        #expect(early.kind == "Untrusted" && early.code() == "move_not_proven")
        let all = Int64(Self.accounts)
        let proven = try await authenticator.scan(receipt: received.receipt)
        #expect(proven.step == .proven(held: all, sent: all, ahead: []))
        let moved = try await authenticator.accounts().accounts
        #expect(moved.allSatisfy { $0.movedAt != nil && $0.trashedAt == nil })

        let counted = try #require(moved.first { $0.name == "counted" }).id
        let away = try await failure { try await authenticator.nextCode(of: counted) }
        #expect(away.kind == "Gone" && away.code() == "account_moved_away")
        try await authenticator.takeBack(counted)
        _ = try await authenticator.nextCode(of: counted)
        #expect(try await authenticator.removeMoved() == all - 1)
        #expect(try await authenticator.transfer() == nil)
        try await new.authenticator.endTransfer()
        #expect(try await new.authenticator.transfer() == nil)
        #expect(try await new.authenticator.codes().codes.count == Self.accounts)
    }

    @Test func aWrongCheckValueShowsNothingAndOneChoiceIsSealed() async throws {
        let (old, new) = try await phones()
        let invitation = try await new.authenticator.receiveAccounts().invitation()
        let accepted = try await old.authenticator.sendAccounts(to: invitation)
        let wrong = try await failure { try await old.authenticator.showAccounts(checkValue: "0000-0000") }
        #expect(wrong.kind == "Input" && wrong.code() == "move_check_value_differs")
        #expect(try await old.authenticator.transfer() == .oldPhone(sending: accepted))
        let one = try await old.authenticator.accounts().accounts[0].id
        let shown = try await old.authenticator.showAccounts(checkValue: accepted.checkValue, accounts: [one])
        #expect(shown.rehearsal.restorable == 1)
        let again = try await failure {
            try await old.authenticator.showAccounts(checkValue: accepted.checkValue)
        }
        #expect(again.code() == "move_out_of_turn")
    }

    @Test func codesOfAnotherMoveAndAlteredOnesChangeNothing() async throws {
        let (old, new) = try await phones()
        let codes = try await new.authenticator.codes(of: old.authenticator)
        let (stranger, victim) = try await phones()
        let foreign = try await victim.authenticator.codes(of: stranger.authenticator)[0]
        let before = try await new.authenticator.transfer()
        let other = try await failure { try await new.authenticator.receive(code: foreign) }
        #expect(other.kind == "Input" && other.code() == "move_other")
        let tail = codes[0].hasSuffix("AAAA") ? "BBBB" : "AAAA"
        let forged = String(codes[0].dropLast(8)) + tail + tail
        let altered = try await failure { try await new.authenticator.receive(code: forged) }
        #expect(altered.kind == "Untrusted" && altered.code() == "move_altered")
        #expect(!String(reflecting: altered).contains(tail))
        let wrongWay = try await failure { try await new.authenticator.receive(receipt: codes[0]) }
        #expect(wrongWay.code() == "move_out_of_turn")
        let incomplete = try await failure { try await new.authenticator.storeReceived() }
        #expect(incomplete.code() == "move_incomplete" && incomplete.parameter() == 1)
        #expect(try await new.authenticator.transfer() == before)
    }

    @Test func whatDidNotArriveStaysOnTheOldPhone() async throws {
        let (old, new) = try await phones()
        let link = "otpauth://totp/North:0?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=North"
        try await new.authenticator.add([try Offer.parse(text: link)])
        for code in try await new.authenticator.codes(of: old.authenticator) {
            _ = try await new.authenticator.receive(code: code)
        }
        let received = try await new.authenticator.storeReceived(options: ImportOptions(sameName: .skip))
        #expect(received.report.rows.first { $0.row.name == "0" }?.outcome == .skipped)
        let (held, all) = (Int64(Self.accounts) - 1, Int64(Self.accounts))
        let proven = try await old.authenticator.scan(receipt: received.receipt)
        #expect(proven.step == .proven(held: held, sent: all, ahead: []))
        #expect(try await old.authenticator.removeMoved() == held)
        let left = try await old.authenticator.accounts().accounts.filter { $0.trashedAt == nil }
        #expect(left.map(\.name) == ["0"])
    }

    private func phones() async throws -> (old: Phone, new: Phone) {
        let (old, new) = (try await Phone(), try await Phone())
        var links = "ABCDEFGHIJK".enumerated().map { index, letter in
            "otpauth://totp/North:\(index)?secret=\(Self.secret)\(letter)A&issuer=North"
        }
        links.append("otpauth://hotp/North:counted?secret=\(Self.secret)ZA&issuer=North&counter=7")
        try await old.authenticator.add(try links.map { try Offer.parse(text: $0) })
        return (old, new)
    }
}

extension Receiving {
    func invitation() throws -> String {
        guard case .inviting(let invitation) = step else { throw Failure("\(step)") }
        return invitation
    }
}

extension Sending {
    func acceptance() throws -> String {
        guard case .comparing(let acceptance) = step else { throw Failure("\(step)") }
        return acceptance
    }
}

extension Authenticator {
    /// Begins a move from `old`, up to the codes that it shows.
    fileprivate func codes(of old: Authenticator) async throws -> [String] {
        let accepted = try await old.sendAccounts(to: try await receiveAccounts().invitation())
        _ = try await receive(code: try accepted.acceptance())
        return try await old.showAccounts(checkValue: accepted.checkValue).codes
    }

    fileprivate func scan(receipt: [String]) async throws -> Sending {
        var sending: Sending?
        for code in receipt { sending = try await receive(receipt: code) }
        return try sending ?? { throw Failure("an empty receipt") }()
    }
}
