// What a replica does with what is settled: it removes the last trace of deleted and expired keys,
// and drops what another home shows to have been removed already.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension Replica {
    /// Binds this node to issue no timestamp up to `floor` and to take no hint as old.
    mutating func promise(_ floor: HybridTimestamp) {
        clock.rise(above: floor)
        self.floor = max(self.floor, floor)
    }

    /// Removes the object at `location` if it is settled and has held no value since `wall`;
    /// whether it is gone. The caller has had the watermark logged before.
    mutating func remove(
        at location: Location, absentSince wall: WallTime
    ) throws(ReplicaFailure) -> Bool {
        let watermark = settled[location.partition]
        let bytes = try read(location.objectKey)
        let object = try decode(bytes)
        guard object.isRemovable(under: watermark, at: wall) else { return false }
        var step = Step()
        if bytes != nil { step.batch.delete(location.objectKey, replacing: bytes) }
        step.batch.delete(location.removableKey)
        try take(step)
        return true
    }

    /// Drops what another home has removed: versions up to its watermark that it does not cover.
    /// The object goes with the last of them.
    mutating func discard(_ removed: RemovedVersions, at location: Location)
        throws(ReplicaFailure) -> Bool
    {
        let target = try target(at: location, heldFor: nil, owed: [])
        var object = target.held
        object.dropRemoved(by: removed.known, settled: removed.watermark)
        if object == target.held, object.siblingCount > 0 { return false }
        guard object.siblingCount == 0, object.horizon <= removed.watermark else {
            if object == target.held { return false }
            _ = try store(object, in: target)
            return true
        }
        guard let bytes = target.bytes else { return false }
        var step = Step()
        step.batch.delete(location.objectKey, replacing: bytes)
        step.batch.delete(location.removableKey)
        try take(step)
        return true
    }
}
