#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// There is no vault yet.
struct WelcomeScreen: View {
    let model: VaultModel

    var body: some View {
        Form {
            Text("Countersign keeps your accounts encrypted on this phone.")
            Button("Start") { Task { await model.create() } }.disabled(model.isBusy)
            ProblemRow(problem: model.problem)
        }
    }
}

/// The vault was made. Its recovery code is shown this once.
struct WriteDownScreen: View {
    let model: VaultModel
    let code: RecoveryCode
    @State private var typed = ""

    var body: some View {
        Form {
            RecoveryCodeRow(code: code)
            Text("It restores your accounts if this phone can no longer open the vault.")
            TextField("Type it from the paper", text: $typed)
            Button("Check") { Task { await model.check(recoveryCode: typed) } }.disabled(typed.isEmpty)
            Button("Check it later") { Task { await model.codeIsWrittenDown() } }
            ProblemRow(problem: model.problem)
        }
    }
}

/// The vault is locked: by this phone's key, by recovery code, or by passphrase.
struct UnlockScreen: View {
    let model: VaultModel
    let kinds: [SlotKind]
    @State private var passphrase = ""
    @State private var recoveryCode = ""

    var body: some View {
        Form {
            if kinds.contains(.keyStore) {
                Button("Unlock") { Task { await model.unlock() } }
            }
            if kinds.contains(.passphrase) {
                SecureField("Passphrase", text: $passphrase)
                Button("Unlock by passphrase") {
                    let typed = Passphrase(passphrase)
                    passphrase = ""
                    Task { await model.unlock(with: .passphrase(typed)) }
                }
                .disabled(passphrase.isEmpty)
            }
            if kinds.contains(.recoveryCode) {
                TextField("Recovery code", text: $recoveryCode)
                Button("Unlock by recovery code") { Task { await model.unlock(recoveryCode: recoveryCode) } }
                    .disabled(recoveryCode.isEmpty)
            }
            ProblemRow(problem: model.problem)
        }
        .disabled(model.isBusy)
    }
}

/// The vault can't be used. Nothing is deleted.
struct UnusableScreen: View {
    let problem: Problem
    let onRetry: () -> Void

    var body: some View {
        VStack {
            ProblemRow(problem: problem)
            Text("Nothing was changed or deleted.")
            Button("Try again", action: onRetry)
        }
    }
}

/// A recovery code that was just made, for the person to write down.
struct RecoveryCodeRow: View {
    let code: RecoveryCode?

    var body: some View {
        if let code {
            Text("Write this down. It is shown once:")
            Text(code.text()).monospacedDigit().privacySensitive()
        }
    }
}
#endif
