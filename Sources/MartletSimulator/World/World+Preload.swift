// Runs that begin with much: before the unrest every key, or a share of them, is written once, by
// the same code and as quickly as the nodes take it.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletWire

extension World {
    /// The writes under way at once.
    private static let preloadWindow = 128
    /// How long one window may take before the next begins all the same.
    private static let preloadBound = Duration.seconds(2)

    /// Writes the first keys, as many as the scenario says.
    mutating func preload() {
        let workload = scenario.workload
        let count = Int((Double(workload.keyCount) * scenario.preload).rounded())
        guard count > 0 else { return }
        log.note(now, -1, .phase, 0, "\(count) keys are written first")
        for key in 0..<count where violation == nil {
            let plan = Client.Plan(
                key: key, kind: .put, memory: nil, needed: .count(1), neededSynced: .count(0),
                valueBytes: workload.valueBytes.lowerBound)
            request(plan, by: nil, at: key % nodes.count)
            if key % Self.preloadWindow == Self.preloadWindow - 1 || key == count - 1 {
                _ = run(within: Self.preloadBound, step: .milliseconds(2)) {
                    $0.everyNodeIsIdle
                }
            }
        }
    }
}
