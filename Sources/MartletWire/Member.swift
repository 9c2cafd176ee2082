// A node as the membership protocol speaks of it.
public import MartletBase

/// What is believed of a member; the raw values order claims of one incarnation (SWIM, section
/// 4.2).
public enum MemberState: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    /// It answers.
    case alive = 0
    /// It did not answer, and has time to deny what follows.
    case suspect = 1
    /// It did not deny it. It is probed on, and comes back by a higher incarnation.
    case unreachable = 2
    /// An operator has said that it is gone for good. Only its own higher incarnation brings it
    /// back.
    case forgotten = 3

    /// The stronger claim is the greater.
    public static func < (left: MemberState, right: MemberState) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// One member, as gossip carries it.
public struct Member: Hashable, Sendable {
    /// Its identity.
    public var id: NodeID
    /// Its name, for people; unique in the cluster.
    public var name: String
    /// Its failure domain.
    public var zone: String
    /// Its share of the data relative to others'; at least 1.
    public var weight: UInt32
    /// Where other nodes reach it, by TCP and UDP.
    public var peerEndpoint: Endpoint
    /// Where clients reach it.
    public var clientEndpoint: Endpoint
    /// SWIM's incarnation: raised by the member alone, to refute what is said of it.
    public var incarnation: UInt64
    /// What is believed of it.
    public var state: MemberState

    /// A member and what is believed of it.
    public init(
        id: NodeID, name: String, zone: String, weight: UInt32, peerEndpoint: Endpoint,
        clientEndpoint: Endpoint, incarnation: UInt64, state: MemberState
    ) {
        self.id = id
        self.name = name
        self.zone = zone
        self.weight = weight
        self.peerEndpoint = peerEndpoint
        self.clientEndpoint = clientEndpoint
        self.incarnation = incarnation
        self.state = state
    }
}

/// The full exchange of memberships over a link; answered in kind when `wantsReply`.
public struct PushPull: Hashable, Sendable {
    /// Everyone the sender knows, itself included, sorted by id.
    public var members: [Member]
    /// Whether the receiver is to send its own in turn.
    public var wantsReply: Bool
    /// The epoch of the sender's topology; 0 when it has none.
    public var epoch: UInt64

    /// The sender's whole view.
    public init(members: [Member], wantsReply: Bool, epoch: UInt64) {
        self.members = members
        self.wantsReply = wantsReply
        self.epoch = epoch
    }
}
