// Everything as it was at one moment, for as long as somebody looks at it.
internal import MartletBase

/// A snapshot of the engine, confined to its loop. It costs nothing to take; while it lives, the
/// memtables and tables that it shows are kept.
public final class StorageSnapshot {
    let view: StorageView
    // Not weak: that would slow down every retain of the engine, which each turn has many of.
    private let engine: StorageEngine

    fileprivate init(_ view: StorageView, of engine: StorageEngine) {
        self.view = view
        self.engine = engine
        engine.snapshotCount += 1
    }

    deinit { engine.snapshotCount -= 1 }
}

extension StorageEngine {
    /// The present, kept as it is until the last reference to it goes; nil where
    /// `StorageOptions.snapshotLimit` are open. O(memtables).
    public func snapshot() -> StorageSnapshot? {
        guard snapshotCount < options.snapshotLimit else { return nil }
        return StorageSnapshot(view(), of: self)
    }
}
