// What befalls single nodes: pauses, clocks that are set, moves to another address. A process that
// is stopped handles nothing; what is for it waits in the order in which it came, and is handled at
// once when it goes on, by clocks that have gone on meanwhile.
internal import MartletBase
internal import MartletNode
internal import MartletReplication

/// What keeps a process from running, and what has come for it since.
struct Pause {
    /// Something that waits.
    enum Waiting {
        case event(WorldEvent)
        case turn(shard: Int, NodeEvent)
    }

    /// The fault that began it.
    let fault: Int
    var waiting: [Waiting] = []
}

extension World {
    mutating func nodeFaultBegins(_ fault: NodeFault, _ index: Int) {
        let lasting = schedule.faults[index].lasting
        log.note(now, -1, .fault, UInt64(index), "fault: \(schedule.faults[index].name)")
        switch fault {
        case .pause(let node):
            guard nodes[node].isUp, nodes[node].pause == nil else { return }
            occurrences[.pause] += 1
            nodes[node].process.pause = Pause(fault: index)
            pausedCount += 1
            queue.schedule(.faultEnds(index), at: now + lasting)
        case .stop(let node): stop(node, for: lasting)
        case .clockJump(let node, let difference):
            occurrences[.clockJump] += 1
            nodes[node].process.clock.jump(by: difference, at: now)
            // Mended after a while, or left.
            if lasting > .zero { queue.schedule(.faultEnds(index), at: now + lasting) }
        case .slowDisk, .fullDisk, .faultyDisk, .bitFlip: diskFaultBegins(fault, index)
        case .lostDisk(let node): loseDisk(of: nodes[node], for: lasting)
        case .move(let node, let loss):
            guard nodes[node].isUp else { return }
            occurrences[.move] += 1
            crash(node, loss, for: lasting)
            nodes[node].process.configuration.peerEndpoint.port += Self.addressStep
        }
    }

    mutating func nodeFaultEnds(_ fault: NodeFault, _ index: Int) {
        switch fault {
        case .pause(let node):
            guard nodes[node].pause?.fault == index else { return }
            goOn(nodes[node].process)
            checkAlways()
        case .slowDisk, .fullDisk, .faultyDisk: diskFaultEnds(fault)
        case .clockJump(let node, let difference):
            nodes[node].process.clock.jump(by: .zero - difference, at: now)
        case .stop, .move, .bitFlip, .lostDisk: break
        }
    }

    /// Ends them all: clocks stay as they were set.
    mutating func endNodeFaults() {
        for node in nodes where node.pause != nil { goOn(node.process) }
        endDiskFaults()
    }

    // MARK: Pauses

    /// Lets a process run again.
    private mutating func goOn(_ node: SimulatedProcess) {
        guard let pause = node.pause else { return }
        log.note(now, node.index, .healed, UInt64(pause.waiting.count), "goes on after its pause")
        endPause(of: node)
        node.resumedAt = now
        for waiting in pause.waiting where violation == nil {
            switch waiting {
            case .event(let event): happen(event)
            case .turn(let shard, let event): turn(shard, event)
            }
        }
        for shard in shards(of: node.index) {
            shard.wakesAt = .never
            setTimer(of: shard)
        }
    }

    /// There is no process any more that could be let go on.
    mutating func endPause(of node: SimulatedProcess) {
        guard node.pause != nil else { return }
        node.pause = nil
        pausedCount -= 1
    }

    /// Whether `event` is for a process that is stopped; then it waits there.
    mutating func isHeldBack(_ event: WorldEvent) -> Bool {
        guard pausedCount > 0, let index = shard(handling: event), shards[index].pause != nil
        else { return false }
        shards[index].process.pause?.waiting.append(.event(event))
        return true
    }

    /// Hands a client's event to a shard, now or when its process goes on.
    mutating func deliver(_ index: Int, _ event: NodeEvent) {
        if shards[index].pause == nil { return turn(index, event) }
        shards[index].process.pause?.waiting.append(.turn(shard: index, event))
    }

    /// The shard whose process it is that learns of an event; nil where the world or a client does.
    private func shard(handling event: WorldEvent) -> Int? {
        switch event {
        case .nodeWakes(let node, _), .logSynced(let node, _), .intervalSynced(let node, _),
            .blocksRead(let node, _, _),
            .workerSteps(let node, _), .nodeStarts(let node, _), .viewTold(let node, _),
            .tidingTold(let node, _, _), .datagramArrives(_, let node, _):
            node
        case .frameArrives(let link, _, _): links[link].to
        case .linkDials(let link, _), .linkOpens(let link, _), .linkRefused(let link, _),
            .linkBreaks(let link, _), .linkTimesOut(let link, _):
            links[link].from
        case .answerDue(let operation): history.operations[operation].node
        case .logRetries(let node, _), .jobRested(let node, _): node
        case .faultBegins, .faultEnds, .clientActs, .clientDisconnected, .plantActs: nil
        }
    }
}
