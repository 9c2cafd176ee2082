// The one way out of a node.
public import MartletBase
internal import MartletMembership
public import MartletReplication
public import MartletStorage
public import MartletWire

/// All that a node asks of its shell. Events append to it; what the storage asks for, and when the
/// node is to be woken, is in it once the turn has ended (`NodeCore.endTurn`).
public struct Work {
    /// A datagram, which may be lost, and where it is to go.
    public struct Post: Sendable {
        /// What is sent.
        public var datagram: Datagram
        /// The address of some node's datagram port.
        public var endpoint: Endpoint
    }

    /// A change of the links that the node has.
    public enum LinkChange: Hashable, Sendable {
        /// Keep a link to that node from now on, dialling it at that address whenever there is
        /// none.
        case keep(NodeID, Endpoint)
        /// Keep no link to that node any more.
        case drop(NodeID)
    }

    /// What came of what an operator asked for.
    public struct Reply: Sendable {
        /// What was asked under.
        public var request: RequestID
        /// What came of it.
        public var reply: OperatorReply
    }

    /// Messages for other nodes, over the links to them, and answers for clients.
    public var outbox = Outbox()
    /// Datagrams, in order.
    public var posts: [Post] = []
    /// What changes about the links, in order.
    public var linkChanges: [LinkChange] = []
    /// Answers to operators.
    public var replies: [Reply] = []
    /// What is worth telling an operator, in order.
    public var notes: [NodeNote] = []
    /// What the control core has decided or learnt since the last turn, for the node's other
    /// shards: each is handed the latest as `viewChanged`.
    public var view: ControlView?
    /// What this shard has for the control core, where that is beside another: the first shard is
    /// handed each as `tidingCame`.
    public var tidings: [ControlTiding] = []
    /// Let clients in: comes once, when the node has found its peers, or has found out which of
    /// them are away. What clients asked before that might fail for want of peers that are there.
    public var isReady = false
    /// For the storage's threads; what comes of it are `logAnswered`, `readsAnswered` and
    /// `jobAnswered`.
    public var storage = StorageWork()
    /// When to hand in `ticked` next.
    public var wakeup = Instant.never

    /// Nothing to do.
    public init() {}

    /// Whether there is nothing that a shell is to do before the turn ends.
    ///
    /// Mutating, though it changes nothing: what is as large as this is copied to be read.
    public var isEmpty: Bool {
        mutating get {
            outbox.letters.isEmpty && outbox.answers.isEmpty && posts.isEmpty
                && linkChanges.isEmpty && replies.isEmpty && notes.isEmpty && view == nil
                && tidings.isEmpty
                && !isReady
        }
    }

    /// Forgets what has been carried out, and keeps the room.
    mutating func removeCarriedOut() {
        outbox.removeAll()
        posts.removeAll(keepingCapacity: true)
        linkChanges.removeAll(keepingCapacity: true)
        replies.removeAll(keepingCapacity: true)
        notes.removeAll(keepingCapacity: true)
        if view != nil { view = nil }
        tidings.removeAll(keepingCapacity: true)
        isReady = false
    }

    /// Forgets all of it, and keeps the room.
    mutating func removeAll() {
        removeCarriedOut()
        storage.removeAll()
    }

    mutating func note(_ note: NodeNote) { notes.append(note) }

    mutating func reply(_ reply: OperatorReply, to request: RequestID) {
        replies.append(Reply(request: request, reply: reply))
    }
}
