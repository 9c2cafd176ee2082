// What replication claims about itself, recounted; for tests and simulation.
internal import DequeModule
internal import HeapModule
internal import MartletBase
internal import MartletWire

extension Replication {
    /// Traps when the parts belie each other; between events. O(what is in flight).
    public func checkInvariants() {
        hints.checkInvariants()
        pushes.checkInvariants()
        waiting.checkInvariants()
        var (hinted, pushed, bytes) = (0, 0, 0)
        let timed = Set(timers.unordered.map(\.operation.rawValue))
        for number in operations.numbers {
            let id = OperationID(rawValue: number)
            switch operations[number] {
            case .hint:
                hinted += 1
                invariant(hints.sent[id] != nil, "no hint is under way as \(number)")
            case .push:
                pushed += 1
                invariant(pushes.sent[id] != nil, "no push is under way as \(number)")
            case .get(let get): bytes += get.tally.heldByteCount
            case .put, .forward, .waiting, nil: break
            }
        }
        invariant(hinted == hints.sent.count, "\(hinted) hints of \(hints.sent.count)")
        invariant(pushed == pushes.sent.count, "\(pushed) pushes of \(pushes.sent.count)")
        invariant(bytes == readByteCount, "reads hold \(bytes) bytes, counted \(readByteCount)")
        let endless = operations.numbers.first { number in
            switch operations[number] {
            case .put, .get, .forward, .waiting: !timed.contains(number)
            case .hint, .push, nil: false
            }
        }
        invariant(endless == nil, "nothing ends operation \(endless ?? 0)")
        for (waiter, next) in zip(awaitingSync, awaitingSync.dropFirst()) {
            invariant(waiter.position <= next.position, "syncs at \(next.position) out of order")
        }
    }
}
