// How changes come to their end. Each home that is to be filled tells one member which partitions
// are, and each that leaves when it has handed on all that it held; that one has the nodes decide
// that these have moved, many at once, and those have left. Who that is follows from who answers,
// so that another takes over; two at a time only cost a proposal.
//
//     filled, drained ─► told to the steward, again and again ─► of all homes of a move ─► an epoch
internal import MartletBase
internal import MartletMembership
internal import MartletRing
internal import MartletWire

/// What is known of the moves' ends.
struct MoveCompletion {
    /// How often a node tells again how far it has come.
    static let interval = Duration.seconds(1)
    /// How long moves gather before the nodes decide on them.
    static let gathering = Duration.milliseconds(500)

    /// How far each shard of this node has come.
    var own: [Int: MoveReport] = [:]
    /// Of how many shards this node is.
    var shardCount = 1
    /// What each member has told.
    var told: [NodeID: MoveReport] = [:]
    /// When this node tells again, or proposes.
    var next = Instant.never
    /// Until when moves that have come to their end gather; nil where there are none.
    var gatherUntil: Instant?

    /// How far this node has come.
    var report: MoveReport {
        // any order: they are sorted after.
        let fills = own.values.flatMap(\.fills).sorted()
        let isDrained = own.count == shardCount && own.values.allSatisfy(\.isDrained)
        return MoveReport(fills: fills, isDrained: isDrained)
    }

    /// The members that have handed on all that they held, of those that leave.
    func departing(_ topology: Topology) -> Set<NodeID> {
        Set(topology.departing.filter { told[$0]?.isDrained == true })
    }

    /// The moves of `topology` that have come to their end, as far as is known here.
    func completed(_ topology: Topology) -> Set<Partition> {
        var known: [NodeID: Set<PartitionFill>] = [:]
        // any order: each by itself.
        for (node, report) in told { known[node] = Set(report.fills) }
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
    /// A shard of this node, of so many, has come so far.
    mutating func moved(
        _ report: MoveReport, by shard: Int, of shardCount: Int, _ view: inout ControlView,
        at now: Moment, into work: inout Work
    ) {
        completion.own[shard] = report
        completion.shardCount = shardCount
        reportMoves(&view, at: now, into: &work)
    }

    /// Another member has told how far it has come.
    mutating func reportReceived(
        _ report: MoveReport, from sender: NodeID, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        guard let topology = view.topology, topology.member(sender) != nil else { return }
        completion.told[sender] = report
        complete(topology, &view, at: now, into: &work)
    }

    /// What was told of a change that is over is forgotten.
    mutating func forgetReports(_ topology: Topology, at now: Moment) {
        completion.gatherUntil = nil
        if topology.isSettled { completion.told = [:] }
        if topology.isSettled, !awaitsEnlisting(topology) {
            completion.next = .never
        } else {
            completion.next = now.instant
        }
    }

    /// Tells again, or proposes, when it is time.
    mutating func tickMoves(_ view: inout ControlView, at now: Moment, into work: inout Work) {
        guard now.instant >= completion.next else { return }
        reportMoves(&view, at: now, into: &work)
    }

    private mutating func reportMoves(
        _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        guard let topology = view.topology else { return }
        if awaitsEnlisting(topology) { enlist(topology, &view, at: now, into: &work) }
        guard !topology.isSettled else { return }
        completion.next = now.instant + MoveCompletion.interval
        let report = completion.report
        let steward = steward(of: topology, view)
        if steward == identity.id {
            completion.told[identity.id] = report
        } else if report != MoveReport() {
            send(.moved(report), to: steward, into: &work)
        }
        complete(topology, &view, at: now, into: &work)
    }

    /// Whether the node has lost its disk, and the ring does not know of it.
    private func awaitsEnlisting(_ topology: Topology) -> Bool {
        disk != 0 && !isEnlisted && topology.member(identity.id).map { $0.disk != disk } == true
    }

    /// Has the nodes decide that this one goes on with another disk: until they have, its vote does
    /// not count.
    private mutating func enlist(
        _ topology: Topology, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        completion.next = now.instant + MoveCompletion.interval
        guard let next = try? topology.enlisting(identity.id, disk: disk) else {
            return
        }
        marks.occurred(.diskEnlisted)
        propose(next, &view, at: now, into: &work)
    }

    /// The first member that answers, this node among them.
    private func steward(of topology: Topology, _ view: ControlView) -> NodeID {
        let members = topology.members.lazy.map(\.id)
        return members.first { $0 == identity.id || view.state(of: $0) == .alive } ?? identity.id
    }

    /// Has the nodes decide on the moves that have come to their end, and on those who have left,
    /// once others have had the time to do so too.
    private mutating func complete(
        _ topology: Topology, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        let completed = completion.completed(topology)
        let departing = completion.departing(topology)
        guard !completed.isEmpty || !departing.isEmpty else { return }
        if completed.count < topology.moves.count {
            let until = completion.gatherUntil ?? now.instant + MoveCompletion.gathering
            completion.gatherUntil = until
            guard now.instant >= until else {
                completion.next = min(completion.next, until)
                return
            }
        }
        completion.gatherUntil = nil
        guard let next = try? topology.completing(completed, departing: departing) else {
            invariant(false, "moves of epoch \(topology.epoch) cannot end")
            return
        }
        marks.occurred(.movesCompleted)
        propose(next, &view, at: now, into: &work)
    }
}

extension Topology {
    /// Whether nothing moves, and nobody leaves.
    fileprivate var isSettled: Bool { moves.isEmpty && !members.contains(where: \.isLeaving) }
}
