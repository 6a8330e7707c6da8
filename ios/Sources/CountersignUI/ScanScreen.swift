#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// Makes the view of a camera that hands on the codes that it sees. On an iPhone it is `CameraView`; a preview has none.
public typealias CameraSource = @MainActor (@escaping @MainActor ([ScannedCode]) -> Void) -> AnyView

/// Scans or takes a pasted text, shows what it offers, and adds it when the person agrees.
struct ScanScreen: View {
    @State private var model: ScanModel
    @State private var pasted = ""
    private let camera: CameraSource?

    init(model: ScanModel, camera: CameraSource?) {
        _model = State(initialValue: model)
        self.camera = camera
    }

    var body: some View {
        Form {
            switch model.state {
            case .looking: looking
            case .collecting(let progress):
                Text("\(progress.missing.count) of \(progress.count) codes are still missing.")
                looking
            case .confirming(let offer, let content):
                if offer.hasUnreadableLetters() {
                    Text("Some letters of the name couldn't be read. Check the name, and correct it.")
                }
                confirming(content)
            case .working: ProgressView()
            case .added(let accounts): Text("Added: \(accounts.count)")
            case .registered(let container, let sync):
                Section("From \(container.service)") {
                    Text("Added: \(sync.added.count)")
                    ForEach(sync.failed.indices, id: \.self) { index in
                        Text("\(sync.failed[index].serial ?? ""): \(sync.failed[index].error.describe())")
                            .foregroundStyle(.red)
                    }
                }
            case .invited(let invitation):
                Text("A new phone asks for your accounts.")
                NavigationLink("Move to a new phone") {
                    SendScreen(model: model.sendingModel(invitedBy: invitation), camera: camera)
                }
                Button("Cancel", role: .cancel) { model.startOver() }
            case .enrolled(let enrolment):
                Section("Enrolled with \(enrolment.organisation)") {
                    Text("Compare this with the page:")
                    Text(enrolment.checkValue).monospacedDigit()
                    Text("Then type the number from the page: it makes this phone active.")
                }
            }
            ProblemRow(problem: model.problem)
        }
        .navigationTitle("Add an account")
    }

    @ViewBuilder private var looking: some View {
        if let camera {
            camera { model.take($0) }
        }
        Section("Or paste a link") {
            TextField("otpauth:// or https://", text: $pasted)
            Button("Add") {
                model.take(text: pasted)
                pasted = ""
            }
            .disabled(pasted.isEmpty)
        }
    }

    private func confirming(_ content: OfferContent) -> some View {
        Section {
            switch content {
            case .otp(let account): Text("\(account.issuer) \(account.name)")
            case .migration(_, _, let accounts, let refused):
                ForEach(accounts.indices, id: \.self) { Text("\(accounts[$0].issuer) \(accounts[$0].name)") }
                ForEach(refused.indices, id: \.self) { index in
                    Text("\(refused[index].issuer) \(refused[index].name): \(refused[index].reason.description)")
                        .foregroundStyle(.red)
                }
            case .enrolment(let service): Text("Enrol with \(service)")
            case .container(let service, _, let prompt, let isSent, let asksForNoCheck):
                Text("Get accounts from \(service)")
                if asksForNoCheck {
                    Text("This code asks not to check the server's certificate. It is checked anyway.")
                }
                ContainerPassphraseFields(model: model, service: service, prompt: prompt, isSent: isSent)
            case .match: Text("This code belongs to a sign-in. Open the request to use it.")
            }
            Button("Add") { Task { await model.confirm() } }
            Button("Cancel", role: .cancel) { model.startOver() }
        }
    }
}

/// What a container's code asks for before the phone registers.
private struct ContainerPassphraseFields: View {
    @Bindable var model: ScanModel
    let service: String
    let prompt: String?
    let isSent: Bool

    var body: some View {
        if let prompt {
            SecureField(prompt, text: $model.passphrase)
        }
        if isSent {
            Toggle("Send my password to \(service)", isOn: $model.agreesToSend)
        }
    }
}
#endif
