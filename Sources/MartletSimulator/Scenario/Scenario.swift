// What a simulation is to be: the cluster, its workload, its faults, and what must have occurred
// for the run to mean anything. Ranges are drawn per seed (see `Schedule`); nothing here is random.
package import MartletStorage

/// One simulation, as `Simulations/*.yaml` declares it.
package struct Scenario: Sendable {
    /// The name, for reports: that of its file, without the extension.
    package var name: String
    /// The text that it was read from, so that a case file is whole in itself.
    package internal(set) var text = ""
    /// What it is for, in a sentence or two.
    package var description = ""
    /// How many nodes the cluster has, 1 … 64.
    package var nodeCount = 3
    /// How many of them, the last, are of no ring until an operator has them join.
    package var spareCount = 0
    /// How many shards each node has, 1 … 8; where that is a range, most of them.
    package var shardCount = 1
    /// Over how many zones they are spread, 1 … `nodeCount`.
    package var zoneCount = 1
    /// N: home replicas of each partition.
    package var replicaCount = 3
    /// Q: partitions of the cluster. Few, so that a small run still has several keys in each.
    package var partitionCount = 64
    /// Those of the numbers that are ranges.
    var ranges: [Measure: ClosedRange<Int>] = [:]
    /// What the clients do.
    package var workload = WorkloadSettings()
    /// The share of the keys that are written before the workload begins.
    package var preload = 0.0
    /// How long clients and faults last.
    package var duration = Duration.seconds(20)
    /// The bound within which everything must have settled once all faults are over.
    package var settle = Duration.seconds(60)
    /// The share of the nodes that must serve and settle on their own once the unrest is over, the
    /// others staying away until they have; at 1 nobody stays away.
    package var core = 1.0...1.0
    /// How the network behaves throughout.
    package var network = NetworkSettings()
    /// How long a disk takes to sync.
    package var syncDelay = Duration.microseconds(100)...Duration.milliseconds(2)
    /// When logs are synced: one of these, drawn per seed, for all nodes.
    package var syncModes = [SyncChoice.everyWrite]
    /// How far the wall clocks of the nodes are apart.
    package var clockSkew = Duration.zero...Duration.zero
    /// How far the wall clock of one node, drawn, is from the others' from its first boot on.
    package var oddClock = Duration.zero...Duration.zero
    /// How much too quick the wall clocks of the nodes go, in millionths; too slow below 0.
    package var clockDrift = 0...0
    /// How many requests of clients a node has in flight at most; nil for the server's default.
    package var requestLimit: ClosedRange<Int>?
    /// The chance that a seed does without a whole class of trouble, drawn for each class.
    package var swarm = 0.0
    /// Whether nodes are set as the product is. Else each seed draws what must not matter to any
    /// promise, small enough that a short run sees flushes, many comparisons, and tombstones go.
    package var usesStandardSettings = false
    /// What goes wrong, and when.
    package var faults: [FaultSpecification] = []
    /// What must have occurred; where one has not, the run is vacuous.
    package var expects: [Occurrence] = []

    /// The scenario `name` with every setting at its default.
    package init(name: String) {
        self.name = name
    }
}

/// How the network behaves.
package struct NetworkSettings: Sendable {
    /// The least delay of a message; the others follow a Pareto tail above it.
    package var delay = Duration.microseconds(200)...Duration.microseconds(500)
    /// The chance that a packet is lost: a datagram for good, a message until it is sent again.
    package var loss = 0.0...0.0
    /// The chance that a datagram arrives twice.
    package var duplication = 0.0...0.0
    /// The chance, for each message, that its link breaks with it.
    package var breaks = 0.0...0.0
    /// Alpha of the delays' Pareto tail, 1.1 … 10: the lower, the heavier; nil for 2.
    package var tail: ClosedRange<Double>?
    /// The chance that a datagram is held back, so that later ones overtake it.
    package var reordering = 0.0...0.0
    /// The chance that bits of a datagram or message are flipped in flight, unseen by the
    /// checksums of IP and TCP.
    package var corruption = 0.0...0.0
}

/// A fault as a scenario declares it: what, when, for how long, how often.
package struct FaultSpecification: Sendable {
    /// What goes wrong.
    package enum Kind: Sendable {
        /// A node stops and starts again, with the loss of what it had not synced; nil draws how
        /// much that is.
        case crash(NodeChoice, MemoryDisk.CrashLoss?)
        /// Every node at once.
        case crashAll(MemoryDisk.CrashLoss?)
        /// Every node of one zone at once, drawn.
        case crashZone(MemoryDisk.CrashLoss?)
        /// Groups of nodes that cannot reach each other.
        case partition(Grouping)
        /// A node that nobody reaches, that reaches nobody, or both.
        case isolate(NodeChoice, IsolationDirection)
        /// Packets of the first node do not reach the second.
        case oneWay(from: NodeChoice, to: NodeChoice)
        /// Packets of the first node take so many times as long to the second.
        case slow(from: NodeChoice, to: NodeChoice, factor: ClosedRange<Int>)
        /// Links, so large a share of all, are clogged one after another and freed in another
        /// order, after "Swizzling" of FoundationDB's simulator. What is sent over a clogged link
        /// arrives when it is freed, in order.
        case swizzle(share: ClosedRange<Double>)
        /// Something else that befalls one node.
        case node(NodeFaultSpecification)
        /// Every client makes its requests so many times as often.
        case overload(factor: ClosedRange<Int>)
        /// An operator changes the ring.
        case ring(RingActSpecification)
    }

    /// What goes wrong.
    package var kind: Kind
    /// When it begins, from the start of the workload.
    package var at: ClosedRange<Duration>
    /// How long it lasts; it ends with the workload at the latest.
    package var lasting: ClosedRange<Duration>
    /// Where it comes and goes: how long packets are kept off and pass, in turn; nil when it stays.
    package var flapping: ClosedRange<Duration>?
    /// How many such faults there are, each drawn anew.
    package var count = 1...1
    /// The chance that a seed has any of them.
    package var chance = 1.0
    /// How many crashes follow each other, for a crash: each soon after the start before it.
    package var loops = 1...1
}

/// Which node a fault is for.
package enum NodeChoice: Hashable, Sendable {
    /// Drawn per seed.
    case any
    /// This one, counted from 1.
    case number(Int)
}

/// Which packets of an isolated node do not pass.
package enum IsolationDirection: String, Hashable, Sendable, CaseIterable {
    /// Those to it: it is heard and hears nothing.
    case inbound = "in"
    /// Those from it: it hears and is not heard.
    case outbound = "out"
    /// All.
    case both
}

/// How a partition groups the nodes.
package enum Grouping: Hashable, Sendable {
    /// Two groups of equal size, or one larger by one, drawn per seed.
    case halves
    /// Two groups of any size but none, drawn per seed.
    case random
    /// So many groups of equal size, or some larger by one, drawn per seed.
    case split(Int)
    /// The nodes of one zone, drawn per seed, and all others.
    case zone
    /// These, counted from 1; a node in none of them is cut off from all.
    case groups([[Int]])
}
