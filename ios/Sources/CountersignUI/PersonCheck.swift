#if canImport(SwiftUI)
#if canImport(LocalAuthentication)
import LocalAuthentication
#endif

/// Performs a user check, for actions that somebody with the unlocked phone must not be able to do.
///
/// - Parameter reason: The reason, in the person's language.
@MainActor func isThePerson(_ reason: String) async -> Bool {
    #if canImport(LocalAuthentication)
    return (try? await LAContext().evaluatePolicy(.deviceOwnerAuthentication, localizedReason: reason)) ?? false
    #else
    return false
    #endif
}
#endif
