#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// Accounts with their codes, counting down, and above them what needs the person's attention.
struct AccountsScreen: View {
    let model: CodesModel
    let requests: RequestsModel
    let onAsk: (RequestModel) -> Void

    var body: some View {
        List {
            ProblemRow(problem: model.problem ?? requests.problem)
            notices
            if !requests.open.isEmpty {
                Section("Waiting for you") {
                    ForEach(requests.open, id: \.id) { request in
                        Button {
                            onAsk(requests.model(for: request))
                        } label: {
                            Label("\(request.application), \(request.user)", systemImage: "person.badge.key")
                        }
                    }
                }
            }
            Section("Codes") {
                ForEach(model.rows) { row in
                    TimelineView(.periodic(from: .now, by: 1)) { _ in
                        CodeRow(row: row, secondsLeft: model.secondsLeft(of: row)) {
                            Task { await model.makeCode(of: row) }
                        }
                    }
                }
            }
        }
        .navigationTitle("Accounts")
        .refreshable { await requests.fetch() }
    }

    @ViewBuilder private var notices: some View {
        if model.damaged > 0 {
            Text("\(model.damaged) accounts can't be read. Their sealed data is kept; see Settings.")
        }
        if case .missing(let count) = model.completeness {
            Text("\(count) accounts have vanished from the vault. See Settings.")
        }
        if let seconds = model.clockIsOffBy {
            Text("This phone's clock is off by \(abs(seconds)) seconds. Codes are right all the same.")
        }
        if !requests.failures.isEmpty {
            Text("\(requests.failures.count) services can't be reached. Requests may be missing.")
        }
    }
}

/// One account: whose it is, its code, and how long it is good.
struct CodeRow: View {
    let row: CodesModel.Row
    let secondsLeft: Int?
    let onMakeCode: () -> Void

    var body: some View {
        HStack {
            VStack(alignment: .leading) {
                Text(row.issuer)
                Text(row.name).foregroundStyle(.secondary)
            }
            Spacer()
            if let code = row.code {
                Text(grouped(code)).monospacedDigit().privacySensitive()
            }
            if let secondsLeft, let period = row.period {
                ProgressView(value: Double(secondsLeft), total: Double(period))
                    .accessibilityLabel(Text("\(secondsLeft) seconds left"))
            } else {
                Button("Next code", action: onMakeCode)
            }
        }
    }

    /// In two halves, as people read them out.
    private func grouped(_ code: String) -> String {
        let half = code.index(code.startIndex, offsetBy: code.count / 2)
        return code.count < 6 ? code : "\(code[..<half]) \(code[half...])"
    }
}

/// What went wrong, with what to do next.
struct ProblemRow: View {
    let problem: Problem?

    var body: some View {
        if let problem {
            Label(problem.text, systemImage: "exclamationmark.triangle").foregroundStyle(.red)
        }
    }
}
#endif
