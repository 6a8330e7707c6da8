#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// Asks for the passphrase when it is time, so that it isn't forgotten.
struct ReminderSection: View {
    let model: ReminderModel
    @State private var typed = ""

    var body: some View {
        switch model.state {
        case .quiet: EmptyView()
        case .asking:
            Section("Do you still know your passphrase?") {
                SecureField("Passphrase", text: $typed)
                Button("Check") { Task { await model.check(taken()) } }.disabled(typed.isEmpty)
                Button("Not now") { model.later() }
            }
        case .remembered: Text("That is your passphrase.")
        case .forgotten:
            Section("That isn't your passphrase") {
                SecureField("Try again, or type a new one", text: $typed)
                Button("Try again") { Task { await model.check(taken()) } }.disabled(typed.isEmpty)
                Button("Use it as my new passphrase") {
                    let (new, reason) = (taken(), String(localized: "Set a new passphrase for your accounts"))
                    Task { if await isThePerson(reason) { await model.replace(with: new) } }
                }
                .disabled(typed.isEmpty)
            }
        }
        ProblemRow(problem: model.problem)
    }

    private func taken() -> Passphrase {
        defer { typed = "" }
        return Passphrase(typed)
    }
}
#endif
