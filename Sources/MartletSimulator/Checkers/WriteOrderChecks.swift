// Promises about what has been answered: it is over, what was refused has not happened, and nothing
// older is shown in its place.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// Checks a version that a node has just named.
struct LateWriteCheck {
    let dot: Dot

    /// `version` is what the name stands for.
    func run(_ version: Version?, _ history: History) -> Finding? {
        guard let number = version?.operation, number < history.operations.count,
            history.operations[number].isAnswered
        else { return nil }
        return Finding(
            .answeredIsOver, "w\(number) is carried out as \(dot) after its client was answered")
    }
}

/// Checks what a client was told that failed.
struct RefusalCheck {
    let error: RequestError

    func run(_ operation: Operation, _ number: Int) -> Finding? {
        guard operation.kind != .get, error.leavesNothing, operation.dotCount > 0 else {
            return nil
        }
        return Finding(
            .refusedIsUndone, "w\(number) was refused (\(error)), and had been carried out")
    }
}

/// Checks what a plain read shows of a key once all its homes agree. Of two writes through one life
/// of one node, the second asked for after the first was acknowledged and with no context, the
/// second is shown: their timestamps follow each other, whatever the clocks of their coordinators.
struct ShownOrderCheck {
    let key: Int
    /// How far ahead a timestamp may be and still be believed, in milliseconds.
    let limit: UInt64

    /// `shown` is the version that is shown of what is held under `dots`. A write of which nothing
    /// is left, since disks have lost it, is hidden by none.
    func run(
        _ shown: Sibling, among dots: [Dot], acknowledged: [Acknowledgement], _ history: History
    ) -> Finding? {
        guard let version = history.versions[shown.dot], let number = version.operation else {
            return nil
        }
        let older = history.operations[number]
        guard !older.hasTwoDates, let answeredAt = older.answeredAt else { return nil }
        for write in acknowledged {
            let newer = history.operations[write.operation]
            // One that the node could not believe has been dated by a clock that was wrong.
            let isBelieved =
                shown.timestamp.wall.milliseconds <= newer.wall.milliseconds + limit
            if write.operation > number, newer.seen == nil, newer.node == older.node,
                newer.life == older.life,
                newer.began >= answeredAt, isBelieved, !history.precedes(write.dot, shown.dot),
                dots.contains(where: { $0 == write.dot || history.precedes(write.dot, $0) })
            {
                return Finding(
                    .plainWritesInOrder,
                    "key \(key): w\(write.operation), asked for after w\(number) was acknowledged, "
                        + "is hidden by it")
            }
        }
        return nil
    }
}
