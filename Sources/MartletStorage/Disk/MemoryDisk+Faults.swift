// What goes wrong on a `MemoryDisk` while it has power: which reads, writes and syncs fail or lie,
// by the counters on the disk or by chance, and damage at rest.
public import MartletBase

extension MemoryDisk {
    /// Lets things go wrong by chance from here on, drawing from `random`; a chance of 0 draws
    /// nothing. Counters and explicit damage work beside it.
    public func inject(_ faults: DiskFaults, random: SeededRandom) {
        self.faults = faults
        faultRandom = random
    }

    /// Runs `body` on a disk that does nothing wrong by chance, for those who look on: what would
    /// have gone wrong goes wrong afterwards.
    public func withoutFaults<Value, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let injected = faults
        faults = DiskFaults()
        defer { faults = injected }
        return try body()
    }

    /// The names and lengths of the files that are not empty, by name: where damage can be done.
    public var damageableFiles: [(name: String, byteCount: Int)] {
        files.keys.sorted().compactMap { name in
            let count = files[name]?.count ?? 0
            return count > 0 ? (name, count) : nil
        }
    }

    /// Flips a bit (0...7) of the byte at `offset` of a file, at rest: in what is read, what is on
    /// the medium, and what is on its way there.
    public func flipBit(in name: String, at offset: Int, bit: Int) {
        let count = files[name]?.count ?? 0
        invariant(
            (0..<count).contains(offset) && (0..<8).contains(bit),
            "bit \(bit) of byte \(offset) of \(name), \(count) bytes")
        files[name]?.flip(bit: bit, at: offset)
    }

    /// Lets every read that touches `range` of a file fail with `.inputOutput`, at the first bad
    /// byte, until `makeReadable`; the damage follows the file through renamings and crashes.
    public func makeUnreadable(_ name: String, _ range: Range<Int>) {
        invariant(files[name] != nil, "no file \(name) to damage")
        files[name]?.unreadable.append(range)
    }

    /// Heals every unreadable range of a file.
    public func makeReadable(_ name: String) {
        files[name]?.unreadable = []
    }

    // MARK: What the next operation does

    /// Whether this read succeeds.
    func takeRead() -> Bool {
        readCount += 1
        return Self.countDown(&readsUntilFailure) && !draws(faults.readErrorChance)
    }

    /// Whether this sync succeeds.
    func takeSync() -> Bool {
        let succeeds = Self.countDown(&syncsUntilFailure) && !draws(faults.syncErrorChance)
        if succeeds { syncCount += 1 }
        return succeeds
    }

    /// What this write of `count` bytes does wrong.
    func takeWriteFault(count: Int) -> WriteFault? {
        writeCount += 1
        if !Self.countDown(&writesUntilFailure) { return writeFailure }
        if count == 0 { return nil }
        if draws(faults.writeErrorChance) {
            return .short(faultRandom.below(count), .inputOutput)
        }
        if draws(faults.noSpaceChance) { return .short(faultRandom.below(count), .noSpace) }
        if draws(faults.lostWriteChance) { return .lost }
        if draws(faults.misdirectedWriteChance) { return drawMisdirection() }
        if draws(faults.flippedBitChance) { return .flipped(bit: faultRandom.below(count * 8)) }
        return nil
    }

    private func draws(_ chance: Double) -> Bool {
        chance > 0 && faultRandom.chance(chance)
    }

    private func drawMisdirection() -> WriteFault {
        let names = files.keys.sorted()
        if names.isEmpty { return .lost }
        let name = names[faultRandom.below(names.count)]
        let sectors = (files[name]?.count ?? 0) / MemoryMedium.sectorBytes + 1
        return .misdirected(to: name, at: faultRandom.below(sectors) * MemoryMedium.sectorBytes)
    }

    /// Writes what fits into the file's length, if there is such a file.
    func misdirect(_ bytes: Bytes, to name: String, at offset: Int) {
        guard let medium = files[name], offset < medium.count else { return }
        medium.write(Bytes(bytes.prefix(medium.count - offset)), at: offset)
    }
}
