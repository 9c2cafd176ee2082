// Searching: the same is told however many threads there are, and the shortest cases are kept.
import MartletSimulator
import Synchronization
import Testing

@Suite("Search")
struct SearchTests {
    static func scenarios() throws -> [Scenario] {
        let text = "{nodes: 3, duration: 500ms, clients: 2, keys: 5, settle: 5s}"
        return [
            try Scenario.load(text: text, name: "one"), try Scenario.load(text: text, name: "two"),
        ]
    }

    static func told(_ search: Search) -> [String] {
        var told: [String] = []
        search.run(until: { false }) { told.append("\($0.scenario.name) \($0.report.seed)") }
        return told
    }

    @Test("Runs are told in order, on one thread and on several")
    func order() throws {
        var search = Search(try Self.scenarios(), firstSeed: 3, seedCount: 10, jobs: 1)
        let expected = (3..<13).flatMap { ["one \($0)", "two \($0)"] }
        #expect(Self.told(search) == expected)
        search.jobs = 2
        #expect(Self.told(search) == expected)
    }

    @Test("A search that is over ends, and tells what had begun")
    func over() throws {
        let search = Search(try Self.scenarios(), firstSeed: 1, seedCount: nil, jobs: 2)
        let ended = Atomic(0)
        var told = 0
        search.run(
            until: { ended.load(ordering: .relaxed) >= 4 },
            finished: { _ in ended.wrappingAdd(1, ordering: .relaxed) }, tell: { _ in told += 1 })
        #expect(told == ended.load(ordering: .relaxed) && told >= 4 && told <= 5)
    }

    @Test("Logs that part are told at the first line that differs")
    func divergence() {
        let lines = (1...9).map { "event \($0)" }
        #expect(Divergence(lines, lines) == nil)
        var other = lines
        other[6] = "event x"
        let divergence = Divergence(lines, other)
        #expect(divergence?.line == 7)
        #expect(divergence?.before == Array(lines[1..<6]))
        #expect(divergence?.events.one == "event 7" && divergence?.events.other == "event x")
        let short = Divergence(lines, Array(lines.dropLast()))
        #expect(short?.line == 9 && short?.events.other == nil)
    }

    @Test("An event that only carried something else is told, though its text is the same")
    func carriedDifference() throws {
        let scenario = try Self.scenarios()[0]
        var logged: [LoggedLine] = []
        let report = Simulation.run(scenario, seed: 3) { logged.append($0) }
        #expect(logged.last?.hash == report.logHash)
        let marked = logged.map(\.marked)
        #expect(Set(logged.map(\.hash)).count == report.events)
        #expect(zip(marked, logged).allSatisfy { $0.hasSuffix(" \($1.text)") })
    }
}
