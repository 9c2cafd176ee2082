// One direction between two nodes as the sending one keeps it: what it sends arrives in order or,
// from some point on, not at all. What the world does with it is in `World+Network`.
internal import MartletBase
internal import MartletWire

/// The link that one node keeps to another.
struct Link {
    let from: Int
    let to: Int
    /// Counts the calls; what belongs to an earlier one is void.
    var connection = 0
    /// Whether the node dials: it has been told the address. Else it takes the other's calls.
    var isWanted = false
    /// The address that the dialling node has been told; nil before that.
    var endpoint: Endpoint?
    /// Whether its node believes that it is open.
    var isOpen = false
    /// Whether it is broken and its node does not know yet: what it sends is lost.
    var isBroken = false
    /// Calls that failed since the last that was taken.
    var failures = 0
    /// Messages sent over all connections: the ordinal of the next one's fate.
    var sent: UInt64 = 0
    /// Calls made: the ordinal of the next one's fate.
    var dialled: UInt64 = 0
    /// No message arrives before its predecessor.
    var lastArrival = Instant.start
    /// Frames that a partition holds up; they go on if it ends before the link times out.
    var stalled: [Bytes] = []
    /// The connection of a sender that crashed: what it had sent still arrives, until then.
    var former = (connection: -1, until: Instant.start)
    var decoder = FrameDecoder()

    /// The first wait before dialling again; it doubles up to the limit.
    static let backoff = Duration.milliseconds(100)
    static let backoffLimit = Duration.seconds(2)
    /// As many failures as being refused counts for: enough for the longest wait.
    static let refusalFailures = 5

    /// How long to wait before the next call.
    var redialDelay: Duration {
        min(Self.backoff * (1 << min(failures, 6)), Self.backoffLimit)
    }

    func accepts(_ connection: Int, at now: Instant) -> Bool {
        if connection == self.connection { return isOpen && !isBroken }
        return connection == former.connection && now <= former.until
    }
}
