// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// A package of its own, so that nobody who builds Martlet builds it.
let package = Package(
    name: "mutants",
    targets: [
        .executableTarget(name: "mutants", swiftSettings: strict),
        .testTarget(name: "MutantsTests", dependencies: ["mutants"], swiftSettings: strict),
    ])
