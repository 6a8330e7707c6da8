#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// Replaces this phone by a new one at an account's service.
struct ReplacementScreen: View {
    @State private var model: ReplacementModel
    @State private var run: Run?

    /// What follows the new phone.
    private enum Run {
        case started, resumed
    }

    init(model: ReplacementModel) {
        _model = State(initialValue: model)
    }

    var body: some View {
        Form {
            switch model.state {
            case .idle:
                Text("Afterwards the new phone approves your sign-ins instead of this one.")
                if model.isOpen {
                    Button("Continue") { run = .resumed }
                    Button("Start again, and end the previous attempt") { run = .started }
                } else {
                    Button("Start") { run = .started }
                }
            case .waiting(let link, let expiresAt):
                Text("Scan this with the new phone, before \(expiresAt.formatted()).")
                QRCodeView(texts: [link])
            case .activating(let checkValue, let number, let matchLink):
                activating(checkValue, number, matchLink)
            case .done: Text("The new phone is active, and this one is revoked.")
            case .ended:
                Text("The replacement failed. This phone is unchanged.")
                Button("Start again") { run = .started }
            }
            ProblemRow(problem: model.problem)
        }
        .navigationTitle("Move approvals")
        .task { await model.load() }
        .task(id: run) {
            switch run {
            case .started: await model.run()
            case .resumed:
                let reason = String(localized: "Show the code or the number for your new phone again")
                await model.resume { await isThePerson(reason) }
            case nil: return
            }
            run = nil
        }
    }

    @ViewBuilder private func activating(_ checkValue: String, _ number: String?, _ link: String?) -> some View {
        Section("The new phone must show this too. If it doesn't, stop here") {
            Text(checkValue).monospacedDigit()
        }
        if let number {
            Section("Then type this number there") { Text(number).monospacedDigit().privacySensitive() }
        }
        if let link { QRCodeView(texts: [link]) }
    }
}
#endif
