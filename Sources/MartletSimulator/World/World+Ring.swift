// Operators change the ring while everything goes on.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension World {
    /// What all operators ask under: nobody waits for a single answer.
    private static let operatorRequest = RequestID(rawValue: .max - 1)

    /// An operator asks a node to change the ring, if the node is up: stages it, and commits it.
    mutating func carryOut(_ act: RingAct, _ index: Int) {
        let node = nodes[act.asked]
        guard node.isUp, node.pause == nil else { return }
        log.note(now, act.asked, .fault, UInt64(index), "an operator: \(act.name)")
        let order: RingOrder? =
            switch act.change {
            case .reweigh(let member, let weight):
                nodeIDs.indices.contains(member)
                    ? .weigh("\(nodeIDs[member])", weight: UInt32(weight)) : nil
            case .rereplicate(let count): .replicas(count)
            case .resize(let member): resize(by: member, asking: node)
            case .callOff: nil
            }
        if case .callOff = act.change { return ask(.cancel, of: act.asked) }
        guard let order else { return }
        ask(.clear, of: act.asked)
        ask(.stage(order), of: act.asked)
        ask(.commit(epoch: nil), of: act.asked)
    }

    /// What makes a member of a node that is none, or has one leave; nil where it has left before,
    /// and where too few would be left.
    private func resize(by member: Int, asking node: SimulatedShard) -> RingOrder? {
        guard let topology = node.topology, nodeIDs.indices.contains(member) else { return nil }
        let id = nodeIDs[member]
        if topology.departed.contains(id) { return nil }
        guard let found = topology.member(id) else { return .join("\(id)") }
        let staying = topology.members.count { !$0.isLeaving }
        return found.isLeaving || staying <= topology.replicaCount ? nil : .leave("\(id)")
    }

    private mutating func ask(_ request: RingRequest, of node: Int) {
        guard violation == nil else { return }
        turn(node, .operatorAsked(Self.operatorRequest, .ring(request)))
    }

    mutating func ringReplied(_ reply: RingReply, at node: SimulatedShard) {
        switch reply {
        case .staged, .planned: return
        case .decided(let epoch):
            occurrences[.ringChanged] += 1
            if let topology = node.topology {
                let members = topology.members.filter { !$0.isLeaving }.count
                occurrences[.nodeJoins] += members > scenario.ringSize ? 1 : 0
                occurrences[.nodeLeaves] += topology.members.count - members
            }
            log.note(now, node.index, .ring, epoch, "tells the operator: epoch \(epoch)")
        case .refused(let text):
            occurrences[.ringChangeRefused] += 1
            log.note(now, node.index, .ring, 0, "refuses the operator: \(words.names.told(text))")
        }
    }

    /// What is wrong once everything has settled and some partition still moves.
    func stillMoving() -> Finding? {
        for node in nodes {
            guard let topology = node.topology else { continue }
            if let leaver = topology.members.first(where: \.isLeaving) {
                return Finding(.changesComplete, "\(leaver.name) leaves, and has not left")
            }
            if topology.moves.isEmpty { continue }
            return Finding(
                .changesComplete,
                "node \(node.index + 1) knows \(topology.moves.count) partitions that move in "
                    + "epoch \(topology.epoch)")
        }
        return nil
    }
}

// MARK: Reads

extension World {
    /// Whether the homes that may answer a read are those of when it began.
    func hasSameReaders(_ operation: Operation, as floor: ReadFloor) -> Bool {
        guard let topology = nodes[operation.node].topology else { return false }
        let partition = topology.partition(ofKey: history.keys[operation.key])
        return readers(of: partition, topology, operation) == floor.homes
    }

    /// Whether most of so many homes had to acknowledge a write, and whoever did has lost nothing.
    private func isKept(_ write: Acknowledgement, byMostOf count: Int, _ losses: Losses) -> Bool {
        let asked = history.operations[write.operation]
        return asked.homeCount == nil && asked.neededHomes * 2 > count
            && write.holders.allSatisfy { losses.spared($0.node, since: write.at) }
    }

    /// Most homes had acknowledged a write before the read began, and most homes have answered it:
    /// whatever epochs lie between, some home has done both, or has been filled by one that had.
    mutating func checkOverChanges(
        _ read: ReadAnswer, _ operation: Operation, _ places: [Int], _ floor: ReadFloor
    ) {
        guard topologyWatch.hasChanged, operation.homeCount == nil,
            homesMet(by: read, operation) * 2 > floor.homes.count
        else { return }
        let losses = Losses(shards)
        let bound = floor.writes.filter { isKept($0, byMostOf: floor.homes.count, losses) }
        if bound.isEmpty { return }
        occurrences[.readAfterChange] += 1
        let held = history.held(places, key: operation.key, against: bound.map(\.place))
        for write in bound
        where !held.covers(write.place) && !history.isBuried(write.place, key: operation.key) {
            found(
                Finding(
                    .changesLoseNothing,
                    "a read of key \(operation.key) by \(floor.homes.count / 2 + 1) homes or more "
                        + "shows \(read.object.dots), and write w\(write.operation), "
                        + "\(write.dot), was acknowledged by as many at "
                        + "\(EventLog.seconds(write.at))s"))
        }
    }
}

// MARK: Fills

extension World {
    /// A home that says to hold all of a partition covers whatever most homes had acknowledged
    /// before they began to move.
    mutating func check(_ fills: [PartitionFill], by node: SimulatedShard) {
        guard let topology = node.topology, let id = node.id else { return }
        for fill in fills where !said.fills.contains(fill, of: node.index) {
            said.fills.note(fill, of: node.index)
            let partition = Partition(index: fill.partition)
            let view = topology.view(of: partition)
            guard view.since == fill.since, view.filling.contains(id),
                let began = topologyWatch.firstSeen(fill.since)
            else { continue }
            let home = shardIndex(of: id, for: fill.partition)
            for number in keys(in: fill.partition, topology) {
                check(fill: number, at: home, among: view.former.count, before: began, topology)
            }
        }
    }

    private mutating func check(
        fill number: Int, at home: Int, among count: Int, before began: Instant,
        _ topology: Topology
    ) {
        let losses = Losses(shards)
        let key = history.keys[number]
        let entry = StorageKey.object(
            partition: topology.partition(ofKey: key).index, key: key)
        let held = mirror.entry(entry, at: home)?.object
        for write in history.latest[number] where write.at < began {
            guard isKept(write, byMostOf: count, losses), losses.spared(home, since: began) else {
                continue
            }
            occurrences[.fillChecked] += 1
            if held?.covers(write.dot) == true || history.isBuried(write.place, key: number) {
                continue
            }
            found(
                Finding(
                    .changesLoseNothing,
                    "node \(home + 1) says that it holds all of the partition of key \(number), "
                        + "and does not cover \(write.dot), which most homes had acknowledged "
                        + "before it began to move"))
        }
    }
}

// MARK: Partitions that are dropped

extension SimulatedShard {
    /// Whether the node goes by a ring under which it holds all of a partition.
    func owns(_ partition: UInt16) -> Bool {
        guard let topology, let id else { return true }
        return topology.readers(of: Partition(index: partition)).contains(id)
    }
}

extension World {
    /// A node that is no home of a partition any more drops what it holds of it: whatever that is,
    /// every home has it, or has removed it.
    mutating func checkDrop(of partition: UInt16, at node: SimulatedShard) {
        guard let topology = node.topology, let id = node.id, !node.owns(partition) else { return }
        let losses = Losses(shards)
        for home in topology.readers(of: Partition(index: partition)) where home != id {
            let index = shardIndex(of: home, for: partition)
            guard losses.keepsDisk(index, since: .start) else { continue }
            for number in keys(in: partition, topology) {
                let key = StorageKey.object(partition: partition, key: history.keys[number])
                guard let gone = mirror.entry(key, at: node.index)?.object else { continue }
                let held = mirror.entry(key, at: index)?.object
                let places = history.places(of: gone.dots, key: number)
                let missing = zip(gone.dots, places).first { dot, place in
                    held?.covers(dot) != true && !history.isBuried(place, key: number)
                }
                occurrences[.dropChecked] += 1
                guard let missing else { continue }
                found(
                    Finding(
                        .changesLoseNothing,
                        "node \(node.index + 1) drops partition \(partition) with \(missing.0) of "
                            + "key \(number), which its home \(index + 1) does not cover"))
            }
        }
    }
}
