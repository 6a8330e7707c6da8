#if canImport(SwiftUI)
import Countersign
import CountersignModels
import SwiftUI

/// Accounts with their codes, counting down, and above them what needs the person's attention.
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

    /// Requests that look alike are one row, turned down by one tap. The newest is the one to approve.
    @ViewBuilder private func row(of group: RequestGroup) -> some View {
        Button {
            onAsk(requests.model(for: group.newest))
        } label: {
            Label("\(group.newest.application), \(group.newest.user)", systemImage: "person.badge.key")
        }
        if !group.older.isEmpty {
            Button("Deny all \(group.older.count + 1) that look like it", role: .destructive) {
                Task { await requests.turnDown(group, .deny) }
            }
        }
    }

    @ViewBuilder private func notice(of pause: AccountPause) -> some View {
        switch pause.reason {
        case .turnedDown:
            Text("You turned down \(pause.denied + pause.reported) requests, so none comes for a while.")
            Text("Pull down to see them all the same.")
            Button("They were mine: show them again") { Task { await requests.resume(pause.account) } }
        case .serviceLimit:
            Text("Too many requests came, so your organisation sends none for a while. Sign in with a code.")
        case .serviceLock:
            Text("Requests to your phone are locked. Your administrator can unlock your account; codes still work.")
        }
    }

    @ViewBuilder private var notices: some View {
        if model.damaged > 0 {
            Text("\(model.damaged) accounts can't be read. Their sealed data is kept; see Settings.")
        }
        if case .missing(let count) = model.completeness {
            Text("\(count) accounts have vanished from the vault. See Settings.")
        }
        if let words = model.clock?.words {
            Text(words)
            if model.correctedByOthers > 0 {
                Text("\(model.correctedByOthers) codes are of issuers that have told no time themselves.")
            }
        }
        if !requests.failures.isEmpty {
            Text("\(requests.failures.count) services can't be reached. Requests may be missing.")
        }
        ForEach(requests.pauses, id: \.self) { pause in
            notice(of: pause)
        }
        ForEach(requests.newDevices, id: \.self) { device in
            Text("\(device.name) can approve your sign-ins now. If it isn't yours, tell your organisation.")
            Button("It is mine") { Task { await requests.noteNewDevicesTold(of: device.account) } }
        }
    }
}

/// One account: whose it is, its code, and how long it is good.
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
                case .notActive: Text("Not active yet. Its codes count once you have approved its activation.")
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

/// What went wrong, with what to do next.
struct ProblemRow: View {
    let problem: Problem?

    var body: some View {
        if let problem {
            Label(problem.text, systemImage: "exclamationmark.triangle").foregroundStyle(.red)
        }
    }
}

extension ClockStatus {
    /// What a person should know of the phone's clock; nothing when it is right.
    var words: String? {
        if source == .clockWentBack {
            return "This phone's clock shows a time that is long over. Set it, or codes are wrong."
        }
        if let other = undecided.first {
            return "\(other.service) tells another time than this phone; codes go by the phone's clock, and may be "
                + "wrong. Compare both with a clock that you trust."
        }
        guard isCorrected else { return nil }
        let off = "\(abs(wallAheadMs) / 1000) s \(wallAheadMs > 0 ? "fast" : "slow")"
        return switch source {
        case .lastKnownOffset: "Your phone was \(off) before it was restarted; codes are corrected by that, unverified."
        case .unsignedService: "Your phone is \(off) by \(service ?? ""), which signs no time; codes are corrected."
        default: "Your phone is \(off); codes are corrected."
        }
    }
}
#endif
