import Countersign
import Foundation
import Testing

/// The product's main job from end to end, against the real service: what the demo shows, told from Swift.
@Test func aPersonEnrolsApprovesReportsAndHasACodeWithoutNetwork() async throws {
    let data = try temporaryFolder()
    let service = try await Service.start(data: data)
    let portal = try service.relyingParty()
    let phone = try await Phone()
    let authenticator = phone.authenticator

    // Ada is invited, and scans the QR code of her enrolment page.
    let enrolment = try await portal.post("/v1/enrolments", ["user": "ada"])
    let page = try await Browser.open(try enrolment.text("page_url"))
    let picture = try Picture(decoding: try await page.picture("qr"))
    guard case .offer(let offer)? = try await scanPicture(picture).first else {
        throw Failure("there is no QR code in the picture")
    }
    guard case .enrolment = offer.content() else { throw Failure("the QR code is no enrolment") }
    let enrolled = try await authenticator.enrol(offer, as: .test)
    try await page.reload(until: "joined")
    #expect(try page.text("check-value") == enrolled.checkValue)

    // The first number-matched approval makes her phone active.
    let activation = try #require(try await authenticator.fetch(enrolled.account).first)
    #expect(activation.purpose == .activation)
    let activated = try await authenticator.approve(activation.id, number: try page.number())
    #expect(activated.outcome == .approved)
    try await page.reload(until: "enrolled")

    // Her phone gets another push token.
    #expect(try await authenticator.setWakeUp(.apns(token: "another token")).isEmpty)

    // She signs in, and the phone shows at once what she approves.
    let waiting = Task { try await authenticator.waitForRequests(upTo: .seconds(20)) }
    let signIn = try await portal.signIn("ada")
    let request = try #require(try await waiting.value.open.first)
    #expect(request.application == "Ward portal")
    #expect(request.place == "Leeds")
    #expect(request.client == "Firefox on Windows")
    #expect(try await authenticator.approve(request.id, number: signIn.number).outcome == .approved)
    #expect(try await portal.state(of: signIn.id) == "approved")
    let prompt = try #require(await phone.keys.signatures.last?.prompt)
    #expect(prompt.application == "Ward portal")

    // Somebody else tries, and she reports it.
    let attack = try await portal.signIn("ada")
    let suspicious = try #require(try await authenticator.fetch(enrolled.account).first)
    #expect(try await authenticator.report(suspicious.id).outcome == .reported)
    #expect(try await portal.state(of: attack.id) == "reported")

    // Without the service there is still a code; back again, it takes it once.
    await service.kill()
    let code = try #require(try await authenticator.codes().codes.first { $0.account == enrolled.account })
    guard case .timed(let digits, _, _, _) = code.code else { throw Failure("no code of this time") }
    #expect(try await authenticator.setWakeUp(nil).count == 1)
    let again = try await Service.start(data: data, port: service.port)
    let first = try await again.relyingParty().takesCode(digits, of: "ada")
    let second = try await again.relyingParty().takesCode(digits, of: "ada")
    #expect(first && !second)
}
