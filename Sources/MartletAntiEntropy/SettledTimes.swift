// Up to where each partition is settled, as this node knows it, and what keeps it from judging by
// that: watermarks and doubts, and how both are written down.
//
//     proven or told ─► watermark logged ─► judged by, unless in doubt
//     data lost ─► in doubt, judged by nothing ─► found equal to every other home ─► judged by
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// The watermarks of this node's home partitions.
struct SettledTimes {
    private struct Standing {
        var watermark = HybridTimestamp(bits: 0)
        /// Homes with which the partition must be found equal before the node may judge by its
        /// watermark again: it has lost data, and cannot tell that from what was removed.
        var doubted: [NodeID] = []
        /// Homes with which it was found equal since the start.
        var equalled: [NodeID] = []
        /// When it was last compared with another home, and found equal.
        var comparedAt: Instant?
        var equalAt: Instant?
    }

    /// By partition; empty while no ring is known.
    private var standings: [Standing] = []
    private(set) var marks = Marks<AntiEntropyMark>()

    /// Goes by what the storage remembers of the partitions of which the homes are others now, and
    /// forgets what it remembers of those that are not the node's any more. One in doubt is found
    /// equal to all who are its homes now before it is judged by.
    mutating func topologyChanged(_ here: Standpoint) {
        let count = here.topology?.partitionCount.value ?? 0
        let isFirst = standings.count != count
        if isFirst { standings = Array(repeating: Standing(), count: count) }
        var batch = WriteBatch()
        for partition in here.changed {
            let wasDoubted = isDoubted(partition)
            var standing = Standing()
            if case .found(let bytes) = here.engine.get(Self.key(partition)) {
                if here.owns(partition) {
                    standing.watermark = Self.decode(bytes)
                } else if !here.isFilling(partition) {
                    Self.putForgotten(partition, in: &batch)
                }
            }
            standings[Int(partition)] = standing
            if wasDoubted { doubt(partition, here) }
        }
        if isFirst {
            recallDoubts(here)
            recallLoss(here)
        }
        // What a storage that refuses it goes on to remember is forgotten when it is asked again.
        if !batch.isEmpty { _ = try? here.engine.write(batch) }
    }

    // MARK: Watermarks

    /// Up to where `partition` is settled.
    func watermark(_ partition: UInt16) -> HybridTimestamp { standings[Int(partition)].watermark }

    /// Up to where the node may judge what it is sent.
    func trusted(_ partition: UInt16) -> HybridTimestamp {
        let standing = standings[Int(partition)]
        return standing.doubted.isEmpty ? standing.watermark : HybridTimestamp(bits: 0)
    }

    /// Takes in up to where a partition is settled, from a proof, or from a home that has it and is
    /// known to hold no more than this one. False where that is no news.
    mutating func adopt(
        _ watermark: HybridTimestamp, of partition: UInt16, in engine: StorageEngine,
        into effects: inout [AntiEntropyEffect]
    ) -> Bool {
        guard advance(partition, to: watermark, in: engine) else { return false }
        tell(partition, into: &effects)
        return true
    }

    /// Writes down a watermark that is to be gone by once the partition is filled.
    func learn(_ watermark: HybridTimestamp, of partition: UInt16, _ here: Standpoint) {
        guard here.isFilling(partition), watermark.bits > 0 else { return }
        if case .found(let bytes) = here.engine.get(Self.key(partition)),
            Self.decode(bytes) >= watermark
        {
            return
        }
        var batch = WriteBatch()
        Self.put(watermark, of: partition, in: &batch)
        // A storage that refuses it leaves it to be learnt when the partition was found equal.
        _ = try? here.engine.write(batch)
    }

    /// Moves a watermark up, once `engine` has it in its log: there it stands before whatever it
    /// lets go. False when it stands there already, or the storage takes no writes: one that is
    /// behind would take this, and never catch up for it.
    private mutating func advance(
        _ partition: UInt16, to watermark: HybridTimestamp, in engine: StorageEngine
    ) -> Bool {
        guard watermark > standings[Int(partition)].watermark, engine.refusal == nil else {
            return false
        }
        var batch = WriteBatch()
        Self.put(watermark, of: partition, in: &batch)
        do throws(WriteRefusal) { try engine.write(batch) } catch { return false }
        standings[Int(partition)].watermark = watermark
        return true
    }

    /// Has what comes for `partition` judged by what is known of it now.
    func tell(_ partition: UInt16, into effects: inout [AntiEntropyEffect]) {
        effects.append(.settle(Partition(index: partition), upTo: trusted(partition)))
    }

    // MARK: Comparisons

    /// Whether the partition was the same as at `node`, once since the start.
    func hasEqualled(_ partition: UInt16, at node: NodeID) -> Bool {
        standings[Int(partition)].equalled.contains(node)
    }

    func comparedAt(_ partition: UInt16) -> Instant? { standings[Int(partition)].comparedAt }
    func equalAt(_ partition: UInt16) -> Instant? { standings[Int(partition)].equalAt }

    /// The partition was compared with that of `node`, which may end a doubt.
    mutating func compared(
        _ partition: UInt16, with node: NodeID, isEqual: Bool, _ here: Standpoint, at now: Instant,
        into effects: inout [AntiEntropyEffect]
    ) {
        let index = Int(partition)
        standings[index].comparedAt = now
        guard isEqual else { return }
        standings[index].equalAt = now
        if !hasEqualled(partition, at: node) { standings[index].equalled.append(node) }
        guard isDoubted(partition) else { return }
        standings[index].doubted.removeAll { $0 == node }
        if isDoubted(partition) { return }
        marks.occurred(.doubtEnded)
        saveDoubts(here)
        tell(partition, into: &effects)
    }

    // MARK: Doubts

    func isDoubted(_ partition: UInt16) -> Bool { !standings[Int(partition)].doubted.isEmpty }

    /// The storage has lost data in `partitions`: until each was found equal to all other homes,
    /// what is absent here says nothing. Returns those that other homes have too.
    mutating func damageFound(
        in partitions: [UInt16], _ here: Standpoint, into effects: inout [AntiEntropyEffect]
    ) -> [UInt16] {
        let shared = partitions.filter { here.otherHomes(of: $0)?.isEmpty == false }
        for partition in shared {
            marks.occurred(.damageDoubted)
            doubt(partition, here)
            tell(partition, into: &effects)
        }
        saveDoubts(here)
        return shared
    }

    private mutating func doubt(_ partition: UInt16, _ here: Standpoint) {
        if let others = here.otherHomes(of: partition) {
            standings[Int(partition)].doubted = others
        }
    }

    private func saveDoubts(_ here: Standpoint) {
        var batch = WriteBatch()
        putDoubts(here, in: &batch)
        // A storage that refuses it takes nothing else either; the damage is found again.
        _ = try? here.engine.write(batch)
    }

    /// Has `batch` hold what is in doubt, where it is known what the node is a home of.
    func putDoubts(_ here: Standpoint, in batch: inout WriteBatch) {
        if here.topology == nil { return }
        Self.put(doubts: here.owned.filter(isDoubted), in: &batch)
    }

    private mutating func recallDoubts(_ here: Standpoint) {
        guard case .found(let bytes) = here.engine.get(Self.doubtsKey) else { return }
        var reader = ByteReader(bytes)
        while reader.remaining > 0, let partition = try? reader.readUInt16() {
            doubt(partition, here)
        }
    }

    // MARK: A lost disk

    /// Has `batch` say that the disk was lost, and everything with it.
    static func putLoss(in batch: inout WriteBatch) { batch.put(lostKey, Bytes()) }

    /// Doubts all partitions, now that it is known which they are, if the disk was lost; until that
    /// is written down as any doubt is, it is begun with again at every start.
    private mutating func recallLoss(_ here: Standpoint) {
        guard case .found = here.engine.get(Self.lostKey) else { return }
        marks.occurred(.lossRecalled)
        for partition in here.owned { doubt(partition, here) }
        var batch = WriteBatch()
        putDoubts(here, in: &batch)
        batch.delete(Self.lostKey)
        // A storage that refuses it leaves the loss to be recalled again.
        _ = try? here.engine.write(batch)
    }

    // MARK: What is stored

    /// Has `batch` hold the watermark of a partition.
    static func put(
        _ watermark: HybridTimestamp, of partition: UInt16, in batch: inout WriteBatch
    ) {
        var writer = ByteWriter(capacity: 8)
        writer.write(watermark.bits)
        batch.put(key(partition), writer.take())
    }

    /// Has `batch` forget the watermark of a partition.
    static func putForgotten(_ partition: UInt16, in batch: inout WriteBatch) {
        batch.delete(key(partition))
    }

    /// Has `batch` hold which partitions are in doubt, and no others.
    static func put(doubts partitions: [UInt16], in batch: inout WriteBatch) {
        var writer = ByteWriter()
        for partition in partitions { writer.write(partition) }
        batch.put(doubtsKey, writer.take())
    }

    static let doubtsKey = StorageKey.state("doubts")
    static let lostKey = StorageKey.state("lost-disk")
    private static let keyFront = "watermark-"

    private static func key(_ partition: UInt16) -> StorageKey { .state("\(keyFront)\(partition)") }

    /// Of which partition the entry of that name is the watermark; nil where it is none.
    static func partition(of name: Bytes) -> UInt16? {
        let text = name.text
        return text.hasPrefix(keyFront) ? UInt16(text.dropFirst(keyFront.count)) : nil
    }

    static func decode(_ bytes: Bytes) -> HybridTimestamp {
        var reader = ByteReader(bytes)
        return HybridTimestamp(bits: (try? reader.readUInt64()) ?? 0)
    }

    func checkInvariants(_ here: Standpoint) {
        let count = here.topology?.partitionCount.value ?? 0
        invariant(standings.count == count, "\(standings.count) of \(count) partitions")
        for partition in here.owned {
            let standing = standings[Int(partition)]
            let others = here.otherHomes(of: partition) ?? []
            invariant(
                standing.doubted.allSatisfy(others.contains),
                "\(partition) waits for \(standing.doubted), homes are \(others)")
            invariant(
                (standing.equalAt ?? .start) <= (standing.comparedAt ?? .start),
                "\(partition) was equal without a comparison")
        }
    }
}
