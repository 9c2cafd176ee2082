// The phase between unrest and healing, when a scenario asks for it: some nodes stay away for good,
// and those that are left must serve and settle without them, since faults that heal of themselves
// hide whatever waits for somebody to come back.
//
//     leave the core alone ─► write every key ─► read every key ─► settled? ─► heal the others
//                                   ▲                                 │ no, and within the bound
//                                   └─────────────────────────────────┘
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletWire

extension World {
    /// The most keys that one pass writes.
    private static let coreWriteLimit = 64
    private static let coreValueBytes = 32
    /// The time between two writes: all at once they would meet full memtables, which may refuse.
    private static let corePace = Duration.milliseconds(20)
    /// How long a pass is given behind its last answer: for repairs, and for writes that were
    /// acknowledged and are still on their way to other homes.
    private static let corePause = Duration.seconds(1)

    /// Heals the core alone, and waits until it has settled.
    ///
    /// - Returns: how long that took; nil when it did not get there within the bound, which is
    ///   found.
    mutating func settleCore() -> Duration? {
        let core = schedule.core
        leave(core)
        let began = now
        var pass = 0
        var owed: Finding?
        repeat {
            let first = history.operations.count
            write(through: core, pass: pass)
            awaitAnswers(of: core)
            let writes = first..<history.operations.count
            readEverywhere(through: core.members)
            awaitAnswers(of: core)
            run(until: now + Self.corePause)
            owed = finding(of: core, writes)
            pass += 1
        } while owed != nil && violation == nil && now.since(began) < scenario.settle
        found(owed)
        checkAlways()
        self.core = nil
        return violation == nil ? now.since(began) : nil
    }

    /// Ends every fault, and begins those that stay.
    private mutating func leave(_ core: Core) {
        self.core = core
        heal()
        log.note(now, -1, .phase, 3, "left alone: \(core)")
        occurrences[.coreAlone] += 1
        for absence in core.absences {
            if let loss = absence.loss {
                crash(absence.node, loss, for: .zero)
            } else {
                for other in nodes.indices where other != absence.node {
                    block([(absence.node, other), (other, absence.node)], by: 1)
                }
            }
        }
    }

    /// Writes registers with w = 1, in each pass through another node.
    private mutating func write(through core: Core, pass: Int) {
        for key in 0..<min(scenario.workload.keyCount, Self.coreWriteLimit) {
            let node = core.members[(key + pass) % core.members.count]
            guard nodes[node].isUp else { continue }
            let plan = Client.Plan(
                key: key, kind: .put, memory: nil, needed: .count(1), neededSynced: .count(0),
                valueBytes: Self.coreValueBytes)
            request(plan, by: nil, at: node)
            run(until: now + Self.corePace)
        }
    }

    private mutating func awaitAnswers(of core: Core) {
        _ = run(within: schedule.replication.timeout + Self.corePause) { world in
            core.members.flatMap(world.shards(of:)).allSatisfy {
                $0.core?.operationsInFlight == 0
            }
        }
    }

    /// What the core still owes.
    private func finding(of core: Core, _ writes: Range<Int>) -> Finding? {
        guard let topology = nodes[core.members[0]].topology,
            core.members.allSatisfy({ nodes[$0].topology == topology })
        else {
            return Finding(.coreServes, "not every node of \(core) is up and knows the ring")
        }
        return CoreCheck(
            core: core, members: core.members.flatMap { shards(of: $0).map(\.index) },
            writes: history.operations[writes], convergence: convergence(topology)
        ).run()
    }
}
