// What a log may hear of the same trouble: others bring most of it about, and could fill a disk
// with it. It counts; who writes the lines is the node's loop.
package import MartletBase

/// Decides which lines about repeated trouble are written, kind by kind.
package struct ComplaintThrottle: Sendable {
    /// What lines may be about.
    package enum Kind: Int, Hashable, Sendable, CaseIterable {
        /// A connection to the peer port was refused.
        case refusedPeer
        /// A peer refuses this node.
        case refusedByPeer
        /// A client speaks HTTP.
        case http
        /// A client is one too many.
        case surplusClient
        /// A connection could not be accepted.
        case accepting
        /// A connection was closed since too much was held for it.
        case memory
        /// The wall clock is wrong, or right again.
        case clock
        /// A datagram did not read.
        case badDatagram
        /// Two nodes, or two rings, claim what only one can have.
        case conflict
        /// A member is believed otherwise than before.
        case memberChanged
        /// The storage refuses writes, accepts them again, or has found damage.
        case storage

        /// Lines in one interval. Members may change together, and so may what a disk holds.
        fileprivate var lineLimit: Int {
            switch self {
            case .refusedPeer, .refusedByPeer, .http, .surplusClient, .accepting, .badDatagram,
                .conflict:
                1
            case .memory, .clock: 10
            case .memberChanged: 100
            case .storage: 10
            }
        }
    }

    /// How long the limit of lines is for.
    package static let interval = Duration.seconds(5)

    private struct Account {
        var lines = 0
        var since = Instant.start
        var leftOut = 0
    }

    private var accounts = Kind.allCases.map { _ in Account() }

    /// Nothing was written yet.
    package init() {}

    /// Whether a line about `kind` is to be written now: how many were left out since the last
    /// one, or nil to leave this one out too.
    package mutating func admit(_ kind: Kind, at now: Instant) -> Int? {
        var account = accounts[kind.rawValue]
        defer { accounts[kind.rawValue] = account }
        if account.lines > 0, now.since(account.since) >= Self.interval { account.lines = 0 }
        guard account.lines < kind.lineLimit else {
            account.leftOut += 1
            return nil
        }
        if account.lines == 0 { account.since = now }
        account.lines += 1
        defer { account.leftOut = 0 }
        return account.leftOut
    }
}
