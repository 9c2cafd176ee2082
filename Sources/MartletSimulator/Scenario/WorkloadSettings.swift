// What the clients of a simulation do, as a scenario declares it. Everything beyond the registers
// is off at first, and draws nothing then.
package import MartletWire

/// What the clients of a simulation do.
package struct WorkloadSettings: Sendable {
    /// How many clients there are; each has one request in flight at a time.
    package var clientCount = 4
    /// Requests that each client makes in a second, while it is answered quickly enough.
    package var rate = 50
    /// How many registers there are. Fewer make more of the writes concurrent.
    package var keyCount = 50
    /// How many carts there are, each a key of its own.
    package var cartCount = 0
    /// How many counters there are, each a key of its own.
    package var counterCount = 0
    /// Which registers are asked for more than others.
    package var popularity = Popularity.tenth
    /// Bytes of each value of a register, drawn per write.
    package var valueBytes = 16...200
    /// The share of requests to registers that are reads.
    package var getShare = 0.4
    /// The share of requests to registers that are deletes.
    package var deleteShare = 0.05
    /// The share of writes that hand in the context the client last saw of the key, fresh or stale.
    /// The others replace what their coordinator knows.
    package var contextShare = 0.5
    /// The share of writes to registers that expire.
    package var expiringShare = 0.0
    /// How long those live.
    package var lifetime = Duration.milliseconds(500)...Duration.seconds(5)
    /// The share of all that clients do which is to change a cart: a read, then a write.
    package var cartShare = 0.0
    /// The share which is to raise a counter: a read, then a write.
    package var counterShare = 0.0
    /// How clients behave when they are not answered as they like.
    package var habits = ClientHabits()
    /// Drawn from for each request; empty for the store's default, all homes.
    package var n: [Int] = []
    /// Drawn from for each write.
    package var w = [Quorum.majority]
    /// Drawn from for each write.
    package var dw = [Quorum.majority]
    /// Drawn from for each write; empty for the store's default.
    package var pw: [Quorum] = []
    /// Drawn from for each read.
    package var r = [Quorum.majority]
    /// Drawn from for each read; empty for the store's default.
    package var pr: [Quorum] = []
}

/// Which keys are asked for more than others.
package enum Popularity: String, Hashable, Sendable, CaseIterable {
    /// A tenth of the keys gets a third of the requests.
    case tenth
    /// All alike.
    case uniform
    /// The k-th key in proportion to 1/k.
    case zipf
}

/// How clients behave when they are not answered as they like.
package struct ClientHabits: Sendable, Equatable {
    /// How long a client waits for an answer before it goes elsewhere; nil for as long as it
    /// takes.
    package var patience: ClosedRange<Duration>?
    /// The share of failed or unanswered writes that are made again, as they were.
    package var retryShare = 0.0
    /// The share of answers whose context a client does not take in: what it hands in later is
    /// stale.
    package var staleShare = 0.0
    /// The share of requests after which the client is gone without waiting, to come back
    /// elsewhere knowing nothing.
    package var vanishShare = 0.0

    /// Whether any of them is anything but patient waiting.
    var areAny: Bool { self != ClientHabits() }
}
