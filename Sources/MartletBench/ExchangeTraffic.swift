// What nodes have sent each other, counted by what it was for.
internal import MartletWire

/// Frames and their bytes, headers and all.
package struct ExchangeTraffic: Hashable, Sendable {
    /// What a message is for, in the order in which a difference is mended.
    package enum Kind: String, Hashable, Sendable, CaseIterable, Encodable {
        /// Promises to issue no older timestamp.
        case promises
        /// Roots of a round.
        case roots
        /// Answers to them.
        case rootReplies = "root replies"
        /// Times up to which partitions are settled.
        case watermarks
        /// Branches of trees that differ.
        case nodes
        /// Answers to them.
        case nodeReplies = "node replies"
        /// Second looks at leaves that differ.
        case confirmations
        /// Dots of the keys of a leaf.
        case leafDigests = "leaf digests"
        /// Objects that a home lacks.
        case objects
        /// What homes say to them.
        case acknowledgements
        /// Keys removed, settled everywhere.
        case removals
        /// All that has nothing to do with exchanges.
        case other

        init(_ message: PeerMessage) {
            switch message {
            case .replication(.putReplies): self = .acknowledgements
            case .replication(.parcel): self = .objects
            case .replication(.removed): self = .removals
            case .exchange(let message): self.init(message)
            default: self = .other
            }
        }

        private init(_ message: ExchangeMessage) {
            switch message {
            case .promise: self = .promises
            case .roots: self = .roots
            case .rootsReply: self = .rootReplies
            case .settled: self = .watermarks
            case .nodes(let nodes): self = nodes.stage == .descent ? .nodes : .confirmations
            case .nodesReply: self = .nodeReplies
            case .question: self = .confirmations
            case .leaf, .wants: self = .leafDigests
            }
        }
    }

    /// How many of a kind, and their bytes.
    struct Share: Hashable, Sendable {
        var messages = 0
        var bytes = 0
    }

    private var shares = [Share](repeating: Share(), count: Kind.allCases.count)

    /// Counts a message that takes `bytes` in its frame.
    mutating func count(_ message: PeerMessage, bytes: Int) {
        guard let index = Kind.allCases.firstIndex(of: Kind(message)) else { return }
        shares[index].messages += 1
        shares[index].bytes += bytes
    }

    /// What was sent, kind by kind; kinds of which there was nothing are left out.
    var byKind: [(kind: Kind, share: Share)] {
        zip(Kind.allCases, shares).filter { $0.1.messages > 0 }.map { (kind: $0, share: $1) }
    }

    /// All bytes but those of the kinds that have nothing to do with exchanges.
    var bytes: Int { byKind.reduce(0) { $0 + ($1.kind == .other ? 0 : $1.share.bytes) } }
}
