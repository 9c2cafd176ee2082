// What a trace is made of: lines of changes, samples, messages and requests, all in virtual time.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// How a node is.
enum NodeCondition: String {
    case down
    case up
    case refusing = "refusing writes"
    case paused
}

/// Something that has one value at a time, kept as its changes.
struct ChangeLine<Value: Equatable> {
    private(set) var changes: [(at: Instant, value: Value)] = []

    mutating func note(_ value: Value, at now: Instant) {
        if changes.last?.value != value { changes.append((now, value)) }
    }

    /// The stretches of one value each, up to `end`.
    func spells(until end: Instant) -> [(begin: Instant, end: Instant, value: Value)] {
        changes.indices.map { index in
            let next = index + 1 < changes.count ? changes[index + 1].at : end
            return (changes[index].at, next, changes[index].value)
        }
    }
}

/// What is looked at every so often.
struct TraceSample {
    let at: Instant
    /// For each node, the hints that it keeps.
    let hints: [Int]
    /// Keys of which not all homes hold the same.
    let differing: Int
}

/// A fault of the schedule as it came to pass.
struct TraceFault {
    let name: String
    let begin: Instant
    let end: Instant
}

/// A request of a client, or one of those that end a run.
struct TraceOperation {
    let number: Int
    let kind: Operation.Kind
    /// Nil for the reads that end a run.
    let client: Int?
    let key: Int
    /// The node that was asked.
    let node: Int
    let began: Instant
    /// Nil while it is open.
    let ended: Instant?
    let outcome: Operation.Outcome
    /// Why it failed.
    let failure: String?
    /// What a read was shown, or what a write was named.
    let dots: [Dot]
}

/// A node has removed the last trace of a key.
struct TraceRemoval {
    let node: Int
    let key: Int
    let at: Instant
}

/// A message between two nodes.
struct TraceMessage {
    /// What it is about.
    enum Subject: Hashable {
        case key(Int)
        case partitions([UInt16])
        case everything
    }

    enum Kind: String {
        case write, repair, hint
        case stored = "put reply"
        case read
        case object = "get reply"
        case forward
        case forwardReply = "forward reply"
        /// An object that a comparison has shown to be missing.
        case exchange
        case comparison
        case promise
        case settled
        case removal
    }

    let kind: Kind
    let from: Int
    let to: Int
    let subject: Subject
    let sent: Instant
    /// Nil when it was lost or was still under way at the end.
    var arrived: Instant?

    /// Whether it is sent by the same node, at the same moment, as the same kind of message.
    func isSent(with other: TraceMessage) -> Bool {
        from == other.from && sent == other.sent && kind == other.kind
    }

    /// Whether it is about that key and no other.
    func isAbout(_ key: Int) -> Bool { subject == .key(key) }

    /// Whether it is about the partition, and thereby about every key in it.
    func isAround(_ partition: UInt16) -> Bool {
        switch subject {
        case .key: false
        case .partitions(let partitions): partitions.contains(partition)
        case .everything: true
        }
    }
}
