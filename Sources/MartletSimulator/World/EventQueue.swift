// Virtual time: everything that will happen, ordered by (time, sequence). Two events of one
// instant come in the order in which they were scheduled, so a run has exactly one order.
internal import MartletBase
internal import MartletNode
internal import MartletStorage

/// Something that will happen. Numbers are positions: of shards, links, faults, clients and
/// operations.
enum WorldEvent {
    /// A node's timer is due.
    case nodeWakes(Int, life: Int)
    /// A node's disk has had the time to sync what was written to its log.
    case logSynced(Int, life: Int)
    /// A node's disk has synced what was written in one interval of its sync mode.
    case intervalSynced(Int, life: Int)
    /// A node's disk has read blocks.
    case blocksRead(Int, life: Int, [BlockRead])
    /// A node's background work takes a step.
    case workerSteps(Int, life: Int)
    /// A node tries again to write what a full disk has held back.
    case logRetries(Int, life: Int)
    /// A node hears of a job that its disk refused.
    case jobRested(Int, life: Int)
    /// A crashed node starts again.
    case nodeStarts(Int, life: Int)
    /// A shard is told what the first has decided since.
    case viewTold(Int, life: Int)
    /// The first shard of a node is told what another has for the control core.
    case tidingTold(Int, life: Int, ControlTiding)
    /// A frame arrives at the end of a link.
    case frameArrives(link: Int, connection: Int, Bytes)
    /// A datagram arrives.
    case datagramArrives(from: Int, to: Int, Bytes)
    /// A node dials another.
    case linkDials(Int, connection: Int)
    /// The other node has taken the call.
    case linkOpens(Int, connection: Int)
    /// The call came to nothing.
    case linkRefused(Int, connection: Int)
    /// The dialling node learns that its link is broken.
    case linkBreaks(Int, connection: Int)
    /// The dialling node gives up on a link that takes nothing, if it still does not.
    case linkTimesOut(Int, connection: Int)
    /// A fault of the schedule begins.
    case faultBegins(Int)
    /// It ends.
    case faultEnds(Int)
    /// A client makes its next request.
    case clientActs(Int)
    /// A client learns that its node is gone, and its request with it.
    case clientDisconnected(Int, operation: Int)
    /// By now the operation must have been answered.
    case answerDue(operation: Int)
    /// The planted fault looks for something to spoil.
    case plantActs
}

/// The future of the world.
struct EventQueue {
    private var agenda = Agenda()
    /// The events, each in its slot; those of the free slots are nil.
    private var events: [WorldEvent?] = []
    private var free: [Int] = []

    /// When the next event is; `never` when there is none.
    var next: Instant { agenda.first.map { Instant(nanoseconds: $0.at) } ?? .never }

    mutating func schedule(_ event: WorldEvent, at time: Instant) {
        if let slot = free.popLast() {
            events[slot] = event
            agenda.add(slot, at: time)
        } else {
            agenda.add(events.count, at: time)
            events.append(event)
        }
    }

    mutating func take() -> (at: Instant, event: WorldEvent)? {
        guard let first = agenda.first, let event = events[first.slot].take() else { return nil }
        agenda.removeFirst()
        free.append(first.slot)
        return (Instant(nanoseconds: first.at), event)
    }
}
