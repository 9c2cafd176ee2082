// How a node begins: as the one that its storage remembers, as a new one, or in the place of one
// whose disk is lost.
//
//     storage remembers a node     it is that node, under its actor or the next
//     it is empty                  a new node, with an identity drawn at random
//     it is empty, or was never    the node that lost its disk: its identity, a name for its
//     of a ring, and the node      writes drawn anew, its promise made again, every partition in
//     goes on in another's place   doubt
internal import MartletAntiEntropy
public import MartletBase
public import MartletStorage
internal import MartletRing
internal import MartletVersions

extension NodeCore {
    /// Takes up the node that `engines`, one a shard, remember, or makes one: with the identity
    /// that the configuration names, or else with one that the seed gives; `seed` must differ for
    /// every node ever started. The first of the cores has the node's control core.
    ///
    /// Writes who the node now is to the engines: the shell must sync the logs up to there, in
    /// every sync mode, that of the first shard last, before it hands in `started`, unless the disk
    /// is full and `mayStartUnsynced`. A loss of power that took a new actor back would leave the
    /// old one, clean stop and all, and the next life would issue its dots again.
    public static func open(
        _ configuration: NodeConfiguration, engines: [StorageEngine], seed: UInt64, at now: Moment
    ) throws(NodeStateError) -> [NodeCore] {
        let first = engines[0]
        let topology = try first.loadTopology()
        var stored = try first.loadIdentity()
        if let found = stored {
            try check(found, against: configuration, isOfRing: topology != nil)
            // One that was never of a ring holds nothing: it makes room.
            if let wanted = configuration.inPlaceOf, wanted != found.id { stored = nil }
        }
        try check(engines, stored, isOfRing: topology != nil)
        var drawn = SeededRandom(seed: seed, stream: "identity")
        let identity =
            stored
            ?? NodeIdentity(
                id: configuration.inPlaceOf ?? NodeID(rawValue: drawn.next()),
                clusterName: configuration.clusterName, name: configuration.name)
        var birth = Birth(
            identity: identity, isKnown: stored != nil,
            startsOver: stored == nil && configuration.inPlaceOf != nil,
            name: identity.id, topology: topology)
        if birth.startsOver { birth.name = NodeID(rawValue: drawn.next()) }
        var cores: [NodeCore] = []
        for (index, engine) in engines.enumerated() {
            let shard = Shard(index: index, of: engines.count)
            cores.append(
                try open(
                    configuration, shard, engine, birth, seed: seed &+ UInt64(index) << 48,
                    at: now))
        }
        return cores
    }

    /// A node of one shard.
    public static func open(
        _ configuration: NodeConfiguration, engine: StorageEngine, seed: UInt64, at now: Moment
    ) throws(NodeStateError) -> NodeCore {
        try open(configuration, engines: [engine], seed: seed, at: now)[0]
    }

    /// What all shards of a node begin with.
    private struct Birth {
        var identity: NodeIdentity
        /// Whether the storage remembers the node.
        var isKnown: Bool
        var startsOver: Bool
        /// Under which name a shard writes that remembers no other.
        var name: NodeID
        var topology: Topology?
    }

    private static func open(
        _ configuration: NodeConfiguration, _ shard: Shard, _ engine: StorageEngine,
        _ birth: Birth, seed: UInt64, at now: Moment
    ) throws(NodeStateError) -> NodeCore {
        var record = birth.startsOver ? nil : try engine.loadActor()
        // A clean stop says nothing of what was damaged since.
        if engine.hasUntoldDamage { record?.counter = nil }
        let dots = try nextDots(
            of: record?.name ?? birth.name, shard, after: record, at: now.wall)
        var batch = WriteBatch()
        if !birth.isKnown || shard.index > 0 { batch.put(birth.identity) }
        if shard.count > 1 { batch.put(shard) }
        batch.put(ActorRecord(dots, of: birth.identity.id, counter: nil))
        if birth.startsOver { AntiEntropy.startOver(at: now.wall, in: &batch) }
        do throws(WriteRefusal) { try engine.write(batch) } catch { throw .refused(error) }
        let ballots = try BallotState(
            engine, of: birth.identity.id, name: dots.actor.node)
        do throws(StorageError) {
            var core = try NodeCore(
                configuration, identity: birth.identity, shard, dots: dots,
                startsOver: birth.startsOver, isKnown: birth.isKnown, topology: birth.topology,
                ballots: ballots, engine: engine, seed: seed)
            core.shard.marks.occurred(.actorWentOn, if: record?.counter != nil)
            return core
        } catch { throw .uncounted(error) }
    }

    /// Whether the shards are all there, and of one node. The identity of the first is durable
    /// last: while it is missing, or no ring was ever known, the others hold nothing yet.
    private static func check(
        _ engines: [StorageEngine], _ identity: NodeIdentity?, isOfRing: Bool
    ) throws(NodeStateError) {
        for (index, engine) in engines.enumerated() {
            let shard = Shard(index: index, of: engines.count)
            let found = try engine.loadIdentity()
            let known = try engine.loadShard() ?? (found == nil ? shard : .only)
            if known != shard { throw .sharded(found: known.count, wanted: shard.count) }
            if identity == nil, try engine.loadTopology() != nil {
                throw .shardLost(Shard(index: 0, of: engines.count))
            }
            guard let identity else { continue }
            if let found, found != identity { throw .shardForeign(shard, found: found) }
            if found == nil, isOfRing { throw .shardLost(shard) }
        }
    }

    private static func check(
        _ stored: NodeIdentity, against configuration: NodeConfiguration, isOfRing: Bool
    ) throws(NodeStateError) {
        guard stored.clusterName == configuration.clusterName, stored.name == configuration.name
        else {
            throw .foreign(
                found: stored, clusterName: configuration.clusterName, name: configuration.name)
        }
        if let wanted = configuration.inPlaceOf, wanted != stored.id, isOfRing {
            throw .occupied(found: stored, wanted: wanted)
        }
    }

    /// The actor goes on where a clean stop left it; after any other end it is a new one. Its
    /// incarnation also keeps pace with the clock, so that a directory restored from a copy does
    /// not repeat incarnations that the node has used since; but not with one beyond the year
    /// 2106, which would use them all up. A copy taken between a clean stop and the next start is
    /// not told from the original: it goes on under the same actor, so it may be started only if
    /// the original was not.
    ///
    /// A node that starts over on an empty disk knows none of its incarnations, and the clock may
    /// be behind the last: restarts within a second are counted ahead of it. So its actors have
    /// another `name` from then on, drawn at random as a stand-in's is, and no clock is trusted.
    ///
    /// The shards of a node share its incarnations: each takes those that leave its own index as
    /// the remainder by their number.
    static func nextDots(
        of name: NodeID, _ shard: Shard, after record: ActorRecord?, at wall: WallTime
    ) throws(NodeStateError) -> DotSource {
        if let record, let counter = record.counter {
            return DotSource(
                actor: Actor(node: name, incarnation: record.incarnation), counter: counter)
        }
        let seconds = UInt32(exactly: wall.milliseconds / 1_000) ?? 0
        let (next, overflow) = (record?.incarnation ?? 0).addingReportingOverflow(1)
        let least = UInt64(max(next, seconds))
        let count = UInt64(shard.count)
        let step = (UInt64(shard.index) + count - least % count) % count
        guard !overflow, let incarnation = UInt32(exactly: least + step) else { throw .exhausted }
        return DotSource(actor: Actor(node: name, incarnation: incarnation))
    }
}
