// What is left of the nodes serves, and settles: the others are not needed for either.
internal import MartletBase

/// Checks those that are left alone.
struct CoreCheck {
    let core: Core
    /// Their shards.
    let members: [Int]
    /// The writes with w = 1 that they were asked for last.
    let writes: ArraySlice<Operation>
    /// What all nodes hold.
    let convergence: ConvergenceCheck

    func run() -> Finding? {
        for write in writes {
            if case .written = write.outcome { continue }
            return Finding(
                .coreServes,
                "\(core): a put of key \(write.key) with w = 1, asked of node "
                    + "\(write.node + 1) at \(EventLog.seconds(write.began))s, came to nothing")
        }
        return convergence.run(among: members, promise: .coreServes)
    }
}
