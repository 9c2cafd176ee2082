// Case files: YAML, strictly read.
//
//     note:       why it is kept                         optional
//     name:       the scenario's
//     seed:       17
//     verdict:    failed | passed | vacuous | unfinished
//     promise:    hints are conserved                    when it failed
//     witness:    what showed it                         when it failed
//     log-hash:   16 hexadecimal digits                  optional
//     reduction:  {faults: 0 3, clients: none, requests: 2, duration: 1500ms, …}
//     schedule:   the faults, for people
//     scenario:   the scenario's text
internal import MartletBase
internal import Yams

extension SimulationCase {
    private static let keys = [
        "note", "name", "seed", "verdict", "promise", "witness", "log-hash", "reduction",
        "schedule", "scenario",
    ]

    // MARK: Writing

    /// The case as a file's text; reading it gives the case again.
    package var text: String {
        var pairs: [(Node, Node)] = []
        func add(_ key: String, _ value: String?) {
            if let value { pairs.append((Node(key), Node(value))) }
        }
        add("note", note.isEmpty ? nil : note)
        add("name", scenario.name)
        add("seed", String(seed))
        add("verdict", verdict)
        add("promise", promise?.rawValue)
        add("witness", witness)
        add("log-hash", hashText)
        if !reduction.isEmpty {
            pairs.append((Node("reduction"), Node(reduction.pairs.map { (Node($0), Node($1)) })))
        }
        if !schedule.isEmpty { pairs.append((Node("schedule"), Node(schedule.map { Node($0) }))) }
        let block = Node.Scalar(scenario.text, Tag(.str), .literal)
        pairs.append((Node("scenario"), .scalar(block)))
        guard let text = try? Yams.serialize(node: Node(pairs), width: -1, allowUnicode: true)
        else { fatalError("a case of plain words does not serialise") }
        return "# Play it again: martlet simulate --replay THIS-FILE\n" + text
    }

    // MARK: Reading

    /// Reads a case from the text of a file; errors name `source`.
    package static func load(
        text: String, source: String = "case"
    ) throws(ScenarioError) -> SimulationCase {
        let section = try Section(text: text, source: source, called: "a case")
        try section.expect(only: keys)
        for key in ["name", "seed", "verdict", "scenario"] where !section.has(key) {
            throw section.error("a case needs \(key)")
        }
        return try section.readCase()
    }
}

extension Section {
    fileprivate func readCase() throws(ScenarioError) -> SimulationCase {
        let name = try word("name") ?? ""
        let scenario = try Scenario.load(
            text: try word("scenario") ?? "", name: name, source: source,
            firstLine: firstLine(of: "scenario"))
        var read = SimulationCase(scenario, seed: 0, verdict: try word("verdict") ?? "")
        read.note = try word("note") ?? ""
        try self.read("seed", into: &read.seed) { (text) throws(WordError) in
            guard let seed = UInt64(text) else {
                throw WordError(problem: "\(text) is no 64-bit number")
            }
            return seed
        }
        try self.read("promise", into: &read.promise) { (text) throws(WordError) in
            guard let promise = Promise(rawValue: text) else {
                throw WordError(problem: "\(text) is no promise of this martlet")
            }
            return promise
        }
        read.witness = try word("witness")
        read.hashText = try word("log-hash")
        if let section = try section("reduction") {
            read.reduction = try section.readReduction()
            let nodes = max(1, scenario.highestNode)...scenario.nodeCount
            guard nodes.contains(read.reduction.nodeCount ?? scenario.nodeCount) else {
                throw section.error(
                    "nodes must be \(nodes.lowerBound) to \(nodes.upperBound) here")
            }
        }
        try readList("schedule", into: &read.schedule) { (text) throws(WordError) in text }
        return read
    }

    private func word(_ key: String) throws(ScenarioError) -> String? {
        var word: String?
        try read(key, into: &word) { (text) throws(WordError) in text }
        return word
    }

    private func readReduction() throws(ScenarioError) -> Reduction {
        try expect(only: [
            "faults", "clients", "requests", "skipped", "duration", "value-bytes", "nodes",
        ])
        var reduction = Reduction()
        try read("faults", into: &reduction.faults, Reduction.indices)
        try read("clients", into: &reduction.clients, Reduction.indices)
        try read("requests", into: &reduction.requestLimit, ScenarioText.count)
        try read("skipped", into: &reduction.requestsSkipped, ScenarioText.count)
        try read("duration", into: &reduction.duration, ScenarioText.duration)
        try read("value-bytes", into: &reduction.valueBytesLimit, ScenarioText.count)
        try read("nodes", into: &reduction.nodeCount, ScenarioText.count)
        return reduction
    }
}

extension Reduction: CustomStringConvertible {
    /// What is kept, in the words of a case file; `everything` when nothing is left out.
    package var description: String {
        isEmpty ? "everything" : pairs.map { "\($0): \($1)" }.joined(separator: ", ")
    }

    fileprivate var pairs: [(String, String)] {
        let words: [(String, String?)] = [
            ("faults", faults.map(Self.text)), ("clients", clients.map(Self.text)),
            ("requests", requestLimit.map(String.init)),
            ("skipped", requestsSkipped.map(String.init)),
            ("duration", duration.map { "\($0.milliseconds)ms" }),
            ("value-bytes", valueBytesLimit.map(String.init)),
            ("nodes", nodeCount.map(String.init)),
        ]
        return words.compactMap { key, word in word.map { (key, $0) } }
    }

    private static func text(_ indices: [Int]) -> String {
        indices.isEmpty ? "none" : indices.map(String.init).joined(separator: " ")
    }

    /// `none`, or indices from 0 with spaces between.
    fileprivate static func indices(_ word: String) throws(WordError) -> [Int]? {
        if word == "none" { return [] }
        var indices: [Int] = []
        for part in word.split(separator: " ") {
            indices.append(try ScenarioText.count(String(part)))
        }
        return indices
    }
}
