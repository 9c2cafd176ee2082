// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same strictness; `Tests/HouseTests` holds the table of who may
/// import what, because SwiftPM does not enforce it.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Libraries share their declarations as `public`, not `package`: the compiler inlines across targets
/// what is public, and nothing of what is `package`. Measured: a fifth of a run.
func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], _ more: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + more)
}

/// What simulations run is optimised in debug builds too: the tests play hundreds of them, six times
/// as fast so. Invariants, overflow and exclusivity are checked all the same, and bugs can be planted.
let optimised = SwiftSetting.unsafeFlags(
    ["-O", "-whole-module-optimization", "-num-threads", "2", "-disable-batch-mode"],
    .when(configuration: .debug))

func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    library(name, dependencies, [optimised])
}

func test(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [],
    _ more: [SwiftSetting] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, resources: resources,
        swiftSettings: strict + more)
}

let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "Martlet",
    products: [
        .library(name: "MartletClient", targets: ["MartletClient"]),
        .executable(name: "martlet", targets: ["martlet"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C: checksums in hardware, and liblz4.
        .target(name: "CMartletChecksum"),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),

        // The pure core, lowest first.
        core("MartletBase", ["CMartletChecksum"]),
        core("MartletVersions", ["MartletBase"]),
        core("MartletRing", ["MartletBase"]),
        core("MartletStorage", ["MartletBase", "CLZ4"]),
        core("MartletWire", ["MartletBase", "MartletVersions", "MartletRing"]),
        core("MartletMembership", ["MartletBase", "MartletWire"]),
        core("MartletConsensus", ["MartletBase", "MartletRing", "MartletWire"]),
        core(
            "MartletReplication",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                heap, deque,
            ]),
        core(
            "MartletAntiEntropy",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                deque,
            ]),
        core(
            "MartletHandover",
            ["MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire"]),
        core(
            "MartletNode",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletMembership", "MartletReplication", "MartletAntiEntropy",
                "MartletConsensus", "MartletHandover",
            ]),

        // The shells.
        library("MartletRESP", ["MartletBase"]),
        library(
            "MartletViews",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletMembership", "MartletReplication", "MartletAntiEntropy", "MartletHandover",
                "MartletNode",
            ]),
        library(
            "MartletServer",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletMembership", "MartletReplication", "MartletAntiEntropy", "MartletHandover",
                "MartletNode",
                "MartletViews", "MartletRESP", nio, nioPosix, deque, yams, logging,
            ]),
        library("MartletClient", ["MartletBase", "MartletRESP", nio, nioPosix]),
        core(
            "MartletSimulator",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletMembership", "MartletReplication", "MartletAntiEntropy", "MartletHandover",
                "MartletNode",
                "MartletViews", heap, deque, yams,
            ]),
        library("MartletLocal", ["MartletViews", "MartletClient"]),
        library(
            "MartletBench",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletMembership", "MartletReplication", "MartletAntiEntropy", "MartletHandover",
                "MartletNode",
                "MartletViews", "MartletServer", "MartletClient", "MartletLocal",
            ]),
        .executableTarget(
            name: "martlet",
            dependencies: [
                "MartletBase", "MartletStorage", "MartletViews", "MartletServer", "MartletClient",
                "MartletSimulator", "MartletLocal", "MartletBench", arguments, logging,
            ],
            swiftSettings: strict),

        // Tests.
        test("HouseTests", []),
        test("BaseTests", ["MartletBase", "CMartletChecksum"]),
        test("VersionsTests", ["MartletBase", "MartletVersions"]),
        test("RingTests", ["MartletBase", "MartletRing"]),
        test("StorageTests", ["MartletBase", "MartletStorage"]),
        test("WireTests", ["MartletBase", "MartletVersions", "MartletRing", "MartletWire"]),
        test("MembershipTests", ["MartletBase", "MartletWire", "MartletMembership"]),
        // Optimised: it explores a million states.
        test(
            "ConsensusTests", ["MartletBase", "MartletRing", "MartletWire", "MartletConsensus"],
            [optimised]),
        test(
            "ReplicationTests",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletReplication", "MartletNode", "MartletMembership",
            ]),
        test(
            "AntiEntropyTests",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletMembership", "MartletAntiEntropy", "MartletReplication", "MartletNode",
            ]),
        test(
            "HandoverTests",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletHandover",
            ]),
        test("RESPTests", ["MartletBase", "MartletRESP"]),
        test(
            "ViewsTests",
            ["MartletBase", "MartletStorage", "MartletWire", "MartletNode", "MartletViews"]),
        test(
            "ServerTests",
            [
                "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
                "MartletMembership", "MartletReplication", "MartletAntiEntropy", "MartletNode",
                "MartletRESP", "MartletViews", "MartletServer", "MartletClient", "MartletSimulator",
                "MartletLocal", "martlet", nio, nioPosix, logging, arguments,
            ]),
        test(
            "BenchTests",
            [
                "MartletBase", "MartletVersions", "MartletStorage", "MartletWire", "MartletClient",
                "MartletViews", "MartletLocal", "MartletBench", "martlet", arguments,
            ]),
        test("SimulatorTests", ["MartletBase", "MartletWire", "MartletSimulator"]),
    ]
)
