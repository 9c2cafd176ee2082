// The client's side of a request: words in, multibulk out. No inline form, no replies.
package import MartletBase

/// Encodes commands one behind the other into one array, to be sent as one pipeline.
package struct CommandWriter: Sendable {
    /// What has been written and not yet taken.
    package private(set) var bytes: Bytes = []

    /// An empty writer.
    package init() {}

    /// Appends one command; there must be at least a name. O(n).
    package mutating func write(_ arguments: [Bytes]) {
        invariant(!arguments.isEmpty, "a command without a name")
        bytes.appendLengthLine("*", arguments.count)
        for argument in arguments { bytes.appendBulk(argument) }
    }

    /// Hands the bytes over and starts anew without their memory.
    package mutating func take() -> Bytes {
        let taken = bytes
        bytes = []
        return taken
    }

    /// Forgets what was written and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }
}
