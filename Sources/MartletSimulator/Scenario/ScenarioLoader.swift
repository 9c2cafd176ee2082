// Scenarios from YAML, strictly: an unknown key, a wrong word or a contradiction is an error with
// its line. The only file that knows YAML.
internal import Foundation
internal import MartletBase
internal import MartletRing
internal import Yams

extension Scenario {
    /// Reads the scenario in the file at `path`; its name is the file's, without the extension.
    package static func load(path: String) throws(ScenarioError) -> Scenario {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let name = file.split(separator: ".").first.map(String.init) ?? file
        return try load(text: try text(at: path), name: name, source: path)
    }

    /// What stands in the file at `path`.
    static func text(at path: String) throws(ScenarioError) -> String {
        do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw ScenarioError(
                source: path, problem: "cannot be read: \(error.localizedDescription)")
        }
    }

    /// Reads the scenario `name` from `text`; errors name `source`, of which `text` is the part
    /// from `firstLine` on.
    package static func load(
        text: String, name: String, source: String = "scenario", firstLine: Int = 1
    ) throws(ScenarioError) -> Scenario {
        var scenario = Scenario(name: name)
        scenario.text = text
        do throws(ScenarioError) {
            try Section(text: text, source: source, called: "a scenario").read(into: &scenario)
        } catch {
            throw error.movedDown(by: firstLine - 1)
        }
        return scenario
    }
}

/// One mapping of the file, and the way its errors are told.
struct Section {
    let source: String
    private let name: String
    private let mapping: Node.Mapping

    /// The outermost mapping of a file.
    init(text: String, source: String, called name: String) throws(ScenarioError) {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw ScenarioError(source: source, notYAML: error)
        }
        guard let root else { throw ScenarioError(source: source, line: 1, problem: "is empty") }
        try self.init(root, source: source, called: name)
    }

    init(_ node: Node, source: String, called name: String) throws(ScenarioError) {
        guard let mapping = node.mapping else {
            throw ScenarioError(
                source: source, line: node.mark?.line, problem: "\(name) must have keys")
        }
        self.source = source
        self.name = name
        self.mapping = mapping
    }

    func error(_ problem: String, at node: Node? = nil) -> ScenarioError {
        ScenarioError(
            source: source, line: node?.mark?.line ?? mapping.mark?.line, problem: problem)
    }

    /// An error at the line of `key`, or the mapping's own where it has none.
    func error(_ problem: String, under key: String) -> ScenarioError {
        error(problem, at: mapping[key])
    }

    /// The line of the text of a literal block under `key`; 1 where there is none.
    func firstLine(of key: String) -> Int {
        guard let scalar = mapping[key]?.scalar, scalar.style == .literal else { return 1 }
        return (scalar.mark?.line ?? 0) + 1
    }

    var keyCount: Int { mapping.count }

    /// Fails at the first key that is none of `known`.
    func expect(only known: [String]) throws(ScenarioError) {
        for (key, _) in mapping where !known.contains(key.string ?? "") {
            let word = key.string ?? "?"
            throw error(
                "\(name) knows no \(word); "
                    + meant(by: word, among: known, otherwise: "it knows "), at: key)
        }
    }

    func has(_ key: String) -> Bool { mapping[key] != nil }

    func isWord(_ key: String) -> Bool { mapping[key]?.scalar != nil }

    func section(_ key: String) throws(ScenarioError) -> Section? {
        guard let node = mapping[key] else { return nil }
        return try Section(node, source: source, called: key)
    }

    /// The mappings of the list under `key`, each called `name` in errors.
    func sections(
        _ key: String, called name: String
    ) throws(ScenarioError) -> [Section] {
        var sections: [Section] = []
        for node in try list(key) {
            sections.append(try Section(node, source: source, called: name))
        }
        return sections
    }

    private func list(_ key: String) throws(ScenarioError) -> [Node] {
        guard let node = mapping[key] else { return [] }
        guard let sequence = node.sequence else { throw error("\(key) must be a list", at: node) }
        return Array(sequence)
    }

    /// Reads the word under `key` into `value`; leaves it alone where there is none.
    func read<Value>(
        _ key: String, into value: inout Value, _ read: (String) throws(WordError) -> Value
    ) throws(ScenarioError) {
        guard let node = mapping[key] else { return }
        value = try word(node, key, read)
    }

    /// Reads the words of the list under `key`, or its one word.
    func readList<Value>(
        _ key: String, into values: inout [Value], _ read: (String) throws(WordError) -> Value
    ) throws(ScenarioError) {
        guard let node = mapping[key] else { return }
        let nodes = node.sequence.map(Array.init) ?? [node]
        guard !nodes.isEmpty else { throw error("\(key) is empty", at: node) }
        var words: [Value] = []
        for node in nodes { words.append(try word(node, key, read)) }
        values = words
    }

    /// Reads the words of the lists in the list under `key`.
    func wordLists<Value>(
        _ key: String, _ read: (String) throws(WordError) -> Value
    ) throws(ScenarioError) -> [[Value]] {
        var lists: [[Value]] = []
        for node in try list(key) {
            var words: [Value] = []
            for member in node.sequence.map(Array.init) ?? [node] {
                words.append(try word(member, key, read))
            }
            lists.append(words)
        }
        return lists
    }

    private func word<Value>(
        _ node: Node, _ key: String, _ read: (String) throws(WordError) -> Value
    ) throws(ScenarioError) -> Value {
        guard let text = node.scalar?.string else {
            throw error("\(key) must be one word", at: node)
        }
        do { return try read(text) } catch let failure {
            throw error("\(key): \(failure.problem)", at: node)
        }
    }
}

// MARK: The parts of a scenario

extension Section {
    func read(into scenario: inout Scenario) throws(ScenarioError) {
        try expect(only: [
            "description", "nodes", "spares", "shards", "zones", "n", "partitions", "clients",
            "rate", "keys",
            "value-bytes", "popularity", "preload", "carts", "counters", "mix", "lifetime",
            "habits",
            "duration", "settle", "core", "network", "disk", "clocks", "options", "limits",
            "swarm", "faults", "expects", "settings",
        ])
        try read("description", into: &scenario.description) { (text) throws(WordError) in text }
        for measure in Measure.allCases { try read(measure, into: &scenario) }
        try read("preload", into: &scenario.preload, ScenarioText.share)
        try read("duration", into: &scenario.duration, ScenarioText.duration)
        try read("settle", into: &scenario.settle, ScenarioText.duration)
        try readRange("core", into: &scenario.core, ScenarioText.share)
        try read(into: &scenario.workload)
        try section("network")?.read(into: &scenario.network)
        if let disk = try section("disk") {
            try disk.expect(only: ["sync", "sync-mode"])
            try disk.readList("sync-mode", into: &scenario.syncModes, SyncChoice.read)
            try disk.readRange("sync", into: &scenario.syncDelay, ScenarioText.duration)
        }
        if let clocks = try section("clocks") {
            try clocks.expect(only: ["skew", "drift", "odd"])
            try clocks.readRange("skew", into: &scenario.clockSkew, ScenarioText.difference)
            try clocks.readRange("odd", into: &scenario.oddClock, ScenarioText.difference)
            try clocks.readRange("drift", into: &scenario.clockDrift, ScenarioText.millionths)
        }
        try readBounds(into: &scenario)
        try read("settings", into: &scenario.usesStandardSettings) { (text) throws(WordError) in
            guard ["standard", "drawn"].contains(text) else {
                throw WordError(problem: "settings cannot be \(text): write standard or drawn")
            }
            return text == "standard"
        }
        try readFaults(into: &scenario)
        for node in try list("expects") { scenario.expects.append(try occurrence(node)) }
        try check(scenario)
    }

    /// A whole number, or a range of them.
    private func read(_ measure: Measure, into scenario: inout Scenario) throws(ScenarioError) {
        var range = scenario[measure]...scenario[measure]
        try readRange(measure.rawValue, into: &range, ScenarioText.count)
        scenario[measure] = range.upperBound
        if range.count > 1 { scenario.ranges[measure] = range }
    }

    private func read(into network: inout NetworkSettings) throws(ScenarioError) {
        try expect(only: [
            "delay", "loss", "duplication", "breaks", "tail", "reordering", "corruption",
        ])
        try readRange("delay", into: &network.delay, ScenarioText.duration)
        try readRange("loss", into: &network.loss, ScenarioText.share)
        try readRange("duplication", into: &network.duplication, ScenarioText.share)
        try readRange("breaks", into: &network.breaks, ScenarioText.share)
        try readMishaps(into: &network)
    }

    func readRange<Value: Comparable>(
        _ key: String, into range: inout ClosedRange<Value>,
        _ value: (String) throws(WordError) -> Value
    ) throws(ScenarioError) {
        try read(key, into: &range) { (text) throws(WordError) in
            try ScenarioText.range(text, of: value)
        }
    }

    private func occurrence(_ node: Node) throws(ScenarioError) -> Occurrence {
        try word(node, "expects") { (text) throws(WordError) in
            if let occurrence = Occurrence(name: text) { return occurrence }
            throw WordError(
                problem: "\(text) is nothing that can occur; "
                    + meant(
                        by: text, among: Occurrence.allCases.map(\.name),
                        otherwise: "known are "))
        }
    }

    private func check(
        _ measure: Measure, _ value: Int, _ limits: ClosedRange<Int>
    ) throws(ScenarioError) {
        let node = mapping[measure.rawValue]
        guard limits.contains(value) else {
            let range = "\(limits.lowerBound) to \(limits.upperBound)"
            throw error("\(measure.rawValue) is \(value), must be \(range)", at: node)
        }
        guard measure != .partitions || PartitionCount(value) != nil else {
            throw error("partitions is \(value), must be a power of two up to 16384", at: node)
        }
    }

    /// Contradictions between the parts.
    private func check(_ scenario: Scenario) throws(ScenarioError) {
        for measure in Measure.allCases {
            let limits = measure.limits(nodes: scenario.nodeCount)
            let highest = scenario[measure]
            for value in [scenario.ranges[measure]?.lowerBound ?? highest, highest] {
                try check(measure, value, limits)
            }
        }
        try check(scenario.workload)
    }
}

extension ScenarioError {
    /// What a reader of YAML says of a text that is none.
    init(source: String, notYAML error: any Error) {
        self.init(source: source, problem: "not YAML: \(error)")
        switch error as? YamlError {
        case .scanner(_, let why, let mark, _), .parser(_, let why, let mark, _),
            .composer(_, let why, let mark, _):
            (line, problem) = (mark.line, "not YAML: \(why)")
        case .duplicatedKeysInMapping(let keys, let context):
            let words = keys.joined(separator: ", ")
            (line, problem) = (context.mark.line, "\(words) stands more than once")
        default: break
        }
    }
}
