// Disks that are slow, full, or at fault, and what their nodes' shells do about it: they try a full
// disk again, let a refused job rest, and start a node again that could not.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage

extension World {
    /// How long a full disk and a refused job are left alone, as by the server's threads.
    private static let diskRetryDelay = Duration.milliseconds(250)
    /// How long until a node that did not start is started again.
    private static let startRetryDelay = Duration.seconds(1)
    /// How long it takes to start a node anew whose disk has been put right.
    private static let repairDelay = Duration.milliseconds(100)

    mutating func diskFaultBegins(_ fault: NodeFault, _ index: Int) {
        switch fault {
        case .slowDisk(let node, let factor):
            occurrences[.diskSlow] += 1
            for shard in shards(of: node) { shard.trouble.slowness = max(1, factor) }
        case .fullDisk(let node, let room):
            occurrences[.diskFull] += 1
            for shard in shards(of: node) {
                shard.trouble.isFull = true
                let used = shard.disk.usedBytes
                shard.disk.capacityBytes = used + Int(Double(used) * room)
            }
        case .faultyDisk(let node, let faults):
            occurrences[.diskFault] += 1
            for shard in shards(of: node) {
                shard.trouble.isFaulty = true
                shard.trouble.hasDamage = true
                let seed = StableHash.mix(
                    schedule.seed ^ StableHash.mix(UInt64(index + shard.shard.index << 32)))
                shard.disk.inject(
                    faults, random: SeededRandom(seed: seed, stream: "disk faults"))
            }
        case .bitFlip(let node): flipBit(on: node, index)
        case .pause, .stop, .clockJump, .move, .lostDisk: return
        }
        if fault.isLasting {
            let lasting = schedule.faults[index].lasting
            queue.schedule(.faultEnds(index), at: now + lasting)
        }
    }

    mutating func diskFaultEnds(_ fault: NodeFault) {
        switch fault {
        case .slowDisk(let node, _):
            for shard in shards(of: node) { shard.trouble.slowness = 1 }
        case .fullDisk(let node, _):
            for shard in shards(of: node) { shard.findRoom() }
        case .faultyDisk(let node, _):
            for shard in shards(of: node) { shard.endFaults() }
        case .pause, .stop, .clockJump, .move, .bitFlip, .lostDisk: return
        }
        checkAlways()
    }

    /// Of one shard; nothing that the node holds is counted on any more.
    private mutating func flipBit(on node: Int, _ index: Int) {
        occurrences[.diskFault] += 1
        for shard in shards(of: node) { shard.trouble.hasDamage = true }
        let all = shards(of: node)
        let node = all[index % all.count]
        let seed = StableHash.mix(schedule.seed ^ StableHash.mix(UInt64(index)))
        var random = SeededRandom(seed: seed, stream: "bit flip")
        let files = node.disk.damageableFiles
        guard !files.isEmpty else { return }
        let file = files[random.below(files.count)]
        node.disk.flipBit(
            in: file.name, at: random.below(file.byteCount), bit: random.below(8))
    }

    /// All disks do what they should. Nodes that have met a fault are started anew, as an operator
    /// does who has put a disk right: a log that has failed takes nothing until then.
    mutating func endDiskFaults() {
        for shard in shards {
            shard.trouble.slowness = 1
            shard.findRoom()
            shard.endFaults()
        }
        for node in nodes {
            if node.isUp, node.isDamaged { crash(node.index, .nothing, for: Self.repairDelay) }
        }
    }

    // MARK: What shells do

    mutating func retryLog(of node: SimulatedShard) {
        occurrences[.writesRefused] += 1
        guard !node.trouble.retriesLog else { return }
        node.trouble.retriesLog = true
        queue.schedule(
            .logRetries(node.index, life: node.life), at: now + Self.diskRetryDelay)
    }

    mutating func logRetries(_ index: Int, life: Int) {
        let node = shards[index]
        guard node.life == life else { return }
        node.trouble.retriesLog = false
        guard node.writing == nil else { return retryLog(of: node) }
        node.writing = node.storage.log.append([])
        queue.schedule(.logSynced(index, life: life), at: now + diskDelay(of: node))
    }

    /// The same job is due again at once: the node hears of the refusal after a while.
    mutating func rest(_ node: SimulatedShard, before outcome: JobOutcome) {
        node.isWorking = true
        node.trouble.resting = (outcome, node.engine.counters)
        queue.schedule(.jobRested(node.index, life: node.life), at: now + Self.diskRetryDelay)
    }

    mutating func jobRested(_ index: Int, life: Int) {
        let node = shards[index]
        guard node.life == life, let (outcome, counters) = node.trouble.resting else { return }
        node.trouble.resting = nil
        node.isWorking = false
        log.note(now, index, .job, 0, "has done a step of its background work")
        jobEnded(outcome, of: node, since: counters)
    }

    // MARK: Losses

    /// Takes over into the mirror what a node has just found lost. On a sound disk nothing may be.
    mutating func noteDamage(of node: SimulatedShard) {
        for note in node.work.notes {
            if case .storageDamaged(let range) = note {
                noteLoss(of: range, at: node)
            } else if node.isDamaged, case .storageRefuses(_?) = note {
                occurrences[.writesRefused] += 1
            }
        }
    }

    private mutating func noteLoss(of range: DamagedRange, at node: SimulatedShard) {
        guard node.isDamaged else {
            return found(
                Finding(.storageOpens, "node \(node.index + 1), on a sound disk: \(range)"))
        }
        occurrences[.damageFound] += 1
        reloadMirror(of: node)
    }

    private mutating func reloadMirror(of node: SimulatedShard) {
        do { try mirror.reload(node) } catch {
            found(Finding(.nothingInvented, "node \(node.index + 1) holds \(error)"))
        }
    }

    /// A node has started on a disk that was in trouble: what it holds is what it has read now.
    mutating func noteReopening(of node: SimulatedShard) {
        guard node.trouble.opensAtStart else { return }
        node.trouble.opensAtStart = node.isDamaged
        reloadMirror(of: node)
        guard node.isDamaged, let id = node.id else { return }
        topologyWatch.forget(id)
        watermarks.forget(node.index)
    }

    /// A node has not started. A disk in trouble is tried again; one that is damaged for good may
    /// hold its node back for good; any other must open.
    mutating func startFailed(_ node: SimulatedShard, _ error: any Error) {
        let trouble = node.trouble
        if trouble.isFull || trouble.isFaulty {
            occurrences[.startRefused] += 1
            for shard in shards(of: node.index) { shard.trouble.opensAtStart = true }
            log.note(now, node.index, .lost, 0, "does not start: \(error)")
            queue.schedule(
                .nodeStarts(node.index, life: node.life), at: now + Self.startRetryDelay)
        } else if trouble.hasDamage {
            if !trouble.isFinal { occurrences[.nodeLost] += 1 }
            for shard in shards(of: node.index) { shard.giveUp() }
            log.note(now, node.index, .lost, 1, "stays down: \(error)")
        } else {
            found(Finding(.storageOpens, "node \(node.index + 1): \(error)"))
        }
    }
}
