// The pace at which a node reads its tables back.
import MartletBase
import MartletNode
import Testing

@testable import MartletStorage

@Suite("The scrub's pace") struct ScrubTests {
    /// In which seconds a node has a table checked, and how large its tables are on average.
    private func checks(
        bytesPerSecond: Int, within seconds: Int
    ) throws -> (times: [Int], bytes: Int) {
        var host = try Host(MemoryDisk(), scrubbing: bytesPerSecond, storage: .tiny)
        try host.fill()
        var times: [Int] = []
        for second in 1...seconds {
            host.now.instant = host.now.instant + .seconds(1)
            _ = host.handle(.ticked)
            while case let jobs = host.takeJobs(), !jobs.isEmpty {
                for job in jobs {
                    if case .scrub = job.work { times.append(second) }
                    host.worker.submit(job)
                }
                while !host.worker.isIdle {
                    if let outcome = host.worker.step() { _ = host.handle(.jobAnswered(outcome)) }
                }
            }
        }
        return (times, host.core.engine.scrub())
    }

    @Test("Small tables are checked every ten seconds, however quick the scrub may be")
    func floor() throws {
        #expect(try checks(bytesPerSecond: 1 << 30, within: 35).times == [10, 20, 30])
    }

    @Test("Between two tables passes the time that a table takes at the rate")
    func pace() throws {
        let (times, bytes) = try checks(bytesPerSecond: 1, within: 2_000)
        #expect(bytes > 10 && bytes < 1_900)
        #expect(Array(times.prefix(2)) == [10, 10 + bytes], "\(bytes) bytes")
    }

    @Test("With a rate of none nothing is checked")
    func never() throws {
        #expect(try checks(bytesPerSecond: 0, within: 35).times == [])
    }
}
