// Between hand-over and replication, which know nothing of each other: what the one fetches, the
// other merges into what is held.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletHandover
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletWire

extension ShardCore {
    mutating func received(
        _ message: HandoverMessage, from sender: Peer, at now: Moment, into work: inout Work
    ) {
        if isStopping { return }
        if case .pull(let pull) = message, antiEntropy.isInDoubt(of: pull.partition) {
            marks.occurred(.pullInDoubt)
            let refusal = HandoverRefusal(
                number: pull.number, partition: pull.partition, reason: .notHeld)
            return work.outbox.send(.handover(.refused(refusal)), to: sender)
        }
        if case .chunk(let chunk) = message {
            antiEntropy.learn(chunk.watermark, of: chunk.partition)
        }
        handover.messageReceived(message, from: sender, at: now, into: &handoverEffects)
    }

    /// Acts on what has come of hand-over, and on what comes of that.
    mutating func drainHandover(at now: Moment, into work: inout Work) {
        tellMerged(at: now)
        while !handoverEffects.isEmpty {
            let effects = handoverEffects
            handoverEffects.removeAll(keepingCapacity: true)
            for effect in effects {
                switch effect {
                case .send(.chunk(var chunk), let peer):
                    chunk.watermark = antiEntropy.trustedWatermark(of: chunk.partition)
                    work.outbox.send(.handover(.chunk(chunk)), to: peer)
                case .send(let message, let peer):
                    work.outbox.send(.handover(message), to: peer)
                case .merge(let entries, let partition, let number):
                    replication.takeOver(
                        entries, in: partition, under: number, at: now, into: &work.outbox)
                case .drop(let partition): drop(partition, at: now)
                case .filled: mayHaveReport = true
                }
            }
            tellMerged(at: now)
        }
    }

    private mutating func tellMerged(at now: Moment) {
        for outcome in replication.takenOver() {
            handover.merged(
                outcome.number, isComplete: outcome.isComplete, at: now, into: &handoverEffects)
        }
    }

    /// Lets go of all that is held of a partition, which every home of it holds too: objects, what
    /// is noted of them, and up to where they were settled. Hints stay. A storage that refuses is
    /// asked again; so is this, until the node cannot come back as the home that it was.
    private mutating func drop(_ partition: Partition, at now: Moment) {
        guard isRingSafe else { return marks.occurred(.dropPutOff) }
        var batch = WriteBatch()
        batch.drop(.objects, partition: partition.index)
        batch.drop(.removable, partition: partition.index)
        antiEntropy.putForgotten(partition, in: &batch)
        guard (try? engine.write(batch)) != nil else { return marks.occurred(.dropRefused) }
        marks.occurred(.partitionDropped)
        handover.dropped(at: now, into: &handoverEffects)
        closePartitions()
    }

    /// Has replication take nothing of partitions of which the node is about to drop what it holds.
    mutating func closePartitions() {
        guard let topology else { return }
        replication.closed = topology.moves.lazy.map(\.partition).filter(handover.isClearing)
    }

    /// How far the shard has come with what a change of the ring asks of it, where that has changed
    /// since the control core was told last.
    mutating func takeReport() -> MoveReport? {
        guard mayHaveReport || isLeaving else { return nil }
        mayHaveReport = false
        let report = MoveReport(
            fills: handover.filled.map {
                PartitionFill(partition: $0.partition.index, since: $0.since)
            },
            isDrained: isLeaving && isDrained)
        if report == toldReport { return nil }
        toldReport = report
        return report
    }

    /// Whether nothing is held here that others are to have, and nothing under way that may be.
    private var isDrained: Bool {
        replication.pendingHints.count == 0 && replication.operationsInFlight == 0
            && handover.leftovers.isEmpty
    }
}
