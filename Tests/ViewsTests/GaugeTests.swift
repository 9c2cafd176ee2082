// The table of gauges: that no number of STATUS is missing from it, and that what it says can be
// read by INFO's readers and by those of metrics.
import Foundation
import MartletBase
import MartletNode
import MartletStorage
import MartletWire
import Testing

@testable import MartletViews

@Suite("Gauges")
struct GaugeTests {
    private static let now = Moment(
        instant: .start, wall: WallTime(milliseconds: 1_750_000_000_000))

    /// What a node that has done nothing yet tells.
    private func figures() throws -> NodeFigures {
        var options = StorageOptions()
        options.prewriteBytes = 0
        options.digest = .object
        let storage = try StorageEngine.open(disk: MemoryDisk(), options: options)
        let endpoint = Endpoint(host: "10.0.0.1", port: 7_401)
        let configuration = NodeConfiguration(
            clusterName: "test", name: "n1", zone: "", peerEndpoint: endpoint,
            clientEndpoint: endpoint, seeds: [])
        let core = try NodeCore.open(configuration, engine: storage.engine, seed: 7, at: Self.now)
        return NodeFigures(
            core, process: ProcessFigures(), clients: .init(connections: 0, commands: 0),
            at: Self.now)
    }

    @Test("Names are there once, and of letters, digits and lines; nothing is without help")
    func names() {
        let gauges = GaugeTable.rows.compactMap(\.gauge)
        #expect(Set(gauges.map(\.name)).count == gauges.count)
        for gauge in gauges {
            #expect(gauge.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" })
            #expect(!gauge.help.isEmpty && gauge.help.last != ".")
        }
    }

    @Test("Every number of STATUS moves a gauge")
    func everyNumber() throws {
        var figures = try figures()
        // What is nil at first is a number later.
        figures.status.storage.freeBytes = 0
        figures.status.storage.reserveBytes = 0
        figures.status.settled.leastAge = 0
        figures.status.settled.medianAge = 0
        figures.status.settled.mostAge = 0
        let json = try JSONValue(of: figures.status)
        let before = values(figures)
        // The share of the reply to an operator's request, and the quotient of two others.
        let others: Set<[String]> = [["antiEntropy", "begun"], ["storage", "writeAmplification"]]
        let paths = json.numbers().filter { !others.contains($0) }
        #expect(paths.count > 50)
        for path in paths {
            let changed = JSONText.line(json.changed(at: path[...]))
            figures.status = try JSONDecoder().decode(StatusView.self, from: Data(changed))
            #expect(values(figures) != before, "\(path) is in no row")
        }
    }

    @Test("Every number of STATUS is that of all shards, but for those that all share")
    func everyNumberOfShards() throws {
        var figures = try figures()
        // Numbers that JSON's readers have whole.
        figures.status.storage.freeBytes = 0
        figures.status.storage.reserveBytes = 0
        let json = try JSONValue(of: figures.status)
        let twice = try JSONValue(of: NodeFigures(joining: [figures, figures]).status)
        let shared: Set<[String]> = [
            // Of the node: the least that any shard knows, or what the first says.
            ["epoch"], ["clock", "ahead"], ["clock", "comparedWith"], ["storage", "freeBytes"],
            // Made anew of what was joined.
            ["storage", "writeAmplification"], ["settled", "partitions"], ["settled", "unproven"],
            ["settled", "doubted"],
        ]
        let paths = json.numbers().filter { !shared.contains($0) }
        #expect(paths.count > 40)
        for path in paths {
            let changed = JSONText.line(json.changed(at: path[...]))
            var other = figures
            other.status = try JSONDecoder().decode(StatusView.self, from: Data(changed))
            let joined = NodeFigures(joining: [figures, other])
            let sum = try JSONValue(of: joined.status)
            #expect(
                sum.value(at: path[...]) != twice.value(at: path[...]), "\(path) is not joined")
        }
    }

    @Test("The facts of STATUS are the process's figures, tenths and words too")
    func facts() throws {
        var process = ProcessFigures()
        process.id = 12
        process.longestTurn = .microseconds(4_250)
        process.residentBytes = 1_536
        let base = try figures()
        #expect(base.status.process.count == 15)
        let figures = NodeFigures(base.status, process, base.ages)
        let facts = figures.status.process.prefix(7).map { "\($0.name) \($0.value)" }
        #expect(
            facts == [
                "process_id 12", "longest_turn_ms 4.2", "turns_over_10_ms 0",
                "uptime_in_seconds 0", "used_memory 1536", "used_memory_human 1.50K",
                "used_memory_rss 1536",
            ])
    }

    @Test("FIGURES.md is what the table says; MARTLET_WRITE_PAGES=1 in the environment writes it")
    func page() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "FIGURES.md")
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_PAGES"] != nil {
            try GaugePage.text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == GaugePage.text)
    }

    private func values(_ figures: NodeFigures) -> [Gauge.Value?] {
        GaugeTable.rows.compactMap(\.gauge).map { $0.value(figures) }
    }
}

/// JSON of any shape.
private enum JSONValue: Codable, Hashable {
    case object([String: JSONValue])
    case list([JSONValue])
    case truth(Bool)
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let object = try? container.decode([String: JSONValue].self) {
            self = .object(object)
        } else if let list = try? container.decode([JSONValue].self) {
            self = .list(list)
        } else if let truth = try? container.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .object(let object): try container.encode(object)
        case .list(let list): try container.encode(list)
        case .truth(let truth): try container.encode(truth)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }

    /// The JSON of a view.
    init(of view: some Encodable) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: Data(JSONText.line(view)))
    }

    /// The paths of all numbers outside of lists.
    func numbers(_ path: [String] = []) -> [[String]] {
        switch self {
        case .object(let object):
            object.sorted { $0.key < $1.key }.flatMap { $0.value.numbers(path + [$0.key]) }
        case .number: [path]
        case .list, .truth, .text: []
        }
    }

    /// What stands at `path`.
    func value(at path: ArraySlice<String>) -> JSONValue? {
        guard let name = path.first else { return self }
        guard case .object(let object) = self else { return nil }
        return object[name]?.value(at: path.dropFirst())
    }

    /// The same with another number at `path`.
    func changed(at path: ArraySlice<String>) -> JSONValue {
        guard let name = path.first, case .object(var object) = self else { return .number(1_000) }
        object[name] = object[name]?.changed(at: path.dropFirst())
        return .object(object)
    }
}
