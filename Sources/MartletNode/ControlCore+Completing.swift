// How moves come to their end. Each home that is to be filled tells one member which partitions are;
// that one has the nodes decide that these have moved, many at once. Who that is follows from who
// answers, so that another takes over; two at a time only cost a proposal.
//
//     filled ─► told to the steward, again and again ─► of all homes of a move ─► an epoch
internal import MartletBase
internal import MartletMembership
internal import MartletRing
internal import MartletWire

/// What is known of the moves' ends.
struct MoveCompletion {
    /// How often what is filled is told again.
    static let interval = Duration.seconds(1)
    /// How long moves gather before the nodes decide on them.
    static let gathering = Duration.milliseconds(500)

    /// What each shard of this node has filled.
    var own: [Int: [PartitionFill]] = [:]
    /// What each home has told.
    var told: [NodeID: [PartitionFill]] = [:]
    /// When this node tells again, or proposes.
    var next = Instant.never
    /// Since when there are moves that have come to their end.
    var gatherUntil: Instant?

    /// All that this node has filled, sorted.
    var report: [PartitionFill] { own.sorted { $0.key < $1.key }.flatMap(\.value).sorted() }

    /// The moves of `topology` that have come to their end, as far as is known here.
    func completed(_ topology: Topology) -> Set<Partition> {
        var known: [NodeID: Set<PartitionFill>] = [:]
        // any order: each by itself.
        for (node, fills) in told { known[node] = Set(fills) }
        return Set(
            topology.moves.lazy.filter { move in
                let fill = PartitionFill(partition: move.partition.index, since: move.since)
                return topology.view(of: move.partition).filling.allSatisfy {
                    known[$0]?.contains(fill) == true
                }
            }.map(\.partition))
    }
}

extension ControlCore {
    /// A shard of this node has filled these partitions, and no others.
    mutating func filled(
        _ fills: [PartitionFill], by shard: Int, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        completion.own[shard] = fills
        reportFills(&view, at: now, into: &work)
    }

    /// Another node has told which partitions it has filled.
    mutating func fillsReceived(
        _ fills: [PartitionFill], from sender: NodeID, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        guard let topology = view.topology, topology.member(sender) != nil else { return }
        completion.told[sender] = fills
        complete(topology, &view, at: now, into: &work)
    }

    /// What was told of moves that are over is forgotten.
    mutating func forgetFills(_ topology: Topology, at now: Moment) {
        completion.gatherUntil = nil
        if topology.moves.isEmpty {
            completion.told = [:]
            completion.next = .never
        } else {
            completion.next = now.instant
        }
    }

    /// Tells again, or proposes, when it is time.
    mutating func tickFills(_ view: inout ControlView, at now: Moment, into work: inout Work) {
        guard now.instant >= completion.next else { return }
        reportFills(&view, at: now, into: &work)
    }

    private mutating func reportFills(
        _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        guard let topology = view.topology, !topology.moves.isEmpty else { return }
        completion.next = now.instant + MoveCompletion.interval
        let report = completion.report
        let steward = steward(of: topology, view)
        if steward == identity.id {
            completion.told[identity.id] = report
        } else if !report.isEmpty {
            send(.fills(report), to: steward, into: &work)
        }
        complete(topology, &view, at: now, into: &work)
    }

    /// The first member that answers, this node among them.
    private func steward(of topology: Topology, _ view: ControlView) -> NodeID {
        let members = topology.members.lazy.map(\.id)
        return members.first { $0 == identity.id || view.state(of: $0) == .alive } ?? identity.id
    }

    /// Has the nodes decide on the moves that have come to their end, once others have had the time
    /// to do so too.
    private mutating func complete(
        _ topology: Topology, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        let completed = completion.completed(topology)
        guard !completed.isEmpty else { return }
        if completed.count < topology.moves.count {
            let until = completion.gatherUntil ?? now.instant + MoveCompletion.gathering
            completion.gatherUntil = until
            guard now.instant >= until else {
                completion.next = min(completion.next, until)
                return
            }
        }
        completion.gatherUntil = nil
        guard let next = try? topology.completing(completed) else {
            invariant(false, "moves of epoch \(topology.epoch) cannot end")
            return
        }
        marks.occurred(.movesCompleted)
        propose(next, &view, at: now, into: &work)
    }
}
