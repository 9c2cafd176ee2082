// A node's turn: one event into the core, its log entries to the checkers and the disk, the rest of
// its work into the world.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletWire

extension World {
    /// A timer that is due again at once rings after this long, so that time passes.
    private static let timerGrain = Duration.microseconds(10)
    /// How long it takes to hand a chunk to the operating system.
    private static let writeDelay = Duration.microseconds(5)

    /// Hands `event` to a node and carries out what follows. The node is up.
    mutating func turn(_ index: Int, _ event: NodeEvent) {
        let node = shards[index]
        node.turn(event, at: now)
        if node.engine.refusal != nil { node.refusedAt = now }
        collectLog(node)
        noteDamage(of: node)
        collectReads(node)
        collectJobs(node)
        var work = node.work
        work.carryOut(at: node, by: &self)
        check(turnOf: node, with: event)
        setTimer(of: node)
    }

    // MARK: The timer

    mutating func setTimer(of node: SimulatedShard) {
        let asked = node.nextWakeup.map {
            planted == .neverRests ? min($0, now + .milliseconds(2)) : $0
        }
        guard let due = asked, due < node.wakesAt else { return }
        node.wakesAt = max(due, now + Self.timerGrain)
        queue.schedule(.nodeWakes(node.index, life: node.life), at: node.wakesAt)
    }

    mutating func nodeWakes(_ index: Int, life: Int) {
        let node = shards[index]
        guard node.life == life, node.wakesAt == now, let due = node.nextWakeup else { return }
        node.wakesAt = .never
        if due > now, planted != .neverRests {
            setTimer(of: node)
            return
        }
        log.note(now, index, .wakes, 0, "wakes")
        work.wakeups += 1
        turn(index, .ticked)
    }

    // MARK: The log

    /// Shows the checkers what the turn has logged, and begins to write it when no sync is under
    /// way: what gathers meanwhile shares the next one.
    private mutating func collectLog(_ node: SimulatedShard) {
        for chunk in node.work.storage.chunks {
            check(chunk, of: node)
            work.chunks += 1
            node.gathered.append(chunk)
        }
        guard node.writing == nil, !node.gathered.isEmpty else { return }
        let held = node.gathered.reduce(Duration.zero) { $0 + $1.delay }
        node.writing = node.storage.log.append(node.gathered)
        node.gathered.removeAll(keepingCapacity: true)
        let delay = node.storage.log.isSyncOwed ? diskDelay(of: node) : Self.writeDelay
        queue.schedule(.logSynced(node.index, life: node.life), at: now + held + delay)
    }

    /// How long the disk takes for one thing: a sync, some blocks, a step of the background work.
    mutating func diskDelay(of node: SimulatedShard) -> Duration {
        node.diskOperations += 1
        var random = SeededRandom(
            seed: StableHash.mix(
                schedule.seed &+ UInt64(node.index) << 48 ^ node.diskOperations),
            stream: "sync")
        let delay = random.duration(in: schedule.syncDelay)
        return node.trouble.slowness == 1 ? delay : delay * node.trouble.slowness
    }

    mutating func logSynced(_ index: Int, life: Int) {
        let node = shards[index]
        guard node.life == life, let written = node.writing else { return }
        node.writing = nil
        var outcome = written
        if case .written(let position) = written, node.storage.log.isSyncOwed {
            outcome =
                planted == .acknowledgesBeforeSync ? .synced(position) : node.storage.log.sync()
        }
        awaitInterval(of: node)
        answer(outcome, to: node)
    }

    // MARK: Blocks and background work

    private mutating func collectReads(_ node: SimulatedShard) {
        let reads = node.work.storage.reads
        if reads.isEmpty { return }
        occurrences[.blockRead] += reads.count
        queue.schedule(
            .blocksRead(node.index, life: node.life, reads), at: now + diskDelay(of: node))
    }

    mutating func blocksRead(_ index: Int, life: Int, _ reads: [BlockRead]) {
        let node = shards[index]
        guard node.life == life else { return }
        log.note(now, index, .blocks, UInt64(reads.count), "has read \(reads.count) blocks")
        turn(index, .readsAnswered(reads.map { $0.run(node.storage.files) }))
    }

    private mutating func collectJobs(_ node: SimulatedShard) {
        for job in node.work.storage.jobs { node.storage.worker.submit(job) }
        stepWorker(of: node)
    }

    private mutating func stepWorker(of node: SimulatedShard) {
        guard !node.isWorking, !node.storage.worker.isIdle else { return }
        node.isWorking = true
        queue.schedule(
            .workerSteps(node.index, life: node.life), at: now + diskDelay(of: node))
    }

    mutating func workerSteps(_ index: Int, life: Int) {
        let node = shards[index]
        guard node.life == life else { return }
        node.isWorking = false
        let counters = node.engine.counters
        let outcome = node.storage.worker.step()
        log.note(now, index, .job, 0, "has done a step of its background work")
        guard let outcome else {
            stepWorker(of: node)
            return
        }
        if outcome.asksForPatience { return rest(node, before: outcome) }
        jobEnded(outcome, of: node, since: counters)
    }

    /// Hands over what came of a job.
    mutating func jobEnded(
        _ outcome: JobOutcome, of node: SimulatedShard, since counters: StorageCounters
    ) {
        turn(node.index, .jobAnswered(outcome))
        node.storage.log.release(upTo: node.engine.flushed)
        if node.engine.counters.flushes > counters.flushes { occurrences[.flush] += 1 }
        if node.engine.counters.compactions > counters.compactions {
            occurrences[.compaction] += 1
        }
    }

    // MARK: Starting and crashing

    mutating func nodeStarts(_ index: Int, life: Int) {
        let node = nodes[index]
        guard node.life == life, !node.isUp, core?.keepsDown(index) != true else { return }
        node.process.configuration.seeds = seedEndpoints(of: index)
        do {
            try SimulatedShard.start(
                shards(of: index), of: node.process, at: now,
                seed: StableHash.mix(schedule.seed ^ StableHash.mix(UInt64(index) + 1)))
        } catch {
            return startFailed(node, error)
        }
        for shard in shards(of: index) {
            noteReopening(of: shard)
            // What a node starts on it has synced.
            mirror.synced(shard.index, upTo: shard.engine.synced)
        }
        spoilRebirth(of: node)
        nodeIDs = nodes.compactMap(\.id)
        words.names.learn(index, node.id, writingAs: node.writesAs)
        node.process.startedAt = now
        if node.life > 0 { troubles.breaks(index, at: now) }
        log.note(now, index, .starts, 0, "starts")
        for shard in shards(of: index) {
            tellWhatCameBack(to: shard)
            turn(shard.index, .started)
            if shard.storage.log.isHoldingBack {
                occurrences[.startedFull] += 1
                retryLog(of: shard)
            }
            checkWatermarks(of: shard)
        }
        checkRing(of: node)
    }

    // MARK: Between the shards of a node

    mutating func viewTold(to index: Int, life: Int) {
        let shard = shards[index]
        guard shard.life == life, shard.isUp, let view = shard.untold else { return }
        shard.untold = nil
        turn(index, .viewChanged(view))
    }

    mutating func tidingTold(to index: Int, life: Int, _ tiding: ControlTiding) {
        let shard = shards[index]
        guard shard.life == life, shard.isUp else { return }
        turn(index, .tidingCame(tiding))
    }

    /// A node is told to stop: it leaves its mark, and loses nothing.
    mutating func stop(_ index: Int, for lasting: Duration) {
        let node = nodes[index]
        guard node.isUp, node.pause == nil else { return }
        occurrences[.cleanStop] += 1
        troubles.breaks(index, at: now)
        for shard in shards(of: index) {
            turn(shard.index, .stopping)
            shard.closeLog()
        }
        goDown(node, .nothing, for: lasting)
    }

    /// Says what a node has of the key that the log is about.
    private func tellWhatCameBack(to node: SimulatedShard) {
        guard let focus = words.focus,
            node.index == shardIndex(at: node.process.index, for: focus.partition)
        else { return }
        let key = StorageKey.object(partition: focus.partition, key: focus.key)
        let object = mirror.entry(key, at: node.index)?.object
        log.tell(now, node.index, words.cameBack(with: object))
    }

    mutating func crash(_ index: Int, _ loss: MemoryDisk.CrashLoss, for lasting: Duration) {
        let node = nodes[index]
        guard node.isUp else { return }
        occurrences[.crash] += 1
        if node.life > 0,
            now.since(node.process.startedAt) <= FaultSpecification.loopUptime.upperBound
        {
            occurrences[.crashLoop] += 1
        }
        goDown(node, loss, for: lasting)
    }

    private mutating func goDown(
        _ node: SimulatedShard, _ loss: MemoryDisk.CrashLoss, for lasting: Duration
    ) {
        let index = node.index
        endPause(of: node.process)
        for shard in shards(of: index) {
            var random = SeededRandom(
                seed: StableHash.mix(
                    schedule.seed &+ UInt64(shard.index) << 32 ^ UInt64(shard.life)),
                stream: "crash")
            lose(loss, by: shard, &random)
            breakLinks(of: shard.index, &random)
        }
        troubles.breaks(index, at: now)
        disconnectClients(of: index)
        queue.schedule(.nodeStarts(index, life: node.life), at: now + lasting)
    }

    /// A shard is gone with its process; what outlives that is decided.
    private mutating func lose(
        _ loss: MemoryDisk.CrashLoss, by shard: SimulatedShard, _ random: inout SeededRandom
    ) {
        let index = shard.index
        let (appended, durable) = (shard.engine.appended, shard.engine.durable)
        removeManifest(of: shard)
        do {
            try shard.crash(loss, at: now, random: &random)
            try mirror.reload(shard)
        } catch {
            return found(
                Finding(.storageOpens, "node \(index + 1) after \(loss): \(error)"))
        }
        watermarks.crashed(index)
        said.crashed(index)
        if shard.engine.appended < durable { occurrences[.durableLoss] += 1 }
        if shard.engine.appended < appended {
            occurrences[.unsyncedLoss] += 1
            if shard.engine.appended < shard.ringLoggedAt || shard.isDamaged, let id = shard.id {
                topologyWatch.forget(id)
            }
        }
        log.note(now, index, .fault, shard.engine.appended.rawValue, "crashes, losing \(loss)")
    }
}
