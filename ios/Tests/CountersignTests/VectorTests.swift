import Countersign
import Foundation
import Testing

/// The vectors that Rust and Kotlin read too.
@Suite struct VectorTests {
    @Test func timedCodesAreThoseOfRfc6238() async throws {
        let vectors = try Vectors.read("totp.json", as: Totp.self)
        for vector in vectors.codes {
            let text =
                "otpauth://totp/RFC:6238?secret=\(try base32(hex: vector.secretHex))&algorithm=\(vector.algorithm)"
                + "&digits=\(vectors.digits)&period=\(vectors.period)"
            let code = try await code(of: text, at: vector.time)
            #expect(code == vector.code, "\(vector.algorithm) at \(vector.time)")
        }
    }

    @Test func countedCodesAreThoseOfRfc4226() async throws {
        let vectors = try Vectors.read("hotp.json", as: Hotp.self)
        let phone = try await Phone()
        let text =
            "otpauth://hotp/RFC:4226?secret=\(try base32(hex: vectors.secretHex))&counter=0&digits=\(vectors.digits)"
        let account = try await phone.authenticator.add([Offer.parse(text: text)])[0].id
        for vector in vectors.codes {
            #expect(try await phone.authenticator.nextCode(of: account) == vector.code)
        }
    }

    @Test func everyOfferGivesItsCode() async throws {
        let vectors = try Vectors.read("offers.json", as: Offers.self)
        for vector in vectors.otp {
            #expect(try await code(of: vector.text, at: vectors.time) == vector.otp.code, "\(vector.what)")
        }
    }

    @Test func whatIsNoOfferIsRefusedAsInput() async throws {
        for vector in try Vectors.read("offers.json", as: Offers.self).refused {
            let error = try await failure { try Offer.parse(text: vector.text) }
            #expect(error.kind == "Input", "\(vector.what)")
            #expect(error.code().hasPrefix("offer_"), "\(vector.what)")
        }
    }

    private func code(of text: String, at time: Int64) async throws -> String {
        let phone = try await Phone(clock: TurnedClock(unixSeconds: time))
        let account = try await phone.authenticator.add([Offer.parse(text: text)])[0].id
        switch try await phone.authenticator.codes().codes[0].code {
        case .timed(let code, _, _, _): return code
        case .onRequest: return try await phone.authenticator.nextCode(of: account)
        case .refused(let why): throw Failure("no code: \(why)")
        }
    }
}

private enum Vectors {
    static func read<Value: Decodable>(_ name: String, as: Value.Type) throws -> Value {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("tests/vectors/\(name)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Value.self, from: Data(contentsOf: file))
    }
}

private struct Totp: Decodable {
    struct Code: Decodable {
        let time: Int64
        let algorithm: String
        let secretHex: String
        let code: String
    }

    let digits: Int
    let period: Int
    let codes: [Code]
}

private struct Hotp: Decodable {
    struct Code: Decodable {
        let code: String
    }

    let secretHex: String
    let digits: Int
    let codes: [Code]
}

private struct Offers: Decodable {
    struct Otp: Decodable {
        struct Account: Decodable {
            let code: String
        }

        let what: String
        let text: String
        let otp: Account
    }

    struct Refused: Decodable {
        let what: String
        let text: String
    }

    let time: Int64
    let otp: [Otp]
    let refused: [Refused]
}

private func base32(hex: String) throws -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    var text = ""
    var bits = 0
    var count = 0
    for digit in hex {
        guard let value = digit.hexDigitValue else { throw Failure("that is not hexadecimal") }
        bits = bits << 4 | value
        count += 4
        if count >= 5 {
            count -= 5
            text.append(alphabet[bits >> count])
            bits &= (1 << count) - 1
        }
    }
    if count > 0 { text.append(alphabet[bits << (5 - count)]) }
    return text
}
