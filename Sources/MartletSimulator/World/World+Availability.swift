// Where the checkers look when a request has failed or was slow: what the world knows of the nodes
// that it needed. Links that corrupt messages, clocks that are wrong and disks that take
// longer than a request may are trouble of everybody's: then nothing is asked.
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletWire

extension World {
    /// For how long a node must have been as it is, for all others to know: a suspicion is over,
    /// whoever was taken for unreachable has been looked for, and word of it has gone round.
    private var knownAfter: Duration {
        let options = nodes[0].process.configuration.membership
        return options.suspicionTimeout(groupOf: nodes.count) + options.outreachInterval * 2
            + options.protocolPeriod * 4
    }

    /// Requests are answered well within their timeout where one sync takes no longer than this.
    private static let quickSync = Duration.milliseconds(20)

    /// How long a request may take while one home is slow. One that was forwarded to it waits for
    /// a hedge and a turn of the home's own, then another home does; that one waits for a hedge
    /// and its answer. Beside that there are the network and the disks.
    static func slowBound(_ schedule: Schedule) -> Duration {
        let hedge = schedule.replication.hedgeDelay.upperBound
        let worstDelay = schedule.conditions.delay * Int(NetworkConditions.tailLimit)
        let resent = schedule.conditions.loss > 0 ? NetworkConditions.retransmission * 4 : .zero
        return hedge * 4 + worstDelay + resent + schedule.syncDelay.upperBound * 10
    }

    /// Not where nodes save their hedges up, or where one may come too late for the request.
    private var mayHedge: Bool {
        let options = schedule.replication
        return options.hedgeShare >= ReplicationOptions().hedgeShare && slowBound < options.timeout
    }

    private var isEverybodyQuick: Bool {
        let conditions = schedule.conditions
        return conditions.corruption == 0
            && conditions.tailExponent == nil && overload == 0 && scenario.requestLimit == nil
            && schedule.syncDelay.upperBound <= Self.quickSync && core == nil
            && occurrences[.clockJump] == 0 && scenario.oddClock.upperBound == .zero
    }

    /// How one request has ended, and whether it may have.
    mutating func checkAvailability(_ number: Int, _ answer: ClientAnswer) {
        let operation = history.operations[number]
        let latency = now.since(operation.began)
        if case .failed(let error) = answer {
            guard !error.isOfRequest, let check = availability(of: operation) else { return }
            found(check.run(failed: error, number))
        } else if latency > slowBound, let check = availability(of: operation) {
            found(check.run(answeredAfter: latency, number))
        }
    }

    /// A node has changed its mind about another.
    mutating func noteBelief(of node: SimulatedShard, in member: Member) {
        guard let other = nodes.firstIndex(where: { $0.id == member.id }) else { return }
        let since = now.nanoseconds - min(now.nanoseconds, UInt64(knownAfter.nanoseconds))
        troubles.believes(
            self.node(of: node.index), isAway: member.state >= .unreachable, other,
            since: Instant(nanoseconds: since), at: now)
    }

    private func availability(of operation: Operation) -> AvailabilityCheck? {
        guard isRestless, isEverybodyQuick,
            let topology = nodes[operation.node].topology
        else { return nil }
        let since = Instant(
            nanoseconds: operation.began.nanoseconds
                - min(operation.began.nanoseconds, UInt64(knownAfter.nanoseconds)))
        let partition = topology.partition(ofKey: history.keys[operation.key])
        guard let id = nodes[operation.node].id, topology.member(id)?.isLeaving == false,
            !topology.view(of: partition).isMoving,
            topologyWatch.changed(partition) <= since
        else { return nil }
        let homes = topology.homes(of: partition)
            .prefix(operation.homeCount ?? .max)
            .map { shardIndex(of: $0, for: partition.index) }
        let asked = shardIndex(at: operation.node, for: partition.index)
        return AvailabilityCheck(
            operation: operation, asked: standing(of: asked, since: since),
            homes: homes.map { standing(of: $0, since: since) },
            slowBound: mayHedge ? slowBound : nil)
    }

    /// How a shard stands, of which its node's links tell.
    private func standing(of shard: Int, since instant: Instant) -> Standing {
        let (node, index) = (shards[shard], node(of: shard))
        guard node.isUp else {
            return node.crashedAt < instant ? .down : .troubled
        }
        let isWhole =
            troubles.isWhole(index, since: instant) && !node.isDamaged
            && (node.refusedAt == .start || node.refusedAt < instant) && !node.trouble.isFull
            && nodes.indices.allSatisfy {
                blocks[linkIndex(index, $0)] == 0 && blocks[linkIndex($0, index)] == 0
            }
        guard isWhole else { return .troubled }
        let isQuick =
            troubles.isQuick(index, since: instant) && node.pause == nil
            && node.trouble.slowness == 1
            && nodes.indices.allSatisfy {
                let (out, back) = (paths[linkIndex(index, $0)], paths[linkIndex($0, index)])
                return out.clogs + back.clogs == 0 && out.slowness + back.slowness == 0
            }
        return isQuick ? .sound : .slow
    }

    /// A fault begins or ends.
    mutating func noteTrouble(of fault: Fault) {
        switch fault.action {
        case .block(let pairs):
            for pair in pairs { troublesLink(pair.from, pair.to) }
        case .slow(let pairs, _), .clog(let pairs):
            for pair in pairs {
                troubles.slows(pair.from, at: now)
                troubles.slows(pair.to, at: now)
            }
        case .node(let what): noteTrouble(of: what)
        case .crash, .overload, .ring: return
        }
    }

    private mutating func noteTrouble(of fault: NodeFault) {
        switch fault {
        case .pause(let node), .slowDisk(let node, _): troubles.slows(node, at: now)
        case .fullDisk(let node, _), .faultyDisk(let node, _), .bitFlip(let node):
            troubles.breaks(node, at: now)
        case .stop, .clockJump, .move, .lostDisk: return
        }
    }

    /// Something is wrong, or no longer, between two nodes.
    mutating func troublesLink(_ from: Int, _ to: Int) {
        troubles.breaks(node(of: from), at: now)
        troubles.breaks(node(of: to), at: now)
    }
}

extension RequestError {
    /// Whether it says that the request itself could not be done, by whomever, or that there were
    /// too many.
    fileprivate var isOfRequest: Bool {
        switch self {
        case .invalidOptions, .tooLarge, .tooManySiblings, .overloaded: true
        case .noTopology, .unavailable, .timedOut, .clockSkew, .late, .storage, .ringChanged:
            false
        }
    }
}
