#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// The old phone's side of a move.
struct SendScreen: View {
    @State private var model: SendingModel
    private let camera: CameraSource?

    init(model: SendingModel, camera: CameraSource?) {
        _model = State(initialValue: model)
        self.camera = camera
    }

    var body: some View {
        Form {
            switch model.state {
            case .looking:
                Text("On the new phone choose “Move from another phone”, and scan the code that it shows.")
                scanner
            case .confirming:
                Text("Is the new phone in your hands?")
                Text("Whoever sends you such a code, or asks you for what your phone shows, wants your accounts.")
                relayPicker
                Button("It is in my hands") { Task { await model.begin() } }
            case .comparing(let acceptance): comparing(acceptance)
            case .showing(let codes, _): showing(codes)
            case .proven(let held, let sent, let ahead): proven(held, sent, ahead)
            case .finished(let removed): Text("Done. \(removed) accounts are in the trash here.")
            }
            ProblemRow(problem: model.relayProblem)
            ProblemRow(problem: model.problem)
            if isUnderWay {
                Button("End the move", role: .destructive) { Task { await model.end() } }
            }
        }
        .disabled(model.isBusy)
        .navigationTitle("Move to a new phone")
        .task { await model.load() }
        .task(id: isRelayed) {
            if isRelayed { await model.follow() }
        }
    }

    private var isRelayed: Bool {
        if case .showing = model.state { model.relay != nil } else { false }
    }

    private var isUnderWay: Bool {
        switch model.state {
        case .looking, .finished: false
        default: true
        }
    }

    @ViewBuilder private var scanner: some View {
        if let camera {
            camera { codes in Task { await model.take(codes) } }
        }
    }

    @ViewBuilder private var relayPicker: some View {
        if !model.relayAccounts.isEmpty {
            Picker("How the accounts go", selection: relayAccount) {
                Text("By QR codes, without a network").tag(Id?.none)
                ForEach(model.relayAccounts, id: \.account) { Text("Over \($0.service)").tag(Id?.some($0.account)) }
            }
            Text("The service can't read them. It learns that this phone moves accounts, and how large they are.")
        }
    }

    private var relayAccount: Binding<Id?> {
        Binding {
            model.relayAccount
        } set: { account in
            Task { await model.chooseRelay(account) }
        }
    }

    @ViewBuilder private func comparing(_ acceptance: String) -> some View {
        Text("Scan this with the new phone.")
        QRCodeView(texts: [acceptance])
        if let relay = model.relay {
            Text("The accounts go over \(relay.service), which can't read them.")
            Button("Leave it out: by QR codes alone") { Task { await model.chooseRelay(nil) } }
        }
        Section("Type the eight characters that the new phone shows") {
            TextField("Check value", text: $model.checkValue)
        }
        Section("Accounts that move") {
            ForEach(model.accounts, id: \.id) { account in
                Toggle("\(account.issuer) \(account.name)", isOn: moves(account.id))
            }
        }
        Button("Show the accounts") { Task { await model.showAccounts() } }.disabled(model.checkValue.isEmpty)
    }

    private func moves(_ account: Id) -> Binding<Bool> {
        Binding {
            !model.staying.contains(account)
        } set: {
            model.setMoves(account, $0)
        }
    }

    @ViewBuilder private func showing(_ codes: [String]) -> some View {
        if let relay = model.relay {
            Text(
                relay.isDelivered
                    ? "\(relay.service) has the accounts for the new phone. These codes do as well."
                    : "The accounts go to \(relay.service). These codes do as well.")
        } else {
            Text("Hold the new phone's camera over these until it has all of them.")
        }
        QRCodeView(texts: codes)
        LeftBehindRows(rows: model.leftBehind)
        Text("Then scan the receipt that the new phone shows.")
        scanner
    }

    @ViewBuilder private func proven(_ held: Int64, _ sent: Int64, _ ahead: [Id]) -> some View {
        Text("The new phone holds \(held) of \(sent) accounts.")
        if !ahead.isEmpty {
            Text("\(ahead.count) accounts gave out codes here since: skip the first ones of the new phone.")
        }
        Button("Put them in the trash here", role: .destructive) { Task { await model.remove() } }
        Button("Keep them here too") { Task { await model.keep() } }
    }
}
#endif
