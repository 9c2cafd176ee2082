// Lines of tasks in front of keys that are being read from disk: who waits for which key, in which
// order, and which read they wait for. What the tasks are, and when they are done, is not known
// here (see `Replication+KeyTasks`).
//
//     append ─► a line at the key ─► begin(ticket): a read is under way ─► completed(ticket)
//                                          ▲                                    │ tasks leave in
//                                          └──── one needs yet another read ────┤ order
//                                                                             close
internal import DequeModule
internal import MartletBase
internal import MartletStorage

/// Tasks waiting for their keys, each key a line of its own. All operations are O(1).
struct KeyQueue<Element> {
    private struct Line {
        var tasks: Deque<Element>
        /// The read that the line waits for, or has had and not yet released.
        var ticket: ReadTicket?
    }

    private var lines: [Location: Line] = [:]
    private var places: [ReadTicket: Location] = [:]
    /// How many tasks wait, over all keys.
    private(set) var count = 0

    init() {}

    /// Whether there is no line at all.
    var isEmpty: Bool { lines.isEmpty }

    /// Whether there is a line at `location`: what comes now must stand behind it.
    func hasLine(at location: Location) -> Bool { lines[location] != nil }

    /// Puts `task` at the end of the line at `location`.
    mutating func append(_ task: Element, at location: Location) {
        lines[location, default: Line(tasks: [], ticket: nil)].tasks.append(task)
        count += 1
    }

    /// Who is next at `location`.
    func first(at location: Location) -> Element? { lines[location]?.tasks.first }

    /// The next at `location` is done with.
    mutating func removeFirst(at location: Location) {
        guard lines[location]?.tasks.popFirst() != nil else { return }
        count -= 1
    }

    /// The line at `location` waits for the read under `ticket` from now on.
    mutating func begin(_ ticket: ReadTicket, at location: Location) {
        lines[location]?.ticket = ticket
        places[ticket] = location
    }

    /// The read under `ticket` is complete: the line that waited for it; nil when none did.
    mutating func completed(_ ticket: ReadTicket) -> Location? {
        places.removeValue(forKey: ticket)
    }

    /// The read that the line at `location` has had, to be released now; nil when there was none.
    mutating func takeTicket(at location: Location) -> ReadTicket? {
        lines[location]?.ticket.take()
    }

    /// The line at `location`, empty by now, is at its end.
    mutating func close(at location: Location) {
        lines[location] = nil
    }

    /// Between events every line waits for a read, and every read is waited for by a line.
    /// O(lines); for tests and simulation.
    func checkInvariants() {
        let tasks = lines.values.reduce(0) { $0 + $1.tasks.count }
        invariant(tasks == count, "\(tasks) tasks wait, counted \(count)")
        invariant(places.count == lines.count, "\(lines.count) lines, \(places.count) reads")
        // any order: each is looked at by itself.
        for (location, line) in lines {
            invariant(!line.tasks.isEmpty, "nobody stands in the line at \(location)")
            invariant(
                line.ticket.flatMap { places[$0] } == location, "\(location) waits for no read")
        }
    }
}
