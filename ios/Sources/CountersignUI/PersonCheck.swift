#if canImport(SwiftUI)
#if canImport(LocalAuthentication)
import LocalAuthentication
#endif

/// Has the platform check the person, for what whoever holds the open phone may not do for that alone.
///
/// - Parameter reason: What it is for, in the person's language.
@MainActor func isThePerson(_ reason: String) async -> Bool {
    #if canImport(LocalAuthentication)
    return (try? await LAContext().evaluatePolicy(.deviceOwnerAuthentication, localizedReason: reason)) ?? false
    #else
    return false
    #endif
}
#endif
