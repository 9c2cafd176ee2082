// Faults of single nodes from YAML; the others are in `FaultReading`.
internal import MartletBase

extension Section {
    static let nodeFaultKinds = ["pause", "clock-jump", "move"]

    /// The fault of one node that this entry declares; nil when it declares another.
    func nodeFault() throws(ScenarioError) -> FaultSpecification? {
        if let inner = try section("pause") {
            try inner.expect(only: Self.timing + ["node"])
            return try inner.fault(.node(.pause(try inner.choice("node"))))
        }
        if let inner = try section("clock-jump") {
            try inner.expect(only: ["at", "count", "chance", "node", "by"])
            guard inner.has("by") else { throw inner.error("a clock-jump needs by") }
            var difference = Duration.zero...Duration.zero
            try inner.readRange("by", into: &difference, ScenarioText.difference)
            return try inner.fault(
                .node(.clockJump(try inner.choice("node"), by: difference)), isLasting: false)
        }
        if let inner = try section("move") {
            try inner.expect(only: Self.timing + ["node", "loss"])
            return try inner.fault(.node(.move(try inner.choice("node"), try inner.loss())))
        }
        return nil
    }

    /// A crash, with those that follow it.
    func loop(_ crash: FaultSpecification) throws(ScenarioError) -> FaultSpecification {
        var crash = crash
        try readRange("loops", into: &crash.loops, ScenarioText.count)
        guard (1...FaultSpecification.loopLimit).contains(crash.loops.lowerBound),
            crash.loops.upperBound <= FaultSpecification.loopLimit
        else { throw error("loops must be 1 to \(FaultSpecification.loopLimit)") }
        return crash
    }
}
