// swift-tools-version: 6.0
import Foundation
import PackageDescription

// The library that `CountersignFFI` calls. On a Mac it is the XCFramework that Scripts/build-xcframework.sh makes; elsewhere
// it is the one of `cargo xtask bindings`, found by the linker (-L), with the C module next to the generated Swift.
#if os(macOS)
let library = Target.binaryTarget(name: "countersign_ffiFFI", path: "countersign_ffiFFI.xcframework")
#else
let library = Target.systemLibrary(name: "countersign_ffiFFI")
#endif

let package = Package(
    name: "Countersign",
    defaultLocalization: "en",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "Countersign", targets: ["Countersign"]),
        .library(name: "CountersignModels", targets: ["CountersignModels"]),
        .library(name: "CountersignApple", targets: ["CountersignApple"]),
        .library(name: "CountersignUI", targets: ["CountersignUI"]),
    ],
    targets: [
        library,
        // Generated. What UniFFI writes for async foreign traits isn't accepted in Swift 6 mode yet.
        .target(
            name: "CountersignFFI",
            dependencies: ["countersign_ffiFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(name: "Countersign", dependencies: ["CountersignFFI"]),
        .target(name: "CountersignModels", dependencies: ["Countersign"]),
        .target(name: "CountersignApple", dependencies: ["Countersign"]),
        .target(name: "CountersignUI", dependencies: ["CountersignApple", "CountersignModels"]),
        .executableTarget(name: "CountersignBench", dependencies: ["Countersign", "CountersignFFI"], path: "Benches"),
        .testTarget(
            name: "CountersignTests",
            dependencies: ["Countersign", "CountersignModels"] + platformOfTests
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Without Apple's frameworks, small stand-ins let the compiler check our side of keys, screens and the sample app: names,
// optionals, isolation. They prove nothing about Apple's side.
let stubs: [(name: String, dependencies: [Target.Dependency])] = [
    ("AppleFoundation", []),
    ("AVFoundation", ["QuartzCore"]),
    ("CoreGraphics", ["AppleFoundation"]),
    ("Darwin", []),
    ("ImageIO", ["CoreGraphics"]),
    ("LocalAuthentication", ["AppleFoundation"]),
    ("os", []),
    ("QuartzCore", []),
    ("Security", ["AppleFoundation"]),
    ("SwiftUI", ["AppleFoundation", "QuartzCore"]),
    ("UserNotifications", ["AppleFoundation"]),
]

// The tests keep device keys and decode pictures outside of Rust. Linux has no CryptoKit and no ImageIO: OpenSSL and libpng stand
// for them.
var platformOfTests: [Target.Dependency] {
    #if os(Linux)
    ["COpenSSL", "CPng"]
    #else
    ["CountersignApple"]
    #endif
}

if ProcessInfo.processInfo.environment["COUNTERSIGN_APPLE_STUBS"] == "1" {
    for target in package.targets where ["CountersignApple", "CountersignUI"].contains(target.name) {
        target.dependencies += stubs.map { .target(name: $0.name) }
    }
    package.targets += stubs.map { stub in
        .target(
            name: stub.name, dependencies: stub.dependencies, path: "Stubs/\(stub.name)",
            swiftSettings: [.swiftLanguageMode(.v5)])
    }
    // Xcode builds these by App/project.yml.
    package.targets += [
        .target(
            name: "SampleApp", dependencies: ["CountersignApple", "CountersignUI"], path: "App",
            exclude: ["Localizable.xcstrings", "NotificationService", "project.yml"]),
        .target(name: "NotificationService", dependencies: ["CountersignApple"], path: "App/NotificationService"),
    ]
}
#if os(Linux)
package.targets += ["COpenSSL", "CPng"].map { .systemLibrary(name: $0, path: "Tests/\($0)") }
#endif
