#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// Lets a new phone take this one's place at an account's service.
struct ReplacementScreen: View {
    @State private var model: ReplacementModel
    @State private var isRunning = false

    init(model: ReplacementModel) {
        _model = State(initialValue: model)
    }

    var body: some View {
        Form {
            switch model.state {
            case .idle:
                Text("The new phone approves your sign-ins then, and this one no longer.")
                Button("Begin") { isRunning = true }
            case .waiting(let link, let expiresAt):
                Text("Scan this with the new phone, before \(expiresAt.formatted()).")
                QRCodeView(texts: [link])
            case .activating(let checkValue, let number, let matchLink):
                activating(checkValue, number, matchLink)
            case .done: Text("The new phone is active, and this one is revoked.")
            case .ended:
                Text("It came to nothing, and this phone is as it was.")
                Button("Begin again") { isRunning = true }
            }
            ProblemRow(problem: model.problem)
        }
        .navigationTitle("Move approvals")
        .task(id: isRunning) {
            guard isRunning else { return }
            await model.run()
            isRunning = false
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
