// The client's side of a request: words in, multibulk out. No inline form, no replies.
public import MartletBase

/// Encodes commands one behind the other into one array, to be sent as one pipeline.
public struct CommandWriter: Sendable {
    /// What has been written and not yet taken.
    public private(set) var bytes: Bytes = []

    /// An empty writer.
    public init() {}

    /// Appends one command; there must be at least a name. O(n).
    public mutating func write(_ arguments: [Bytes]) {
        invariant(!arguments.isEmpty, "a command without a name")
        bytes.appendLengthLine("*", arguments.count)
        for argument in arguments { bytes.appendBulk(argument[...]) }
    }

    /// Hands the bytes over and starts anew without their memory.
    public mutating func take() -> Bytes {
        let taken = bytes
        bytes = []
        return taken
    }

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }
}
