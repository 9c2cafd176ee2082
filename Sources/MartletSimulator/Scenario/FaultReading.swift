// Faults from YAML: each a mapping of one key, the kind, to its settings.
internal import MartletBase
internal import MartletStorage

extension Section {
    static let timing = ["at", "for", "count", "chance"]
    private static let blocking = timing + ["flapping"]
    private static let kinds =
        ["crash", "crash-all", "crash-zone", "partition", "isolate", "one-way"] + linkFaultKinds
        + nodeFaultKinds
        + ["overload"] + ringActKinds

    /// The list of faults, for the nodes that were read by now.
    func readFaults(into scenario: inout Scenario) throws(ScenarioError) {
        for entry in try sections("faults", called: "a fault") {
            let fault = try entry.fault()
            if let number = fault.highestNode, number > scenario.fewestNodes {
                throw entry.error("a fault is for node \(number) of \(scenario.fewestNodes)")
            }
            for other in scenario.faults {
                let problem = fault.contradiction(with: other) ?? other.contradiction(with: fault)
                if let problem { throw entry.error(problem) }
            }
            scenario.faults.append(fault)
        }
    }

    /// The fault that this entry of the list of faults declares.
    private func fault() throws(ScenarioError) -> FaultSpecification {
        try expect(only: Self.kinds)
        guard keyCount <= 1 else { throw error("a fault is of one kind, this is of \(keyCount)") }
        if let fault = try nodeFault() { return fault }
        if let fault = try linkFault() { return fault }
        if let fault = try overload() { return fault }
        if let fault = try ringAct() { return fault }
        if let inner = try section("crash") {
            try inner.expect(only: Self.timing + ["node", "loss", "loops"])
            return try inner.loop(
                try inner.fault(.crash(try inner.choice("node"), try inner.loss())))
        }
        if let inner = try section("crash-all") {
            try inner.expect(only: Self.timing + ["loss"])
            return try inner.fault(.crashAll(try inner.loss()))
        }
        if let inner = try section("crash-zone") {
            try inner.expect(only: Self.timing + ["loss"])
            return try inner.fault(.crashZone(try inner.loss()))
        }
        if let inner = try section("partition") {
            try inner.expect(only: Self.blocking + ["groups"])
            return try inner.fault(.partition(try inner.grouping()))
        }
        if let inner = try section("isolate") {
            try inner.expect(only: Self.blocking + ["node", "direction"])
            return try inner.fault(
                .isolate(try inner.choice("node"), try inner.isolationDirection()))
        }
        guard let inner = try section("one-way") else {
            throw error("a fault must be one of \(Self.kinds.joined(separator: ", "))")
        }
        try inner.expect(only: Self.blocking + ["from", "to"])
        return try inner.fault(
            .oneWay(from: try inner.choice("from"), to: try inner.choice("to")))
    }

    /// A fault of that kind, with its timing; one that `isLasting` needs to know for how long.
    func fault(
        _ kind: FaultSpecification.Kind, isLasting: Bool = true
    ) throws(ScenarioError) -> FaultSpecification {
        var fault = FaultSpecification(kind: kind, at: .zero ... .zero, lasting: .zero ... .zero)
        guard has("at"), has("for") || !isLasting else {
            throw error(isLasting ? "a fault needs at and for" : "a fault needs at")
        }
        try readRange("at", into: &fault.at, ScenarioText.duration)
        try readRange("for", into: &fault.lasting, ScenarioText.duration)
        try readRange("count", into: &fault.count, ScenarioText.count)
        try read("chance", into: &fault.chance, ScenarioText.share)
        fault.flapping = try flapping()
        return fault
    }

    func loss() throws(ScenarioError) -> MemoryDisk.CrashLoss? {
        var loss: MemoryDisk.CrashLoss?
        try read("loss", into: &loss, ScenarioText.loss)
        return loss
    }

    func choice(_ key: String) throws(ScenarioError) -> NodeChoice {
        var choice = NodeChoice.any
        try read(key, into: &choice, ScenarioText.node)
        return choice
    }

    /// `halves`, `random`, `zone`, a number of groups, or lists of nodes.
    private func grouping() throws(ScenarioError) -> Grouping {
        var grouping = Grouping.random
        if isWord("groups") {
            try read("groups", into: &grouping) { (text) throws(WordError) in
                switch text {
                case "halves": return .halves
                case "random": return .random
                case "zone": return .zone
                default:
                    if let count = Int(text), count >= 2 { return .split(count) }
                    throw WordError(
                        problem:
                            "\(text) is no grouping: write halves, random, zone, 3 or [[1, 2], [3]]"
                    )
                }
            }
            return grouping
        }
        let groups = try wordLists("groups") { (text) throws(WordError) in
            let number = try ScenarioText.count(text)
            guard number >= 1 else { throw WordError(problem: "nodes are counted from 1") }
            return number
        }
        return groups.isEmpty ? .random : .groups(groups)
    }
}

extension FaultSpecification {
    /// The highest node that it names.
    var highestNode: Int? {
        func number(_ choice: NodeChoice) -> Int? {
            if case .number(let number) = choice { number } else { nil }
        }
        switch kind {
        case .crash(let node, _), .isolate(let node, _): return number(node)
        case .oneWay(let from, let to), .slow(let from, let to, _):
            return [number(from), number(to)].compactMap { $0 }.max()
        case .partition(.groups(let groups)): return groups.joined().max()
        case .partition(.split(let count)): return count
        case .node(let fault): return number(fault.node)
        case .crashAll, .crashZone, .partition, .swizzle, .overload, .ring: return nil
        }
    }
}
