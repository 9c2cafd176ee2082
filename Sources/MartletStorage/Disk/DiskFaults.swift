// What a simulated disk can do wrong, on demand or by chance. Crashes are apart: see `MemoryDisk`.

/// What a write does instead of its duty.
public enum WriteFault: Hashable, Sendable {
    /// Writes the first bytes, at most so many, and fails with the cause.
    case short(Int, DiskError.Cause)
    /// Reports success and writes nothing: the file grows as it should, but holds what the medium
    /// held, or zeros.
    case lost
    /// Reports success and writes to another offset or file what fits into that one's length: the
    /// device knows no lengths. The file meant grows as with `lost`.
    case misdirected(to: String, at: Int)
    /// Reports success and writes everything, with one bit of the run wrong: bit `n & 7` of its
    /// byte `n / 8`.
    case flipped(bit: Int)
}

/// How often a simulated disk does each thing wrong, as probabilities for each operation. All are
/// 0 by default; a simulation draws some of them per seed and leaves the others at 0.
public struct DiskFaults: Hashable, Sendable {
    /// A read fails with `.inputOutput`.
    public var readErrorChance = 0.0
    /// A write takes a random first part and fails with `.inputOutput`.
    public var writeErrorChance = 0.0
    /// A write takes a random first part and fails with `.noSpace`.
    public var noSpaceChance = 0.0
    /// A sync, of a file or the directory, fails and forgets what it should have made durable.
    public var syncErrorChance = 0.0
    /// A write is reported and never done.
    public var lostWriteChance = 0.0
    /// A write is reported and done at a random sector of a random file.
    public var misdirectedWriteChance = 0.0
    /// A write is done with a random bit of it wrong.
    public var flippedBitChance = 0.0

    /// A disk without faults.
    public init() {}
}
