// Agreement in every schedule of small clusters, and what breaks it.
import Testing

/// One after the other: each takes some hundred megabytes.
@Suite("Every schedule of a small cluster", .serialized)
struct ModelTests {
    @Test(
        "At most one ring is decided, by all schedules of two attempts and a crash",
        arguments: [
            ModelScope(attempts: 2), ModelScope(attempts: 2, crashes: 1),
            ModelScope(attempts: 2, crashes: 1, losesDisks: true),
        ])
    func exhausted(scope: ModelScope) {
        var model = Model(scope)
        let report = model.explore()
        #expect(report.violation == nil)
        #expect(report.isExhausted)
        #expect(report.decisions > 50_000, "\(report)")
    }

    @Test(
        "At most one ring is decided, in the first states of larger scopes",
        arguments: [
            ModelScope(attempts: 3, stateLimit: 100_000),
            ModelScope(attempts: 3, crashes: 1, stateLimit: 100_000),
            ModelScope(proposers: 3, attempts: 3, stateLimit: 100_000),
            ModelScope(nodes: 5, attempts: 2, stateLimit: 100_000),
        ])
    func bounded(scope: ModelScope) {
        var model = Model(scope)
        let report = model.explore()
        #expect(report.violation == nil)
        #expect(report.states >= scope.stateLimit)
        #expect(report.decisions > 1_000, "\(report)")
    }

    @Test("Two rings are decided where a caller breaks the contract", arguments: Fault.allCases)
    func planted(fault: Fault) throws {
        let losesDisks = fault == .votesWithoutDisk || fault == .keepsNameWithoutDisk
        var model = Model(
            ModelScope(attempts: 2, crashes: 1, losesDisks: losesDisks, fault: fault))
        let report = model.explore()
        let violation = try #require(report.violation)
        #expect(violation.hasSuffix("two rings are decided for one epoch"))
    }
}
