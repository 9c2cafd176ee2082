// Steps at keys, in order. A step is done at once where memory has what it reads and nobody waits
// for the key. Else it stands in line at the key until a read from disk has brought that, and what
// comes for the key meanwhile stands behind it; other keys overtake.
//
//     perform ─► attempt ─► done
//        │          │ something is not in memory
//        └─────────►└─► line at the key ─► serve: load ─► readCompleted ─► serve: attempt in order
//
// An attempt that finds something missing has changed nothing, so it is made again from the start.
internal import HeapModule
public import MartletBase
public import MartletStorage
internal import MartletWire

extension Replication {
    /// A read of replication's is complete: goes on with what waited for it.
    public mutating func readCompleted(
        _ read: CompletedRead, at now: Moment, into outbox: inout Outbox
    ) {
        switch read.result {
        case .loaded:
            guard let location = waiting.completed(read.ticket) else { return }
            serve(location, at: now, into: &outbox)
        case .page(let page):
            hints.pageRead(page, for: read.ticket, at: now.instant)
            deliverHints(at: now, into: &outbox)
        case .damaged:
            counts.failures += 1
            hints.pageLost(for: read.ticket)
        }
    }

    /// Does `task` now, or when its turn comes at `location`.
    mutating func perform(
        _ task: KeyTask, at location: Location, at now: Moment,
        into outbox: inout Outbox
    ) {
        let isBehindOthers = !waiting.isEmpty && waiting.hasLine(at: location)
        if !isBehindOthers, attempt(task, at: location, at: now, into: &outbox) { return }
        guard waiting.count < options.keyQueueLimit else {
            refuse(task, .notLoaded, at: now, into: &outbox)
            return
        }
        waiting.append(standingInLine(task), at: location)
        if !isBehindOthers { serve(location, isLacking: true, at: now, into: &outbox) }
    }

    /// Does what waits at `location`, until something has to wait for a read. `isLacking` says that
    /// the first in line has been found to.
    private mutating func serve(
        _ location: Location, isLacking: Bool = false, at now: Moment,
        into outbox: inout Outbox
    ) {
        var isLacking = isLacking
        while let task = waiting.first(at: location) {
            if isLacking
                || isWanted(task, at: now) && !attempt(task, at: location, at: now, into: &outbox)
            {
                isLacking = false
                if load(for: task, at: location, at: now, into: &outbox) { return }
            }
            waiting.removeFirst(at: location)
        }
        releaseLoad(at: location)
        waiting.close(at: location)
    }

    /// Has what `task` may read brought to memory. False when that is not worth waiting for: it was
    /// there already and the task is done, or too much is being read and the task is refused.
    private mutating func load(
        for task: KeyTask, at location: Location, at now: Moment,
        into outbox: inout Outbox
    ) -> Bool {
        releaseLoad(at: location)
        switch replica.load(location, homes: homes(of: location) + task.homes) {
        case .pending(let ticket):
            waiting.begin(ticket, at: location)
            return true
        case .ready:
            let isDone = attempt(task, at: location, at: now, into: &outbox)
            invariant(isDone, "what was loaded for \(task) is not there")
        case .refused: refuse(task, .notLoaded, at: now, into: &outbox)
        }
        return false
    }

    private mutating func releaseLoad(at location: Location) {
        if let ticket = waiting.takeTicket(at: location) { replica.release(ticket) }
    }

    /// A put that waits is in flight, so that its deadline and the node's stop find it.
    private mutating func standingInLine(_ task: KeyTask) -> KeyTask {
        guard case .coordinate(let put) = task else { return task }
        let id = begin(.waiting(put))
        timers.insert(Timer(at: put.call.deadline, operation: id))
        return .coordinateWaiting(id)
    }

    /// Whether anybody still cares for what a task was to do when it came: what is past its
    /// deadline is not done, nor what belongs to an operation that has ended.
    private func isWanted(_ task: KeyTask, at now: Moment) -> Bool {
        switch task {
        case .hold(let put, _, let until):
            return put.operation == .unanswered || now.instant <= until
        case .accept(_, let number): return parcels.wanted(number, at: now.instant) != nil
        case .read(let id): return operations[id.rawValue] != nil
        case .coordinateWaiting(let id):
            guard case .waiting(let put) = operations[id.rawValue] else { return false }
            return now.instant < put.call.deadline
        case .deliver(let id): return hints.sent[id] != nil
        case .push(let id): return pushes.sent[id] != nil
        case .show, .coordinate, .repair, .owe, .inherit, .forget, .remove, .discard: return true
        }
    }

    // MARK: The tasks

    /// Does `task`, or refuses it; false when something that it reads is not in memory, and then
    /// nothing has changed.
    private mutating func attempt(
        _ task: KeyTask, at location: Location, at now: Moment,
        into outbox: inout Outbox
    ) -> Bool {
        do throws(ReplicaFailure) {
            try run(task, at: location, at: now, into: &outbox)
            return true
        } catch {
            if error == .notLoaded { return false }
            refuse(task, error, at: now, into: &outbox)
            return true
        }
    }

    private mutating func run(
        _ task: KeyTask, at location: Location, at now: Moment,
        into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        switch task {
        case .hold(let put, let sender, let until):
            try hold(put, for: sender, until: until, at: location, at: now, into: &outbox)
        case .accept(let object, let number):
            try accept(object, of: number, at: location, at: now, into: &outbox)
        case .show(let get, let sender):
            try show(get, to: sender, at: location, into: &outbox)
        case .read(let id): try readLocally(id, at: now, into: &outbox)
        case .coordinate(let put): try beginPut(put, at: now, into: &outbox)
        case .coordinateWaiting(let id):
            guard case .waiting(let put) = operations[id.rawValue] else { return }
            try beginPut(put, at: now, into: &outbox)
            operations.remove(id.rawValue)
        case .repair(let object):
            _ = try replica.merge(object, at: location, heldFor: nil, at: now.wall)
        case .owe(let object, let homes, let heldFor):
            try replica.owe(object, to: homes, at: location, heldFor: heldFor)
        case .deliver(let id): try deliverHint(id, into: &outbox)
        case .inherit(let key, let bytes):
            let object = try replica.object(of: key, bytes: bytes)
            _ = try replica.merge(object, at: location, heldFor: nil, at: now.wall)
            try replica.forgetHint(at: key, ifStill: bytes)
            counts.marks.occurred(.hintInherited)
        case .push(let id): try push(id, at: location, at: now, into: &outbox)
        case .remove(let wall):
            if try replica.remove(at: location, absentSince: wall) { counts.removals += 1 }
        case .discard(let removed):
            if try replica.discard(removed, at: location) { counts.removals += 1 }
        case .forget(let key, let bytes): try replica.forgetHint(at: key, ifStill: bytes)
        }
    }

    /// Tells whoever asked for `task` that it is not done, and why.
    private mutating func refuse(
        _ task: KeyTask, _ failure: ReplicaFailure, at now: Moment,
        into outbox: inout Outbox
    ) {
        switch task {
        case .hold(let put, let sender, _):
            reply(.refused(failure.reason), to: put.operation, of: sender)
        case .show(let get, let sender):
            show(.refused(failure.reason), to: get, of: sender, into: &outbox)
        case .read(let id): refuseLocalRead(id, failure.reason, at: now, into: &outbox)
        case .coordinate(let put): refusePut(put, failure, at: now, into: &outbox)
        case .coordinateWaiting(let id):
            guard case .waiting(let put) = operations.remove(id.rawValue) else { return }
            refusePut(put, failure, at: now, into: &outbox)
        case .deliver(let id):
            counts.failures += 1
            hints.drop(id)
            operations.remove(id.rawValue)
        case .push(let id):
            counts.failures += 1
            pushRead(nil, under: id, at: now, into: &outbox)
        case .accept(_, let number):
            counts.failures += 1
            accepted(number, isHeld: false, at: now, into: &outbox)
        // A hint that is not forgotten is delivered once more; merging twice changes nothing. What
        // is not repaired or not marked is found by a later read or exchange.
        case .repair, .owe, .inherit, .forget, .remove, .discard: counts.failures += 1
        }
    }
}
