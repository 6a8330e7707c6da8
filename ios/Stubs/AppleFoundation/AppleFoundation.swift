// What Apple's Foundation and Core Foundation have, and Linux's don't.

import Foundation

public typealias CFString = String
public typealias CFData = Data
public typealias CFDictionary = [String: Any]
public typealias CFTypeRef = AnyObject
public typealias CFErrorDomain = String
public final class CFError: Error {}

public func CFErrorGetDomain(_ error: CFError) -> CFErrorDomain { fatalError() }
public func CFErrorGetCode(_ error: CFError) -> Int { fatalError() }

extension String {
    public struct LocalizationValue: ExpressibleByStringInterpolation {
        public init(stringLiteral value: String) {}
    }

    public init(localized key: LocalizationValue) { fatalError() }
}

extension URL {
    public static var applicationSupportDirectory: URL { fatalError() }
    public func startAccessingSecurityScopedResource() -> Bool { fatalError() }
    public func stopAccessingSecurityScopedResource() {}
}

extension FileManager {
    public func containerURL(forSecurityApplicationGroupIdentifier group: String) -> URL? { fatalError() }
}
