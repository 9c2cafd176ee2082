// What follows from a watermark: what comes is judged by it, and deleted and expired keys go.
internal import DequeModule
internal import MartletBase
public import MartletRing
public import MartletStorage
public import MartletVersions

/// A walk over the removable objects of one partition.
struct Sweep {
    var partition: UInt16
    var cursor: StorageKey?
    var ticket: ReadTicket?
}

extension AntiEntropy {
    /// How long a sweep rests between two pages.
    static let sweepPause = Duration.milliseconds(20)
    /// Pages read in one go where none shows anything to remove.
    private static let sweepLimit = 32
    /// Bytes of notes read at a time: each may cost a read of the object.
    private static let pageBytes = 16 << 10

    static let doubtsKey = StorageKey.state("doubts")

    /// Takes in up to where a partition is settled, from a proof, or from a home that has it and is
    /// known to hold no more than this one.
    mutating func adopt(
        _ watermark: HybridTimestamp, of partition: UInt16,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard times.advance(partition, to: watermark, in: engine) else { return }
        tellSettled(partition, into: &effects)
        if !sweeps.contains(partition) { sweeps.append(partition) }
    }

    /// Up to where `partition` is settled, as far as this node knows.
    public func watermark(of partition: Partition) -> HybridTimestamp {
        topology == nil ? HybridTimestamp(bits: 0) : times.watermark(partition.index)
    }

    /// Whether nothing is judged in `partition` since data was lost; true while no ring is known.
    public func isInDoubt(of partition: Partition) -> Bool {
        topology == nil || times.isDoubted(partition.index)
    }

    func tellSettled(_ partition: UInt16, into effects: inout [AntiEntropyEffect]) {
        effects.append(.settle(Partition(index: partition), upTo: times.trusted(partition)))
    }

    // MARK: Doubts

    /// The storage has lost data in `partitions`: until each was found equal to all other homes,
    /// what is absent here says nothing.
    public mutating func damageFound(
        in partitions: [UInt16], into effects: inout [AntiEntropyEffect]
    ) {
        for partition in partitions {
            guard let others = otherHomes(of: partition), !others.isEmpty else { continue }
            counters.marks.occurred(.damageDoubted)
            times.doubt(partition, until: others)
            proofs[partition] = nil
            tellSettled(partition, into: &effects)
        }
        // An answer to a root that was cut before is about what is lost by now.
        // any order: each is by itself.
        for round in cuts.keys { cuts[round]?.partitions.removeAll(where: partitions.contains) }
        saveDoubts()
    }

    mutating func saveDoubts() {
        var batch = WriteBatch()
        putDoubts(in: &batch)
        // A storage that refuses it takes nothing else either; the damage is found again.
        _ = try? engine.write(batch)
    }

    /// Has `batch` hold what is in doubt, where it is known what the node is a home of.
    public func putDoubts(in batch: inout WriteBatch) {
        if topology == nil { return }
        var writer = ByteWriter()
        for partition in owned where times.isDoubted(partition) { writer.write(partition) }
        batch.put(Self.doubtsKey, writer.take())
    }

    mutating func recallDoubts() {
        guard case .found(let bytes) = engine.get(Self.doubtsKey) else { return }
        var reader = ByteReader(bytes)
        while reader.remaining > 0, let partition = try? reader.readUInt16() {
            if let others = otherHomes(of: partition) { times.doubt(partition, until: others) }
        }
    }

    // MARK: Sweeping

    /// Whether there is a partition to sweep, and no read that its sweep waits for.
    var isSweeping: Bool {
        mayRemove && (sweep.map { $0.ticket == nil } ?? !sweeps.isEmpty)
    }

    /// Sweeps on until something was found, or it is enough at a time.
    mutating func sweepOn(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        guard now.instant >= nextSweep else { return }
        nextSweep = now.instant + Self.sweepPause
        if reading?.ticket == nil { readLeaves(at: now, into: &effects) }
        let before = effects.count
        for _ in 0..<Self.sweepLimit where isSweeping && effects.count == before {
            sweepPage(at: now, into: &effects)
        }
    }

    private mutating func sweepPage(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        if sweep == nil { sweep = sweeps.popFirst().map { Sweep(partition: $0) } }
        guard let current = sweep else { return }
        let outcome = engine.scan(
            .removable, partitions: current.partition...current.partition, after: current.cursor,
            limitBytes: Self.pageBytes, for: .sweep)
        switch outcome {
        case .page(let page): take(page, at: now, into: &effects)
        case .pending(let ticket): sweep?.ticket = ticket
        case .refused: break
        }
    }

    mutating func sweepRead(
        _ read: CompletedRead, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) {
        guard let ticket = sweep?.ticket, ticket == read.ticket else { return }
        sweep?.ticket = nil
        if case .page(let page) = read.result {
            take(page, at: now, into: &effects)
        } else {
            sweep = nil
        }
    }

    private mutating func take(
        _ page: ScanPage, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) {
        guard let partition = sweep?.partition else { return }
        guard mayRemove else {
            counters.marks.occurred(.sweepPutOff)
            sweep = nil
            return sweeps.append(partition)
        }
        let wall = now.wall.earlier(by: options.expirySlack + clockMargin)
        let due = page.entries.filter { isDue($0.value, in: partition, at: wall) }
        for entry in due {
            effects.append(
                .remove(entry.key.key, Partition(index: partition), absentSince: wall))
        }
        counters.marks.occurred(.sweepOfPages, if: page.next != nil)
        sweep = page.next.map { Sweep(partition: partition, cursor: $0) }
    }

    private func isDue(_ note: Bytes, in partition: UInt16, at wall: WallTime) -> Bool {
        guard let removable = Removable(note) else { return false }
        return removable.horizon <= times.trusted(partition) && removable.from <= wall
    }
}
