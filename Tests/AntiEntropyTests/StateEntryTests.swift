// What a node has written down of itself, as tools that look at its storage read it.
import MartletBase
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy
@testable import MartletNode

@Suite("State entries")
struct StateEntryTests {
    /// Every entry of the state of a node, by name.
    private func state(of number: Int, in cluster: Cluster) throws -> [(String, StateEntry?)] {
        try cluster.nodes[number].engine.scanNow(.state).entries.map {
            ($0.key.key.text, try StateEntry(name: $0.key.key, value: $0.value))
        }
    }

    @Test("All that a node writes down of itself has a name that tools know")
    func all() throws {
        var cluster = try Cluster()
        for key in cluster.keys(4, of: 0) { cluster.put(key, "v", at: 0) { $0.w = .all } }
        cluster.pass(.seconds(300))
        let home = cluster.homes(of: 0)[0]
        let settled = try state(of: home, in: cluster)
        for (name, entry) in settled { #expect(entry != nil, "\(name)") }
        let watermark = cluster.watermark(0, at: home)
        #expect(watermark.bits > 0)
        #expect(
            settled.contains {
                if case .settling(.watermark(partition: 0, watermark)) = $0.1 {
                    true
                } else {
                    false
                }
            })
        cluster.crash(home)
        try cluster.startOver(home)
        cluster.pass(.seconds(1))
        let anew = try state(of: home, in: cluster)
        for (name, entry) in anew { #expect(entry != nil, "\(name)") }
        #expect(
            anew.contains {
                if case .settling(.doubts(let doubts)) = $0.1 { doubts.contains(0) } else { false }
            })
    }

    @Test("Names that are none of its own are nobody's, and bent values a typed error")
    func bent() throws {
        #expect(try SettlingEntry(name: Bytes(text: "lost-disk"), value: []) == .lostDisk)
        #expect(
            try SettlingEntry(name: Bytes(text: "watermark-7"), value: [0, 0, 1, 0, 0, 0, 0, 0])
                == .watermark(partition: 7, HybridTimestamp(bits: 1 << 16)))
        for name in ["", "watermark-", "watermark-65536", "watermark-x", "topology", "floors"] {
            #expect(try SettlingEntry(name: Bytes(text: name), value: []) == nil)
        }
        for (name, value) in [("floor", [1]), ("doubts", [1, 0, 2]), ("watermark-1", [])]
            as [(String, Bytes)]
        {
            #expect(throws: FormatError.self) {
                try SettlingEntry(name: Bytes(text: name), value: value)
            }
        }
        #expect(throws: FormatError.self) {
            try SettlingEntry(name: Bytes(text: "lost-disk"), value: [0])
        }
    }
}
