// What MARTLET.STATUS says: one node's condition, and every number of it that the table of gauges
// reads.
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// One node's condition.
package struct StatusView: Codable, Hashable, Sendable {
    /// Counts since the node started.
    package struct Counters: Codable, Hashable, Sendable {
        /// Requests of clients, and those that other nodes forwarded.
        package var requests: UInt64
        /// Answers that were errors.
        package var failures: UInt64
        /// Requests handed on to a home replica.
        package var forwards: UInt64
        /// Replicas asked because another was slow.
        package var hedges: UInt64
        /// Writes that a fallback was asked to hold.
        package var standIns: UInt64
        /// Hints made here.
        package var hintsKept: UInt64
        /// Hints that their homes have acknowledged.
        package var hintsDelivered: UInt64
        /// Replicas that a read found to be behind and repaired.
        package var repairs: UInt64
        /// Ranges of keys of which the storage has found that what it held is lost.
        package var damagedRanges: UInt64
    }

    /// Hints that wait for their homes.
    package struct Hints: Codable, Hashable, Sendable {
        /// How many.
        package var count: Int
        /// Bytes that they take.
        package var bytes: Int
    }

    /// What is stored, how far the log is, and how the background fares.
    package struct Storage: Codable, Hashable, Sendable {
        /// Tables of one level.
        package struct Level: Codable, Hashable, Sendable {
            /// Its number.
            package var level: Int
            /// How many.
            package var tables: Int
            /// Bytes of their files.
            package var bytes: Int
        }

        /// Entries of every kind, about: one written again counts twice until it is merged.
        package var entries: Int
        /// Bytes of all memtables.
        package var memtableBytes: Int
        /// Levels that hold tables, from the top.
        package var levels: [Level]
        /// Blocks found in the cache since the start.
        package var cacheHits: UInt64
        /// Blocks not found there.
        package var cacheMisses: UInt64
        /// Bytes of the blocks in it.
        package var cacheBytes: Int
        /// Memtables written out since the start.
        package var flushes: UInt64
        /// Compactions since the start.
        package var compactions: UInt64
        /// Bytes of batches accepted since the start.
        package var acceptedBytes: UInt64
        /// Bytes written to tables since the start.
        package var tableBytesWritten: UInt64
        /// Bytes of tables that compactions have read since the start.
        package var compactionBytesRead: UInt64
        /// Tables read back whole since the start, to check them.
        package var scrubs: UInt64
        /// Blocks read from the disk since the start.
        package var blockReads: UInt64
        /// Blocks that did not read back since the start.
        package var damagedBlocks: UInt64
        /// Bytes written to tables for each byte accepted since the start.
        package var writeAmplification: Double
        /// Ranges of keys that were lost and not repaired since.
        package var damagedRanges: Int
        /// How far flushes and compactions are behind: 0 not at all, 1 where writes are refused.
        package var backlog: Double
        /// Batches accepted since the directory was made.
        package var appended: UInt64
        /// Batches that are durable.
        package var durable: UInt64
        /// Bytes that wait to become durable.
        package var pendingBytes: Int
        /// Bytes of the disk that are free; nil, like the next, where it does not say.
        package var freeBytes: UInt64?
        /// Bytes that are kept free of clients' values.
        package var reserveBytes: UInt64?
        /// Whether clients' values are refused to keep the reserve.
        package var refusesValues: Bool
        /// Why writes, or clients' values alone, are refused; nil while they are not.
        package var refusal: String?
    }

    /// Keys with a value of which the node holds a replica, those of partitions whose tree is being
    /// built left out; an expired value counts until it is removed.
    package struct Keys: Codable, Hashable, Sendable {
        /// All of them.
        package var held: Int
        /// Those whose value expires.
        package var expiring: Int
    }

    /// What came over the connections of clients.
    package struct Clients: Codable, Hashable, Sendable {
        /// Connections opened since the start.
        package var connections: UInt64
        /// Commands taken in since the start.
        package var commands: UInt64

        /// Counts of these.
        package init(connections: UInt64, commands: UInt64) {
            self.connections = connections
            self.commands = commands
        }
    }

    /// Another node, or this one, in short.
    package struct Member: Codable, Hashable, Sendable {
        /// Its identity.
        package var id: String
        /// Its name.
        package var name: String
        /// `alive`, `suspect` or `unreachable`.
        package var state: String
        /// Whether this node can send to it now.
        package var reachable: Bool
        /// Whether the ring names it.
        package var inRing: Bool
        /// By how many milliseconds its wall clock is ahead of the time that this node goes by,
        /// behind below 0; nil where it has not been read.
        package var clockAhead: Int64?
    }

    /// How the node's wall clock compares with the others'.
    package struct Clock: Codable, Hashable, Sendable {
        /// `agreed`, `odd`, `alone` (no other could be read) or `leapt` (just now, and alone).
        package var standing: String
        /// By how many milliseconds it is ahead of the time that the node goes by.
        package var ahead: Int64
        /// How many clocks of others it was compared with lately.
        package var comparedWith: Int
    }

    /// A fact about the process.
    package struct Fact: Codable, Hashable, Sendable {
        /// What it is.
        package var name: String
        /// What it comes to.
        package var value: String
    }

    /// The node's name.
    package var node: String
    /// Its identity.
    package var id: String
    /// The cluster's name.
    package var cluster: String
    /// Under which actors it writes, one for each of its shards: `node/incarnation`.
    package var actors: [String]
    /// The epoch of its ring; 0 when it has none.
    package var epoch: UInt64
    /// Whether it has a ring and can send to every node that the ring names.
    package var ready: Bool
    /// What replication has done.
    package var counters: Counters
    /// Hints kept for others.
    package var hints: Hints
    /// Requests coordinated here and not finished.
    package var operationsInFlight: Int
    /// Its wall clock.
    package var clock: Clock
    /// Its storage.
    package var storage: Storage
    /// Its keys.
    package var keys: Keys
    /// Its clients; nil where nobody counts them.
    package var clients: Clients?
    /// What anti-entropy has done.
    package var antiEntropy: RepairView
    /// The watermarks of its home partitions.
    package var settled: SettledView
    /// Everyone it knows, by name.
    package var members: [Member]
    /// Facts about the process, in the node's order.
    package var process: [Fact]
}

// MARK: From a core

extension StatusView {
    /// The condition of the shard that `core` is; what its process comes to is not known here.
    init(_ core: NodeCore, settled: SettledView, clients: Clients?, at now: Moment) {
        let topology = core.topology
        let counters = core.counters
        let engine = core.engine
        node = core.identity.name
        id = core.identity.id.description
        cluster = core.identity.clusterName
        actors = [core.dots.actor.description]
        epoch = topology?.epoch ?? 0
        ready = topology?.members.allSatisfy { core.isReachable($0.id) } ?? false
        self.counters = Counters(
            requests: counters.requests, failures: counters.failures, forwards: counters.forwards,
            hedges: counters.hedges, standIns: counters.standIns, hintsKept: counters.hintsKept,
            hintsDelivered: counters.hintsDelivered, repairs: counters.repairs,
            damagedRanges: counters.damagedRanges)
        hints = Hints(count: core.pendingHints.count, bytes: core.pendingHints.bytes)
        operationsInFlight = core.operationsInFlight
        clock = Clock(core)
        storage = Storage(engine)
        keys = Keys(held: engine.objectCounts.held, expiring: engine.objectCounts.mortal)
        self.clients = clients
        antiEntropy = RepairView(core)
        self.settled = settled
        members = core.members.map {
            Member(
                id: $0.id.description, name: $0.name, state: "\($0.state)",
                reachable: core.isReachable($0.id), inRing: topology?.member($0.id) != nil,
                clockAhead: core.clocks.ahead(of: $0.id))
        }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        process = []
    }
}

extension StatusView.Clock {
    /// The wall clock of the node that `core` is.
    init(_ core: NodeCore) {
        switch core.clocks.standing {
        case .agreed: standing = "agreed"
        case .odd: standing = "odd"
        case .alone: standing = "alone"
        case .leapt: standing = "leapt"
        }
        ahead = core.clocks.ownAhead
        comparedWith = core.clocks.readingCount
    }
}

extension StatusView.Storage {
    fileprivate init(_ engine: StorageEngine) {
        let counters = engine.counters
        entries = engine.entryEstimate
        memtableBytes = engine.memtableBytes
        levels = engine.levelSizes.enumerated().filter { $1.tables > 0 }.map {
            Level(level: $0, tables: $1.tables, bytes: $1.fileBytes)
        }
        cacheHits = counters.cacheHits
        cacheMisses = counters.cacheMisses
        cacheBytes = engine.cachedBytes
        flushes = counters.flushes
        compactions = counters.compactions
        acceptedBytes = counters.acceptedBytes
        tableBytesWritten = counters.flushedBytes + counters.compactionWrittenBytes
        compactionBytesRead = counters.compactionReadBytes
        scrubs = counters.scrubs
        blockReads = counters.blockReads
        damagedBlocks = counters.damagedBlocks
        writeAmplification = counters.writeAmplification
        damagedRanges = engine.damagedRanges.count
        backlog = engine.backlog
        appended = engine.appended.rawValue
        durable = engine.durable.rawValue
        pendingBytes = engine.pendingBytes
        freeBytes = engine.space?.freeBytes
        reserveBytes = engine.space.map { _ in engine.reserveBytes }
        refusesValues = engine.reserveRefusal != nil
        refusal = (engine.refusal ?? engine.reserveRefusal)?.description
    }
}
