// What nodes say to each other to move partitions: who is to be filled asks, who holds something
// answers. Who handles it is MartletHandover.
public import MartletBase
public import MartletVersions

/// Where a pass over a partition is: everything before it, in the order of the storage, is through.
public struct HandoverCursor: Hashable, Sendable {
    /// The hash of a key.
    public var hash: UInt64
    /// The last key of that hash that is through; nil where none is.
    public var key: Bytes?

    /// Behind `key`, of that hash; before all keys of the hash where there is none.
    public init(hash: UInt64, key: Bytes? = nil) {
        self.hash = hash
        self.key = key
    }
}

/// Asks for what the receiver holds in a run of leaves and the sender does not.
public struct HandoverPull: Hashable, Sendable {
    /// No run is longer.
    public static let leafLimit = 64

    /// What the sender holds of a stretch of the run, object by object.
    public struct Held: Hashable, Sendable {
        /// No more are told at a time.
        public static let digestLimit = 4_096

        /// The last hash of the stretch, which begins where the run is through.
        public var until: UInt64
        /// The digests of what it holds there, in any order: none of it is sent.
        public var digests: [UInt64]

        /// What is held up to the hash `until`.
        public init(until: UInt64, digests: [UInt64]) {
            self.until = until
            self.digests = digests
        }
    }

    /// Pairs the answer with this message.
    public var number: UInt64
    /// The partition.
    public var partition: UInt16
    /// The receiver must know this ring or a newer one before it answers from what it holds.
    public var epoch: UInt64
    /// Of which depth the leaves are.
    public var depth: UInt8
    /// The first of them.
    public var first: UInt16
    /// What the sender's tree says of them: what is the same there is not sent.
    public var leaves: [UInt64]
    /// What lies before it in the run is through; nil where the run is to be begun.
    public var after: HandoverCursor?
    /// What is held of the next stretch, where the receiver has asked for it: the answer is of
    /// that stretch alone.
    public var held: Held?
    /// About how many bytes of objects the answer may hold.
    public var limitBytes: UInt32

    /// A question about the run of leaves from `first` on.
    public init(
        number: UInt64, partition: UInt16, epoch: UInt64, depth: UInt8, first: UInt16,
        leaves: [UInt64], after: HandoverCursor?, held: Held? = nil, limitBytes: UInt32
    ) {
        self.number = number
        self.partition = partition
        self.epoch = epoch
        self.depth = depth
        self.first = first
        self.leaves = leaves
        self.after = after
        self.held = held
        self.limitBytes = limitBytes
    }
}

/// Objects of one run of leaves.
public struct HandoverChunk: Hashable, Sendable {
    /// That of the pull.
    public var number: UInt64
    /// The partition.
    public var partition: UInt16
    /// The objects, compressed and checked; empty where there are none.
    public var payload: Bytes
    /// Up to where the run is through; nil where all of it is.
    public var next: HandoverCursor?
    /// The hash up to which, from `next` on, the other node is to say what it holds: it holds
    /// something there, and not the same.
    public var wanted: UInt64?
    /// Up to where the sender knows the partition to be settled, as a home that may trust what it
    /// holds; the beginning of time where it is none.
    public var watermark: HybridTimestamp

    /// The answer to the pull `number`.
    public init(
        number: UInt64, partition: UInt16, payload: Bytes, next: HandoverCursor?,
        wanted: UInt64? = nil, watermark: HybridTimestamp = HybridTimestamp(bits: 0)
    ) {
        self.watermark = watermark
        self.number = number
        self.partition = partition
        self.payload = payload
        self.next = next
        self.wanted = wanted
    }
}

/// Why a pull is not answered.
public struct HandoverRefusal: Hashable, Sendable {
    /// What stands against it.
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// The receiver does not know the ring of the pull yet.
        case behind = 0
        /// It cannot tell what it holds: some of it was lost, or it does not serve the partition.
        case notHeld
        /// It answers as many as it may already.
        case busy
    }

    /// That of the pull.
    public var number: UInt64
    /// The partition.
    public var partition: UInt16
    /// Why.
    public var reason: Reason

    /// The refusal of the pull `number`.
    public init(number: UInt64, partition: UInt16, reason: Reason) {
        self.number = number
        self.partition = partition
        self.reason = reason
    }
}

/// What the sender holds and is to be rid of: the receiver is to pull it.
public struct HandoverLeftover: Hashable, Sendable {
    /// One partition.
    public struct Entry: Hashable, Sendable {
        /// The partition.
        public var partition: UInt16
        /// The root of the sender's tree: which state of it is meant.
        public var root: UInt64

        /// What `partition` holds where its root is so.
        public init(partition: UInt16, root: UInt64) {
            self.partition = partition
            self.root = root
        }
    }

    /// Under which ring the sender holds them for nobody.
    public var epoch: UInt64
    /// The partitions, ascending.
    public var entries: [Entry]

    /// What is left over in `epoch`.
    public init(epoch: UInt64, entries: [Entry]) {
        self.epoch = epoch
        self.entries = entries
    }
}

/// All of a leftover is held by the sender, and synced.
public struct HandoverTaken: Hashable, Sendable {
    /// The ring of which the sender is a home.
    public var epoch: UInt64
    /// The partition.
    public var partition: UInt16
    /// That of the leftover.
    public var root: UInt64

    /// That `partition` was taken, as it was under `root`.
    public init(epoch: UInt64, partition: UInt16, root: UInt64) {
        self.epoch = epoch
        self.partition = partition
        self.root = root
    }
}

/// One message of hand-over.
public enum HandoverMessage: Hashable, Sendable {
    /// Send what differs.
    case pull(HandoverPull)
    /// Some of what differs.
    case chunk(HandoverChunk)
    /// Nothing is sent.
    case refused(HandoverRefusal)
    /// Pull this.
    case leftover(HandoverLeftover)
    /// Pulled.
    case taken(HandoverTaken)
}
