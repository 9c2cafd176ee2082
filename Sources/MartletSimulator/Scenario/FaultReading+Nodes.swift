// Faults of single nodes from YAML; the others are in `FaultReading`.
internal import MartletBase

extension Section {
    static let nodeFaultKinds = [
        "pause", "stop", "clock-jump", "move", "slow-disk", "full-disk", "faulty-disk", "bit-flip",
        "lost-disk",
    ]

    /// The fault of one node that this entry declares; nil when it declares another.
    func nodeFault() throws(ScenarioError) -> FaultSpecification? {
        if let inner = try section("pause") {
            try inner.expect(only: Self.timing + ["node"])
            return try inner.fault(.node(.pause(try inner.choice("node"))))
        }
        if let inner = try section("stop") {
            try inner.expect(only: Self.timing + ["node"])
            return try inner.fault(.node(.stop(try inner.choice("node"))))
        }
        if let inner = try section("clock-jump") {
            try inner.expect(only: Self.timing + ["node", "by"])
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
        return try diskFault()
    }

    private func diskFault() throws(ScenarioError) -> FaultSpecification? {
        if let inner = try section("slow-disk") {
            try inner.expect(only: Self.timing + ["node", "factor"])
            var factor = 10...10
            try inner.readRange("factor", into: &factor, ScenarioText.count)
            return try inner.fault(.node(.slowDisk(try inner.choice("node"), factor: factor)))
        }
        if let inner = try section("full-disk") {
            try inner.expect(only: Self.timing + ["node", "room"])
            var room = 0.0...0.0
            try inner.readRange("room", into: &room, ScenarioText.share)
            return try inner.fault(.node(.fullDisk(try inner.choice("node"), room: room)))
        }
        if let inner = try section("faulty-disk") {
            try inner.expect(
                only: Self.timing + ["node"] + DiskFaultRanges.chances.map(\.key))
            var ranges = DiskFaultRanges()
            for (index, chance) in DiskFaultRanges.chances.enumerated() {
                try inner.readRange(chance.key, into: &ranges[index], ScenarioText.share)
            }
            return try inner.fault(.node(.faultyDisk(try inner.choice("node"), ranges)))
        }
        if let inner = try section("lost-disk") {
            try inner.expect(only: Self.timing + ["node"])
            return try inner.fault(.node(.lostDisk(try inner.choice("node"))))
        }
        guard let inner = try section("bit-flip") else { return nil }
        try inner.expect(only: ["at", "count", "chance", "node"])
        return try inner.fault(.node(.bitFlip(try inner.choice("node"))), isLasting: false)
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
