// Parcels of objects that another home has and this one was found to lack: each object is a step
// at its key, and when all are done the parcel is answered.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// The parcels of which objects are still to be held here.
struct HeldParcels {
    /// More are refused, unless others are overdue.
    static let limit = 1_024

    struct Parcel {
        var sender: Peer
        var operation: OperationID
        /// Until when the sender cares.
        var until: Instant
        /// How many objects are still to be held.
        var remaining: Int
        /// Whether each so far is held.
        var isComplete = true
    }

    private var parcels: [UInt64: Parcel] = [:]
    private var last: UInt64 = 0

    /// The parcel `number`, unless its sender has given it up.
    func wanted(_ number: UInt64, at now: Instant) -> Parcel? {
        parcels[number].flatMap { now <= $0.until ? $0 : nil }
    }

    /// Takes in a parcel and returns its number here; nil where there are too many.
    mutating func begin(_ parcel: Parcel, at now: Instant) -> UInt64? {
        if parcels.count >= Self.limit { parcels = parcels.filter { now <= $0.value.until } }
        guard parcels.count < Self.limit else { return nil }
        last += 1
        parcels[last] = parcel
        return last
    }

    /// One more object is done. The parcel, where that was the last.
    mutating func note(_ number: UInt64, isHeld: Bool) -> Parcel? {
        guard var parcel = parcels[number] else { return nil }
        parcel.remaining -= 1
        if !isHeld { parcel.isComplete = false }
        parcels[number] = parcel.remaining == 0 ? nil : parcel
        return parcel.remaining == 0 ? parcel : nil
    }
}

extension Replication {
    /// Another home sends what it found this one to lack.
    mutating func accept(
        _ parcel: Parcel, of sender: Peer, at now: Moment,
        into outbox: inout Outbox
    ) {
        let locations = parcel.entries.compactMap { location(ofKey: $0.key) }
        guard !locations.isEmpty, locations.count == parcel.entries.count else {
            reply(.refused(.noTopology), to: parcel.operation, of: sender)
            return
        }
        let held = HeldParcels.Parcel(
            sender: sender, operation: parcel.operation,
            until: now.instant + min(parcel.patience, Self.timeoutLimit),
            remaining: parcel.entries.count)
        guard let number = parcels.begin(held, at: now.instant) else {
            reply(.refused(.overloaded), to: parcel.operation, of: sender)
            return
        }
        for (entry, location) in zip(parcel.entries, locations) {
            perform(.accept(entry.object, parcel: number), at: location, at: now, into: &outbox)
        }
    }

    /// Holds one object of a parcel. Its sender is told if some of it had been here and was
    /// removed.
    mutating func accept(
        _ object: Object, of number: UInt64, at location: Location, at now: Moment,
        into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        guard let parcel = parcels.wanted(number, at: now.instant) else { return }
        let applied = try replica.merge(object, at: location, heldFor: nil, at: now.wall)
        if applied.isStale, parcel.sender.node != local {
            let removed = RemovedVersions(
                key: location.key, known: applied.object.context,
                watermark: replica.settled[location.partition])
            outbox.send(.removed(removed), to: parcel.sender)
        }
        accepted(number, at: now, into: &outbox)
    }

    /// One object of a parcel is held, or will not be; the last is answered for all: its sender
    /// goes by how long that took, and finds what was refused again.
    mutating func accepted(
        _ number: UInt64, isHeld: Bool = true, at now: Moment, into outbox: inout Outbox
    ) {
        guard let parcel = parcels.note(number, isHeld: isHeld) else { return }
        if parcel.sender.node == local {
            let outcome = TakeoverOutcome(
                number: parcel.operation.rawValue, isComplete: parcel.isComplete)
            return outcomes.append(outcome)
        }
        let position = replica.engine.appended
        if replica.isBehind, position > replica.durable {
            counts.marks.occurred(.parcelBehindBacklog)
            let party = SyncWaiter.Party.peer(
                parcel.sender, parcel.operation, until: parcel.until)
            awaitSync(SyncWaiter(position: position, party: party), at: now)
            return
        }
        reply(.stored, to: parcel.operation, of: parcel.sender)
    }
}
