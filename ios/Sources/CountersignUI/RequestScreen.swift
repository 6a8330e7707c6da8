#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// One sign-in: all that was signed, the number, and the three answers.
struct RequestScreen: View {
    @Bindable var model: RequestModel
    let camera: CameraSource?
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        Form {
            Section(title) {
                fact("Application", model.request.application)
                fact("Organisation", model.request.organisation)
                fact("Who", model.request.user)
                fact("Where", model.request.place)
                fact("With", model.request.client)
                fact("Address", model.request.ip)
                if let message = model.request.message {
                    Text(message.isEmpty ? unsaid : message)
                }
            }
            switch model.state {
            case .asking, .answering: answers
            case .answered(let outcome): verdict(outcome)
            }
            ProblemRow(problem: model.problem)
        }
        .disabled(model.state == .answering)
    }

    private var title: String {
        model.request.purpose == .activation ? "Make this phone active" : "Is this you?"
    }

    @ViewBuilder private var answers: some View {
        if let digits = model.digits {
            Section("Type the \(digits) digits that the sign-in page shows") {
                TextField("Number", text: $model.number).keyboardType(.numberPad).textContentType(.oneTimeCode)
                if let left = model.triesLeft {
                    Text("That was another number. \(left) tries left.")
                }
            }
        }
        if !model.options.isEmpty {
            Section("Tap the one that the sign-in page shows; you have only one try") {
                ForEach(model.options, id: \.self) { option in
                    Button(option) { Task { await model.approve(choosing: option) } }
                }
            }
        }
        Section {
            if model.options.isEmpty {
                Button("Approve") { Task { await model.approve() } }.disabled(!model.canApprove)
            }
            if model.acceptsScan, let camera {
                NavigationLink("Scan the sign-in page instead") {
                    camera { codes in
                        for case .offer(let offer) in codes { Task { await model.approve(scanned: offer) } }
                    }
                }
            }
            Button("Deny", role: .cancel) { Task { await model.deny() } }
            if model.request.canReport {
                Button("It wasn't me: report", role: .destructive) { Task { await model.report() } }
            }
            if model.request.canLock {
                Button("It wasn't me: lock my account", role: .destructive) { Task { await model.reportAndLock() } }
            }
        }
    }

    private func verdict(_ outcome: Outcome) -> some View {
        Section {
            switch outcome {
            case .approved:
                Text("Approved")
                if let code = model.code { LabeledContent("Type on the sign-in page", value: code) }
                if let message = model.message { Text(message) }
            case .denied: Text("Denied")
            case .reported:
                Text("Reported to your organisation.")
                if model.locked {
                    Text("No phone will be asked until your administrator unlocks your account. Codes still work.")
                }
            case .wrongMatch: Text("The number was wrong, and the sign-in has failed. Start it again.")
            }
            Button("Done") { dismiss() }
        }
    }

    @ViewBuilder private func fact(_ name: String, _ value: String?) -> some View {
        if let value { LabeledContent(name, value: value) }
    }
}

/// Replaces a message that the server has left empty.
private let unsaid = "The server sent no text. Deny the request unless you have just signed in."
#endif
