// Who may import what: the arrows of the design, which SwiftPM does not enforce.
import Testing

private let core: Set<String> = [
    "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
    "MartletMembership", "MartletConsensus", "MartletReplication", "MartletAntiEntropy",
    "MartletHandover",
]

/// What the shells may use of the platform; the core may not.
private let platform: Set<String> = [
    "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
]

/// Every target, and all that its files may import.
private let table: [String: Set<String>] = [
    "MartletBase": ["CMartletChecksum"],
    "MartletVersions": ["MartletBase"],
    "MartletRing": ["MartletBase"],
    // Synchronization for `Mutex` alone: blocks are read, and tables opened, on several threads.
    "MartletStorage": ["MartletBase", "CLZ4", "Synchronization"],
    "MartletWire": ["MartletBase", "MartletVersions", "MartletRing"],
    "MartletMembership": ["MartletBase", "MartletWire"],
    "MartletConsensus": ["MartletBase", "MartletRing", "MartletWire"],
    "MartletReplication": [
        "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
        "HeapModule", "DequeModule",
    ],
    "MartletAntiEntropy": [
        "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
        "DequeModule",
    ],
    "MartletHandover": [
        "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
    ],
    "MartletNode": core,

    "MartletRESP": ["MartletBase"],
    "MartletViews": core.union(platform).union(["MartletNode"]),
    "MartletServer": core.union(platform).union([
        "MartletNode", "MartletViews", "MartletRESP", "NIOCore", "NIOPosix", "DequeModule",
        "Yams", "Logging",
    ]),
    "MartletClient": platform.union(["MartletBase", "MartletRESP", "NIOCore", "NIOPosix"]),
    "MartletSimulator": core.union(platform).union([
        "MartletNode", "MartletViews", "HeapModule", "DequeModule", "Yams",
    ]),
    "MartletLocal": platform.union(["MartletViews", "MartletClient"]),
    "MartletBench": core.union(platform).union([
        "MartletNode", "MartletViews", "MartletServer", "MartletClient", "MartletLocal",
    ]),
    "martlet": platform.union([
        "MartletBase", "MartletStorage", "MartletViews", "MartletServer", "MartletClient",
        "MartletSimulator", "MartletLocal", "MartletBench", "ArgumentParser", "Logging",
    ]),
]

@Test("Every target imports only what the design lets it see")
func importsFollowTheTable() {
    for file in SourceTree.sources where file.isSwift {
        guard let allowed = table[file.target] else {
            Issue.record("\(file.path): target \(file.target) is not in the table of imports")
            continue
        }
        for (index, line) in file.code.enumerated() {
            guard let module = importedModule(line), !allowed.contains(module) else { continue }
            let list = allowed.sorted().joined(separator: ", ")
            let rule = "\(file.target) imports \(module); it may import \(list)"
            Issue.record("\(file.violation(index + 1, rule))")
        }
    }
}

@Test("The table of imports names no target that is gone")
func tableIsCurrent() {
    let targets = Set(SourceTree.sources.map(\.target))
    for target in table.keys.sorted() where !targets.contains(target) {
        Issue.record("\(target) has no sources")
    }
}

@Test(
    "Imports are read whatever their access and kind",
    arguments: [
        ("import MartletBase", "MartletBase"),
        ("package import MartletBase", "MartletBase"),
        ("@preconcurrency internal import NIOCore", "NIOCore"),
        ("import struct Foundation.URL", "Foundation"),
    ])
func importsAreRead(line: String, module: String) {
    #expect(importedModule(line) == module)
}

private func importedModule(_ line: String) -> String? {
    let words = line.split(separator: " ")
    guard let index = words.firstIndex(of: "import"),
        words[..<index].allSatisfy({ modifiers.contains($0) || $0.hasPrefix("@") })
    else { return nil }
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "typealias"]
    let name = words[(index + 1)...].first { !kinds.contains($0) }
    return name?.split(separator: ".").first.map(String.init)
}

private let modifiers: Set<Substring> = ["package", "public", "internal", "private", "fileprivate"]
