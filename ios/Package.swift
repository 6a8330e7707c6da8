// swift-tools-version: 6.0
import Foundation
import PackageDescription

// The library that `CountersignFFI` calls. On a Mac it is the XCFramework that Scripts/build-xcframework.sh makes; elsewhere
// it is the one of `cargo xtask bindings`, found by the linker (-L), with the C module beside the generated Swift.
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
        .target(name: "CountersignUI", dependencies: ["CountersignModels"] + stubs),
        .executableTarget(name: "CountersignBench", dependencies: ["Countersign", "CountersignFFI"], path: "Benches"),
        .testTarget(
            name: "CountersignTests",
            dependencies: ["Countersign", "CountersignModels"] + opensslForTests
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Without Apple's SwiftUI, a small stand-in lets the compiler check our side of the screens: names, optionals, isolation.
// It proves nothing about Apple's side.
var stubs: [Target.Dependency] {
    stubsAreWanted ? ["SwiftUI"] : []
}

var stubsAreWanted: Bool {
    ProcessInfo.processInfo.environment["COUNTERSIGN_SWIFTUI_STUB"] == "1"
}

// The tests keep device keys outside of Rust. Linux has no CryptoKit, so they are OpenSSL's there.
var opensslForTests: [Target.Dependency] {
    #if os(Linux)
    ["COpenSSL"]
    #else
    []
    #endif
}

if stubsAreWanted {
    package.targets.append(
        .target(name: "SwiftUI", path: "Stubs/SwiftUI", swiftSettings: [.swiftLanguageMode(.v5)])
    )
}
#if os(Linux)
package.targets.append(.systemLibrary(name: "COpenSSL", path: "Tests/COpenSSL"))
#endif
