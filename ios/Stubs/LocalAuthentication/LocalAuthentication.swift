@_exported import AppleFoundation
import Foundation

public enum LAPolicy: Int {
    case deviceOwnerAuthenticationWithBiometrics = 1
    case deviceOwnerAuthentication = 2
}

public class LAContext: NSObject {
    public override init() {}
    public var localizedReason = ""
    public var touchIDAuthenticationAllowableReuseDuration: TimeInterval = 0
    public var evaluatedPolicyDomainState: Data? { fatalError() }
    public func canEvaluatePolicy(_ policy: LAPolicy, error: UnsafeMutablePointer<NSError?>?) -> Bool { fatalError() }
    public func evaluatePolicy(_ policy: LAPolicy, localizedReason: String) async throws -> Bool { fatalError() }
    public func invalidate() {}
}

public struct LAError: Error {
    public static let errorDomain = "com.apple.LocalAuthentication"
    public enum Code: Int {
        case authenticationFailed = -1
        case userCancel = -2
        case userFallback = -3
        case systemCancel = -4
        case passcodeNotSet = -5
        case biometryNotAvailable = -6
        case biometryNotEnrolled = -7
        case biometryLockout = -8
        case appCancel = -9
        case invalidContext = -10
        case notInteractive = -1004
    }
}
