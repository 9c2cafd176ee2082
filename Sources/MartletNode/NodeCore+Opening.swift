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
internal import MartletVersions

extension NodeCore {
    /// Takes up the node that `engine` remembers, or makes one: with the identity that the
    /// configuration names, or else with one that the seed gives; `seed` must differ for every node
    /// ever started.
    ///
    /// Writes who the node now is to the engine: the shell must sync the log up to there, in every
    /// sync mode, before it hands in `started`, unless the disk is full and `mayStartUnsynced`. A
    /// loss of power that took the new actor back would leave the old one, clean stop and all, and
    /// the next life would issue its dots again.
    public static func open(
        _ configuration: NodeConfiguration, engine: StorageEngine, seed: UInt64, at now: Moment
    ) throws(NodeStateError) -> NodeCore {
        let topology = try engine.loadTopology()
        var stored = try engine.loadIdentity()
        if let found = stored {
            try check(found, against: configuration, isOfRing: topology != nil)
            // One that was never of a ring holds nothing: it makes room.
            if let wanted = configuration.inPlaceOf, wanted != found.id { stored = nil }
        }
        var drawn = SeededRandom(seed: seed, stream: "identity")
        let identity =
            stored
            ?? NodeIdentity(
                id: configuration.inPlaceOf ?? NodeID(rawValue: drawn.next()),
                clusterName: configuration.clusterName, name: configuration.name)
        let startsOver = stored == nil && configuration.inPlaceOf != nil
        var record = startsOver ? nil : try engine.loadActor()
        // A clean stop says nothing of what was damaged since.
        if engine.hasUntoldDamage { record?.counter = nil }
        let name = startsOver ? NodeID(rawValue: drawn.next()) : record?.name ?? identity.id
        let dots = try nextDots(of: name, after: record, at: now.wall)
        var batch = WriteBatch()
        if stored == nil { batch.put(identity) }
        batch.put(ActorRecord(dots, of: identity.id, counter: nil))
        if startsOver { AntiEntropy.startOver(at: now.wall, in: &batch) }
        do throws(WriteRefusal) { try engine.write(batch) } catch { throw .refused(error) }
        do throws(StorageError) {
            var core = try NodeCore(
                configuration, identity: identity, dots: dots, startsOver: startsOver,
                isKnown: stored != nil, topology: topology, engine: engine, seed: seed)
            core.shard.marks.occurred(.actorWentOn, if: record?.counter != nil)
            return core
        } catch { throw .uncounted(error) }
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
    static func nextDots(
        of name: NodeID, after record: ActorRecord?, at wall: WallTime
    ) throws(NodeStateError) -> DotSource {
        if let record, let counter = record.counter {
            return DotSource(
                actor: Actor(node: name, incarnation: record.incarnation), counter: counter)
        }
        let seconds = UInt32(exactly: wall.milliseconds / 1_000) ?? 0
        let (next, overflow) = (record?.incarnation ?? 0).addingReportingOverflow(1)
        if overflow { throw .exhausted }
        return DotSource(actor: Actor(node: name, incarnation: max(next, seconds)))
    }
}
