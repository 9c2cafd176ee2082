// Workloads: what a scenario may say of them, and that each kind of client does what it is for.
import MartletSimulator
import MartletWire
import Testing

@Suite("Workloads")
struct WorkloadTests {
    @Test("Every part of a workload is read")
    func workloadIsRead() throws {
        let workload = try Scenario.load(
            text: """
                keys: 7
                carts: 3
                counters: 2
                popularity: zipf
                mix: {gets: 30%, expiring: 25%, carts: 10%, counters: 20%}
                lifetime: 1s..2s
                habits: {patience: 100ms..1s, retry: 50%, stale: 10%, vanish: 1%}
                options: {n: [2, 3], pr: quorum, pw: [0, all]}
                """, name: "all"
        ).workload
        #expect((workload.keyCount, workload.cartCount, workload.counterCount) == (7, 3, 2))
        #expect(workload.popularity == .zipf)
        #expect((workload.expiringShare, workload.cartShare) == (0.25, 0.1))
        #expect(workload.counterShare == 0.2)
        #expect(workload.lifetime == .seconds(1)...(.seconds(2)))
        #expect(workload.habits.patience == .milliseconds(100)...(.seconds(1)))
        #expect((workload.habits.retryShare, workload.habits.staleShare) == (0.5, 0.1))
        #expect(workload.habits.vanishShare == 0.01)
        #expect(workload.n == [2, 3])
        #expect(workload.pr == [.majority])
        #expect(workload.pw == [.count(0), .all])
    }

    @Test(
        "Contradictions in a workload are told",
        arguments: [
            ("mix: {carts: 10%}", "there are no carts"),
            ("mix: {counters: 10%}", "there are no counters"),
            ("carts: 1\ncounters: 1\nmix: {carts: 60%, counters: 50%}", "more than all"),
            ("popularity: zapf", "write one of tenth, uniform, zipf"),
            ("habits: {patients: 1s}", "did you mean patience?"),
        ])
    func contradictionsAreTold(text: String, expected: String) {
        do {
            _ = try Scenario.load(text: text, name: "bad")
            Issue.record("no error")
        } catch {
            #expect(error.description.contains(expected), "\(error)")
        }
    }

    @Test(
        "Each part of a workload leaves its mark on a run",
        arguments: [
            ("popularity: zipf\nkeys: 5", "sibling"),
            ("mix: {expiring: 50%}\nlifetime: 50ms..200ms", "expired"),
            ("carts: 2\nmix: {carts: 90%}", "tally-merged"),
            ("counters: 2\nmix: {counters: 90%}", "tally-merged"),
            ("habits: {patience: 1ms..5ms}", "client-gone"),
            ("habits: {vanish: 10%}", "client-gone"),
            ("options: {pr: quorum, pw: quorum}", "bound-read"),
            ("mix: {gets: 50%, deletes: 20%}\nkeys: 20", "read-after-delete"),
        ])
    func partsAreLively(text: String, mark: String) throws {
        let scenario = try Scenario.load(
            text: "nodes: 3\nduration: 4s\nclients: 6\nexpects: [\(mark)]\n\(text)", name: "part")
        let report = Simulation.run(scenario, seed: 1)
        #expect(report.verdict == .passed, "\(report)")
        #expect(Simulation.run(scenario, seed: 1).logHash == report.logHash)
    }
}
