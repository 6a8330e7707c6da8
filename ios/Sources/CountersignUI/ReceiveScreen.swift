#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// The new phone's side of a move.
struct ReceiveScreen: View {
    @State private var model: ReceivingModel
    private let camera: CameraSource?

    init(model: ReceivingModel, camera: CameraSource?) {
        _model = State(initialValue: model)
        self.camera = camera
    }

    var body: some View {
        Form {
            switch model.state {
            case .idle:
                Text("Move your accounts from your old phone by QR codes, without a network.")
                Button("Start") { Task { await model.begin() } }
            case .inviting(let invitation):
                Text("Scan this with your old phone, then scan its code with this one.")
                QRCodeView(texts: [invitation])
                scanner
            case .scanning(let count, let missing):
                checkValue
                if let relay = model.relay {
                    Text("Once you have typed this, the accounts come through \(relay.service), which can't read them.")
                }
                if let count {
                    Text("\(missing.count) of \(count) codes are still missing.")
                    ProgressView(value: Double(Int(count) - missing.count), total: Double(count))
                }
                scanner
            case .previewing(let preview): previewing(preview)
            case .stored(let receipt): stored(receipt)
            }
            ProblemRow(problem: model.relayProblem)
            ProblemRow(problem: model.problem)
            if model.state != .idle {
                Button("End the move", role: .destructive) { Task { await model.end() } }
            }
        }
        .disabled(model.isBusy)
        .navigationTitle("Move from another phone")
        .task { await model.load() }
        .task(id: model.relay != nil) {
            if model.relay != nil { await model.follow() }
        }
    }

    @ViewBuilder private var checkValue: some View {
        if let checkValue = model.checkValue {
            Section("Type this on the old phone") {
                Text(checkValue).monospacedDigit()
            }
        }
    }

    @ViewBuilder private var scanner: some View {
        if let camera {
            camera { codes in Task { await model.take(codes) } }
        }
    }

    @ViewBuilder private func previewing(_ preview: ImportPreview) -> some View {
        ImportRows(preview: preview, sameName: $model.sameName) { choice, row in
            Task { await model.choose(choice, for: row) }
        }
        .onChange(of: model.sameName) { Task { await model.preview() } }
        Button("Store them") { Task { await model.store() } }
    }

    @ViewBuilder private func stored(_ receipt: [String]) -> some View {
        if let report = model.report {
            Text("\(report.proven) accounts were stored and verified.")
        }
        if let relay = model.relay, relay.isDelivered {
            Text("\(relay.service) has the receipt for the old phone. The old phone can also scan it here.")
        } else {
            Text("Scan this receipt with the old phone. Until then it keeps everything.")
        }
        QRCodeView(texts: receipt)
        Button("The old phone has it") { Task { await model.end() } }
    }
}
#endif
