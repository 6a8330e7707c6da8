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
                Text("On the new phone, choose “Move from another phone”, and scan the code that it shows.")
                scanner
            case .confirming:
                Text("Are you holding the new phone?")
                Text("Anybody who sends you such a code, or asks what your phone shows, wants your accounts.")
                relayPicker
                Button("I'm holding it") { Task { await model.begin() } }
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
            Picker("Move accounts", selection: relayAccount) {
                Text("By QR codes, offline").tag(Id?.none)
                ForEach(model.relayAccounts, id: \.account) { Text("Through \($0.service)").tag(Id?.some($0.account)) }
            }
            Text("The service can't read them. It learns that this phone moves accounts, and their total size.")
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
            Text("The accounts go through \(relay.service), which can't read them.")
            Button("Use only QR codes") { Task { await model.chooseRelay(nil) } }
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
                    ? "\(relay.service) has the accounts for the new phone. You can also scan these codes."
                    : "The accounts are on their way to \(relay.service). You can also scan these codes.")
        } else {
            Text("Hold the new phone's camera over these until it has all of them.")
        }
        QRCodeView(texts: codes)
        LeftBehindRows(rows: model.leftBehind)
        Text("Then scan the receipt that the new phone shows.")
        scanner
    }

    @ViewBuilder private func proven(_ held: Int64, _ sent: Int64, _ ahead: [Id]) -> some View {
        Text("The new phone has \(held) of \(sent) accounts.")
        if !ahead.isEmpty {
            Text("\(ahead.count) accounts generated codes here since: skip the first ones on the new phone.")
        }
        Button("Move them to the trash here", role: .destructive) { Task { await model.remove() } }
        Button("Keep them here as well") { Task { await model.keep() } }
    }
}
#endif
