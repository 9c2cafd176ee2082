// What a shard does when its storage has lost data: it takes a new name for its writes. A context
// that covers an actor's dots up to a counter says that all of them were seen, and the node may no
// longer have what it wrote under the lower ones.
//
//     damage ─► no dot any more ─► next incarnation logged ─► synced ─► dots under it
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletHandover
internal import MartletReplication
internal import MartletStorage
internal import MartletVersions

/// An actor that is not yet durable, and has issued nothing.
struct ActorRenewal {
    var dots: DotSource
    /// Where the log holds it; nil while the storage refuses to take it.
    var position: LogPosition?
}

extension ShardCore {
    /// Takes in what the storage has found lost, and goes on with a renewal that is under way.
    /// Until the event in which the loss is told, what was lost reads as damaged; after it, as
    /// though it had never been: no dot may be issued in between.
    mutating func careForDamage(at now: Moment, into work: inout Work) {
        let damage = engine.takeDamage()
        if !damage.isEmpty {
            for range in damage { work.note(.storageDamaged(range)) }
            replication.damageFound(rangeCount: damage.count)
            let partitions = Set(damage.flatMap { $0.objectPartitions.map(Array.init) ?? [] })
            antiEntropy.damageFound(in: partitions.sorted(), into: &effects)
            handover.damageFound(in: partitions.sorted(), at: now, into: &handoverEffects)
            beginRenewal(at: now)
        }
        if renewal != nil { continueRenewal() }
    }

    /// An actor that has issued nothing has lost nothing: one that waits stays the next. When there
    /// is no incarnation left, the node names no write as a home for the rest of its life.
    private mutating func beginRenewal(at now: Moment) {
        guard renewal == nil else { return }
        let present = ActorRecord(replication.dots, of: node, counter: nil)
        do throws(NodeStateError) {
            renewal = ActorRenewal(
                dots: try NodeCore.nextDots(
                    of: replication.dots.actor.node, shard, after: present, at: now.wall))
        } catch { renewal = nil }
    }

    private mutating func continueRenewal() {
        guard var next = renewal else { return }
        if next.position == nil {
            var batch = WriteBatch()
            batch.put(ActorRecord(next.dots, of: node, counter: nil))
            // A storage that was full may have refused the doubts: they are durable no later than
            // that the damage was told.
            antiEntropy.putDoubts(in: &batch)
            engine.noteDamageTold(in: &batch)
            // Tried again with the next event: other homes coordinate meanwhile.
            next.position = try? engine.write(batch, isSynced: true)
            marks.occurred(.renewalRefused, if: next.position == nil)
        }
        renewal = next
        guard let position = next.position, engine.synced >= position else { return }
        marks.occurred(.actorRenewed)
        replication.actorRenewed(next.dots)
        renewal = nil
    }
}
