// What is to happen on a quorum's stand, in the order of its time. Events are large and lie still;
// what the heap moves is small.
internal import HeapModule
internal import MartletBase
internal import MartletStorage
internal import MartletWire

extension QuorumStand {
    /// What comes next.
    enum Event {
        case wakes(Int)
        case logWritten(Int)
        case blocksRead(Int, [BlockRead])
        case workerSteps(Int)
        case links(Int, to: Int)
        case datagram(Datagram, from: Int, to: Int)
        case message(PeerMessage, from: Int, to: Int)
        case alarm(Int)
    }

    /// Events, earliest first, and of equal ones the first scheduled.
    struct Agenda {
        private struct Entry: Comparable {
            let at: Instant
            let sequence: UInt64
            let place: Int

            static func < (left: Entry, right: Entry) -> Bool {
                left.at == right.at ? left.sequence < right.sequence : left.at < right.at
            }
        }

        private var heap = Heap<Entry>()
        private var nextSequence: UInt64 = 0
        private var events: [Event?] = []
        private var free: [Int] = []

        /// When the next event is; nil when there is none.
        var next: Instant? { heap.min?.at }

        mutating func add(_ event: Event, at time: Instant) {
            let place: Int
            if let last = free.popLast() {
                place = last
                events[place] = event
            } else {
                place = events.count
                events.append(event)
            }
            heap.insert(Entry(at: time, sequence: nextSequence, place: place))
            nextSequence += 1
        }

        mutating func take() -> (at: Instant, event: Event)? {
            guard let entry = heap.popMin(), let event = events[entry.place].take() else {
                return nil
            }
            free.append(entry.place)
            return (entry.at, event)
        }
    }
}
