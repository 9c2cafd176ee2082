// What goes wrong, as the schedule has it, and how it all ends.
internal import MartletBase

extension World {
    /// Clients begin, and so does the schedule.
    mutating func beginRestlessness() {
        isRestless = true
        restlessSince = now
        log.note(now, -1, .phase, 1, "clients and faults begin")
        occurrences[.swarm] += schedule.leftOut.count
        for (index, fault) in schedule.faults.enumerated()
        where schedule.reduction.keeps(fault: index) {
            queue.schedule(.faultBegins(index), at: now + fault.at)
        }
        startClients()
        if planted != nil { queue.schedule(.plantActs, at: now + .seconds(1)) }
    }

    mutating func faultBegins(_ index: Int) {
        guard isRestless else { return }
        let fault = schedule.faults[index]
        noteTrouble(of: fault)
        switch fault.action {
        case .crash(let crashes):
            for (node, loss) in crashes { crash(node, loss, for: fault.lasting) }
            if nodes.allSatisfy({ !$0.isUp }) {
                occurrences[.crashOfEveryNode] += 1
                checkAcknowledgedWrites(.durableWrites)
            }
        case .block(let pairs):
            occurrences[.partition] += 1
            for mark in fault.marks { occurrences[mark] += 1 }
            log.note(now, -1, .fault, UInt64(index), "fault: \(fault.name)")
            block(pairs, by: 1)
            queue.schedule(.faultEnds(index), at: now + fault.lasting)
        case .slow, .clog: linkFaultBegins(index)
        case .node(let what): nodeFaultBegins(what, index)
        case .overload(let factor): overload(by: factor, index, begins: true)
        case .ring(let act): carryOut(act, index)
        }
    }

    mutating func faultEnds(_ index: Int) {
        guard isRestless else { return }
        noteTrouble(of: schedule.faults[index])
        linkFaultEnds(index)
        let action = schedule.faults[index].action
        if case .node(let what) = action { nodeFaultEnds(what, index) }
        if case .overload(let factor) = action { overload(by: factor, index, begins: false) }
        guard case .block(let pairs) = action else { return }
        log.note(now, -1, .healed, UInt64(index), "over: \(schedule.faults[index].name)")
        block(pairs, by: -1)
        for pair in pairs {
            let ways = [(from: pair.from, to: pair.to), (from: pair.to, to: pair.from)]
            for index in linkIndices(ways) { resume(index) }
        }
        checkAlways()
    }

    /// So many faults more, or fewer, keep packets from passing.
    mutating func block(_ pairs: [(from: Int, to: Int)], by difference: Int) {
        for index in linkIndices(pairs) { blocks[index] += difference }
    }

    /// Ends every fault, and the clients: from here on everything must settle.
    mutating func heal() {
        isRestless = false
        checkEndedWrites()
        healedAt = healedAt ?? now
        log.note(now, -1, .phase, 2, "every fault is over, and everything must settle")
        endNodeFaults()
        for index in blocks.indices { blocks[index] = 0 }
        for index in links.indices { resume(index) }
        endLinkFaults()
        for node in nodes where !node.isUp {
            queue.schedule(.nodeStarts(node.index, life: node.life), at: now)
        }
        checkAlways()
    }
}
