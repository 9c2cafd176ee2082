// Everything that nodes say to each other over their links. Who handles it is in the comments;
// its bytes are in the files `PeerMessage+Coding` and `ClientMessages+Coding`.
public import MartletBase
public import MartletRing
public import MartletVersions

/// Pairs an answer with its question; unique at the node that asks, in all its lives: an answer
/// that was meant for the node before it crashed means nothing to what it has become.
public struct OperationID: Hashable, Comparable, Sendable {
    /// Counts up from where the node's life began; 0 asks for no reply.
    public var rawValue: UInt64

    /// The operation with this number.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Given to a message that needs no reply.
    public static let unanswered = OperationID(rawValue: 0)

    /// In the order of asking.
    public static func < (left: OperationID, right: OperationID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Hold this version of a key.
public struct ReplicaPut: Hashable, Sendable {
    /// Why it is sent.
    public enum Purpose: UInt8, Hashable, Sendable, CaseIterable {
        /// A client's write.
        case write
        /// What a read found missing.
        case repair
        /// A hint on its way home.
        case hint
    }

    /// The operation at the sender.
    public var operation: OperationID
    /// The key.
    public var key: Bytes
    /// All that the sender holds of the key; the receiver merges it.
    public var object: Object
    /// Why it is sent.
    public var purpose: Purpose
    /// The home replica for which the receiver is to keep it as a hint; nil when the receiver is
    /// itself the home.
    public var heldFor: NodeID?
    /// Whether to answer only once it is synced, as far as the receiver's sync mode goes; a hint,
    /// once it is on disk, in every mode.
    public var durable: Bool
    /// How long the sender waits from sending on; work past it need not be done.
    public var patience: Duration
    /// By the ring of which epoch the receiver was chosen, for a client's write; 0 for what may be
    /// merged under any.
    public var epoch: UInt64

    /// A version to hold.
    public init(
        operation: OperationID, key: Bytes, object: Object, purpose: Purpose,
        heldFor: NodeID? = nil, durable: Bool, patience: Duration, epoch: UInt64 = 0
    ) {
        self.epoch = epoch
        self.operation = operation
        self.key = key
        self.object = object
        self.purpose = purpose
        self.heldFor = heldFor
        self.durable = durable
        self.patience = patience
    }
}

/// What a replica makes of a `ReplicaPut`.
public struct ReplicaPutReply: Hashable, Sendable {
    /// How it went.
    public enum Outcome: Hashable, Sendable {
        /// It is held; synced, if that was asked.
        case stored
        /// It is not.
        case refused(RequestError)
    }

    /// The operation at the node that asked.
    public var operation: OperationID
    /// How it went.
    public var outcome: Outcome

    /// The reply to `operation`.
    public init(operation: OperationID, outcome: Outcome) {
        self.operation = operation
        self.outcome = outcome
    }
}

/// Show what you hold of a key.
public struct ReplicaGet: Hashable, Sendable {
    /// The operation at the sender.
    public var operation: OperationID
    /// The key.
    public var key: Bytes
    /// Whether values above the inline limit may be left out.
    public var summaryAllowed: Bool
    /// By the ring of which epoch the receiver was chosen.
    public var epoch: UInt64

    /// A question about `key`.
    public init(operation: OperationID, key: Bytes, summaryAllowed: Bool, epoch: UInt64) {
        self.operation = operation
        self.key = key
        self.summaryAllowed = summaryAllowed
        self.epoch = epoch
    }
}

/// What a replica holds of a key, its hints included.
public struct ReplicaGetReply: Hashable, Sendable {
    /// What it holds.
    public enum Outcome: Hashable, Sendable {
        /// All of it; an empty object when nothing.
        case object(Object)
        /// Context and dots alone: the values are large and another replica was asked for them.
        case summary(Context, [Dot])
        /// It cannot say.
        case refused(RequestError)
    }

    /// The operation at the node that asked.
    public var operation: OperationID
    /// What it holds.
    public var outcome: Outcome
    /// Up to where the partition is settled, as a home knows that may trust what it holds: older
    /// versions that it does not cover were removed. The beginning of time where it is none.
    public var watermark: HybridTimestamp

    /// The reply to `operation`.
    public init(
        operation: OperationID, outcome: Outcome,
        watermark: HybridTimestamp = HybridTimestamp(bits: 0)
    ) {
        self.operation = operation
        self.outcome = outcome
        self.watermark = watermark
    }
}

/// Coordinate this request: the receiver is a home replica of the key.
public struct Forward: Hashable, Sendable {
    /// The operation at the sender.
    public var operation: OperationID
    /// What the client asked.
    public var request: ClientRequest
    /// How long the client still waits.
    public var patience: Duration
    /// By when the receiver must have begun it, by the receiver's own monotonic clock; later it is
    /// `late`, and nothing may be done: the sender has turned to another home by then. The sender
    /// knows that clock from the receiver's last reply; the clock's start where it does not.
    public var startBy: Instant
    /// The write's timestamp, as far as the receiver believes it and what the write replaces lets
    /// it: one date, however many homes carry it out.
    public var date: HybridTimestamp

    /// A request handed on.
    public init(
        operation: OperationID, request: ClientRequest, patience: Duration, startBy: Instant,
        date: HybridTimestamp
    ) {
        self.operation = operation
        self.request = request
        self.patience = patience
        self.startBy = startBy
        self.date = date
    }
}

/// The answer to a forwarded request.
public struct ForwardReply: Hashable, Sendable {
    /// The operation at the node that forwarded.
    public var operation: OperationID
    /// What to tell the client.
    public var answer: ClientAnswer
    /// What the sender's monotonic clock showed as it sent this.
    public var shown: Instant
    /// What its next timestamp will not be behind.
    public var timestamp: HybridTimestamp

    /// The answer to `operation`.
    public init(
        operation: OperationID, answer: ClientAnswer, shown: Instant, timestamp: HybridTimestamp
    ) {
        self.operation = operation
        self.answer = answer
        self.shown = shown
        self.timestamp = timestamp
    }
}

/// What replication says. What is large is indirect: it is handed on several times on its way, and
/// each time that is one count, not a copy of all that it carries.
public enum ReplicationMessage: Equatable, Sendable {
    /// Hold this.
    indirect case put(ReplicaPut)
    /// What became of some of the sender's puts and parcels: all that a turn has to say.
    case putReplies([ReplicaPutReply])
    /// What do you hold?
    case get(ReplicaGet)
    /// This.
    case getReply(ReplicaGetReply)
    /// Coordinate this.
    indirect case forward(Forward)
    /// Coordinated.
    indirect case forwardReply(ForwardReply)
    /// Hold these, which the receiver was found to lack.
    indirect case parcel(Parcel)
    /// What was sent has been removed here.
    indirect case removed(RemovedVersions)
}

/// One message over a link between two nodes: each protocol's own.
public enum PeerMessage: Equatable, Sendable {
    /// Replication.
    case replication(ReplicationMessage)
    /// Membership: every member that the sender knows.
    case pushPull(PushPull)
    /// The ring: the sender's topology, newer than the receiver's.
    case topology(Topology)
    /// Send me your ring, if it is of a later epoch than this.
    case topologyWanted(newerThan: UInt64)
    /// Which epoch comes next.
    indirect case decree(DecreeMessage)
    /// How far the sender has come with what a change of the ring asks of it.
    case moved(MoveReport)
    /// Anti-entropy.
    case exchange(ExchangeMessage)
    /// Hand-over.
    case handover(HandoverMessage)
}
