#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// Accounts with their codes and countdowns, and above them what needs the person's attention.
struct AccountsScreen: View {
    let model: CodesModel
    let requests: RequestsModel
    let reminder: ReminderModel
    let onAsk: (RequestModel) -> Void

    var body: some View {
        List {
            ProblemRow(problem: model.problem ?? requests.problem)
            notices
            if !requests.groups.isEmpty {
                Section("Waiting for you") {
                    ForEach(requests.groups, id: \.newest.id) { group in
                        row(of: group)
                    }
                }
            }
            ReminderSection(model: reminder)
            Section("Codes") {
                ForEach(model.rows) { row in
                    TimelineView(.periodic(from: .now, by: 1)) { _ in
                        CodeRow(row: row, secondsLeft: model.secondsLeft(of: row)) {
                            Task { await model.makeCode(of: row) }
                        } onRemove: {
                            Task { await model.remove(row) }
                        }
                    }
                }
            }
        }
        .navigationTitle("Accounts")
        .refreshable { await requests.fetch() }
    }

    /// Similar requests are one row, rejected by one tap. The newest is the one to approve.
    @ViewBuilder private func row(of group: RequestGroup) -> some View {
        Button {
            onAsk(requests.model(for: group.newest))
        } label: {
            Label("\(group.newest.application), \(group.newest.user)", systemImage: "person.badge.key")
        }
        if !group.older.isEmpty {
            Button("Deny all \(group.older.count + 1) similar ones", role: .destructive) {
                Task { await requests.turnDown(group, .deny) }
            }
        }
    }

    @ViewBuilder private func notice(of pause: AccountPause) -> some View {
        switch pause.reason {
        case .turnedDown:
            Text("You rejected \(pause.denied + pause.reported) requests, so none is shown for a while.")
            Text("Pull down to show them anyway.")
            Button("They were mine: show them again") { Task { await requests.resume(pause.account) } }
        case .serviceLimit:
            Text("There were too many requests, so your organisation sends none for a while. Sign in with a code.")
        case .serviceLock:
            Text("Requests to your phone are locked. Your administrator can unlock your account; codes still work.")
        }
    }

    @ViewBuilder private var notices: some View {
        if model.damaged > 0 {
            Text("\(model.damaged) accounts can't be read. Their sealed data is kept; see Settings.")
        }
        if case .missing(let count) = model.completeness {
            Text("\(count) accounts are missing from the vault. See Settings.")
        }
        if let words = model.clock?.words {
            Text(words)
            if model.correctedByOthers > 0 {
                Text("For \(model.correctedByOthers) codes, the issuer provides no time.")
            }
        }
        if !requests.failures.isEmpty {
            Text("\(requests.failures.count) services can't be reached. Requests may be missing.")
        }
        ForEach(requests.pauses, id: \.self) { pause in
            notice(of: pause)
        }
        ForEach(requests.newDevices, id: \.self) { device in
            Text("\(device.name) can now approve your sign-ins. If it isn't yours, tell your organisation.")
            Button("It is mine") { Task { await requests.noteNewDevicesTold(of: device.account) } }
        }
    }
}

/// One account: its label, its code, and the remaining time.
struct CodeRow: View {
    let row: CodesModel.Row
    let secondsLeft: Int?
    let onMakeCode: () -> Void
    let onRemove: () -> Void

    var body: some View {
        HStack {
            VStack(alignment: .leading) {
                Text(row.issuer)
                Text(row.name).foregroundStyle(.secondary)
                switch row.refusal {
                case .notActive: Text("Not active yet. Its codes become valid once you have approved its activation.")
                case .removed: Text("This account was not activated, or was removed by its service.")
                case nil: EmptyView()
                }
            }
            Spacer()
            if let code = row.code {
                Text(grouped(code)).monospacedDigit().privacySensitive()
            }
            if let secondsLeft, let period = row.period {
                ProgressView(value: Double(secondsLeft), total: Double(period))
                    .accessibilityLabel(Text("\(secondsLeft) seconds left"))
            } else if row.refusal == .removed {
                Button("Remove", role: .destructive, action: onRemove)
            } else if row.refusal == nil {
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

/// An error, with what to do next.
struct ProblemRow: View {
    let problem: Problem?

    var body: some View {
        if let problem {
            Label(problem.text, systemImage: "exclamationmark.triangle").foregroundStyle(.red)
        }
    }
}

extension ClockStatus {
    /// A message about the phone's clock; none if it is right.
    var words: String? {
        if source == .clockWentBack {
            return "This phone's clock shows a time in the past. Until you set it, codes are wrong."
        }
        if let other = undecided.first {
            return "\(other.service) and this phone disagree about the time. Codes use the phone's clock, and may be "
                + "wrong. Compare both with a clock that you trust."
        }
        guard isCorrected else { return nil }
        let off = "\(abs(wallAheadMs) / 1000) s \(wallAheadMs > 0 ? "fast" : "slow")"
        return switch source {
        case .lastKnownOffset: "Your phone was \(off) before it was restarted; codes are corrected, but unverified."
        case .unsignedService: "Your phone is \(off) according to \(service ?? ""), unsigned; codes are corrected."
        default: "Your phone is \(off); codes are corrected."
        }
    }
}
#endif
