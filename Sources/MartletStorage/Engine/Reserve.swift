// What of the disk is kept free of clients' values: a disk that is full to the last byte takes no
// delete, and no compaction that would make room.
internal import MartletBase

/// How much room there is, and whether it is too little.
struct Reserve {
    /// As last measured; nil while that has not succeeded.
    private(set) var space: DiskSpace?
    /// Whether clients' values are refused.
    private(set) var isHeld = false
    private let share: Double

    init(share: Double) {
        self.share = share
    }

    /// Bytes to be kept free.
    var bytes: UInt64 { UInt64(Double(space?.totalBytes ?? 0) * share) }

    /// Takes in what was measured. Once held, the reserve is let go when a quarter more than it is
    /// free, so that what a moment frees does not flap.
    mutating func measured(_ space: DiskSpace) {
        self.space = space
        let needed = isHeld ? bytes + bytes / 4 : bytes
        isHeld = space.freeBytes < needed
    }
}

extension StorageEngine {
    /// How much room the disk has, as last measured.
    public var space: DiskSpace? { reserve.space }

    /// Bytes of the disk that are kept free of clients' values.
    public var reserveBytes: UInt64 { reserve.bytes }

    /// Why clients' values are refused for want of space; nil while they are not. `write` itself
    /// takes them: who it is that writes its caller knows.
    public var reserveRefusal: WriteRefusal? {
        guard reserve.isHeld, let space = reserve.space else { return nil }
        return .reserved(freeBytes: space.freeBytes, reserveBytes: reserve.bytes)
    }

    /// Has the room on the disk measured as soon as the worker comes to it.
    public func measure() { jobs.isMeasureDue = true }
}
