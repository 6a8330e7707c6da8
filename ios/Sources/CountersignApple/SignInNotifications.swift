#if canImport(UserNotifications) && !os(macOS)
import Countersign
@preconcurrency import UserNotifications

/// Notifications about sign-ins, with the number to type in.
///
/// Approving from a notification opens the app, because the approval key requires a face or a finger there: the check
/// can't be bypassed. Denying and reporting need none.
public enum SignInNotifications {
    /// What the person did with a notification.
    public enum Response: Sendable {
        /// Typed the number.
        case approve(request: Id, number: String)
        /// Rejected it.
        case deny(request: Id)
        /// Rejected it: somebody else is behind it.
        case report(request: Id)
        /// Opened it: show the request.
        case open(request: Id)

        /// The request that it is about.
        public var request: Id {
            switch self {
            case .approve(let request, _), .deny(let request), .report(let request), .open(let request): request
            }
        }
    }

    /// The identifier of the category that asks for a number.
    public static let category = "org.countersign.sign-in"
    private static let approve = "approve"
    private static let deny = "deny"
    private static let report = "report"
    private static let requestKey = "countersign.request"

    /// Registers the actions; call it when the app starts. The app translates the titles.
    public static func register(
        approveTitle: String = String(localized: "Type the number"),
        approveButton: String = String(localized: "Approve"),
        placeholder: String = String(localized: "Number on the sign-in page"),
        denyTitle: String = String(localized: "Deny"),
        reportTitle: String = String(localized: "It wasn't me")
    ) {
        let actions = [
            UNTextInputNotificationAction(
                identifier: approve, title: approveTitle, options: [.authenticationRequired, .foreground],
                textInputButtonTitle: approveButton, textInputPlaceholder: placeholder),
            UNNotificationAction(identifier: deny, title: denyTitle, options: [.authenticationRequired]),
            UNNotificationAction(
                identifier: report, title: reportTitle, options: [.authenticationRequired, .destructive]),
        ]
        let signIn = UNNotificationCategory(
            identifier: category, actions: actions, intentIdentifiers: [], options: [])
        UNUserNotificationCenter.current().setNotificationCategories([signIn])
    }

    /// Asks the person for permission the first time, and then returns it. Without notifications, sign-ins are visible
    /// only while the app is open: say so if this is `false`.
    public static func ask() async -> Bool {
        (try? await UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound])) ?? false
    }

    /// A request's notification: it contains what was signed, and nothing that helps to approve it.
    public static func fill(_ content: UNMutableNotificationContent, with request: ApprovalRequest) {
        content.title = request.application
        content.subtitle = request.organisation
        content.body = [request.user, request.place, request.client].compactMap { $0 }.joined(separator: " · ")
        content.categoryIdentifier = category
        content.threadIdentifier = request.account
        content.userInfo[requestKey] = request.id
        content.interruptionLevel = .timeSensitive
    }

    /// What the person did; `nil` for a notification that isn't about a sign-in.
    public static func response(to response: UNNotificationResponse) -> Response? {
        guard let request = response.notification.request.content.userInfo[requestKey] as? Id else { return nil }
        switch response.actionIdentifier {
        case approve:
            guard let text = (response as? UNTextInputNotificationResponse)?.userText else { return nil }
            return .approve(request: request, number: text)
        case deny: return .deny(request: request)
        case report: return .report(request: request)
        default: return .open(request: request)
        }
    }

    /// Tells the person that their answer wasn't sent, if the app isn't in the foreground.
    public static func tell(_ error: AuthenticatorError, of request: Id) async {
        let content = UNMutableNotificationContent()
        content.title = String(localized: "Your answer didn't get through")
        content.body = error.describe()
        content.userInfo[requestKey] = request
        let notice = UNNotificationRequest(identifier: "failure.\(request)", content: content, trigger: nil)
        try? await UNUserNotificationCenter.current().add(notice)
    }

    /// Removes notifications of requests that are no longer open.
    public static func removeAll(but open: [ApprovalRequest]) async {
        let center = UNUserNotificationCenter.current()
        let kept = Set(open.map(\.id))
        let stale = await center.deliveredNotifications().filter { notification in
            guard let request = notification.request.content.userInfo[requestKey] as? Id else { return false }
            return !kept.contains(request)
        }
        center.removeDeliveredNotifications(withIdentifiers: stale.map(\.request.identifier))
    }
}
#endif
