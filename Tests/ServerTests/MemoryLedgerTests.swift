// Who holds how much of a node's memory, and who has to go; how descriptors are divided.
import MartletBase
import MartletServer
import Testing

@Suite("Memory and descriptors of a node's connections")
struct MemoryLedgerTests {
    @Test("The connection that holds the most goes first, until the rest may stay")
    func greediest() {
        let ledger = MemoryLedger(total: MemoryTotal(limitBytes: 100))
        var gone: [String] = []
        let accounts = [10, 60, 40, 50].map { bytes in
            let account = ledger.open(owner: "\(bytes)") { gone.append("\(bytes)") }
            account.inputByteCount = bytes / 2
            account.outputByteCount = bytes - bytes / 2
            return account
        }
        #expect(ledger.byteCount == 160 && ledger.isExceeded)
        let evicted = ledger.evictGreediest()
        #expect(evicted?.owner == "60" && evicted?.byteCount == 60)
        #expect(ledger.byteCount == 100 && ledger.evictGreediest() == nil)
        accounts[0].outputByteCount += 1
        #expect(ledger.evictGreediest()?.owner == "50")
        #expect(gone == ["60", "50"] && ledger.evictionCount == 2)
        #expect(ledger.byteCount == 51)
    }

    @Test("An account that is closed counts no more, whatever is still reported of it")
    func closed() {
        let ledger = MemoryLedger(total: MemoryTotal(limitBytes: 100))
        let accounts = (0..<4).map { ledger.open(owner: "\($0)") {} }
        for account in accounts { account.inputByteCount = 10 }
        accounts[1].close()
        accounts[1].close()
        accounts[1].outputByteCount = 1_000
        #expect(ledger.byteCount == 30)
        accounts[3].close()
        accounts[0].close()
        accounts[2].close()
        #expect(ledger.byteCount == 0 && ledger.evictGreediest() == nil)
    }

    @Test("Descriptors are divided so that each kind of use keeps its own")
    func descriptors() {
        let few = DescriptorPlan(limit: 100, openTables: 256, members: 1_024, connectionLimit: nil)
        #expect((few.tables, few.peers, few.clients) == (25, 25, 18))
        let many = DescriptorPlan(
            limit: 1 << 20, openTables: 256, members: 1_024, connectionLimit: nil)
        #expect((many.tables, many.peers) == (256, 2_048))
        #expect(many.clients == (1 << 20) - DescriptorPlan.ownReserve - 256 - 2_048)
        let set = DescriptorPlan(
            limit: 1 << 20, openTables: 256, members: 1_024, connectionLimit: 500)
        #expect(set.clients == 500)
        for limit in 64...2_000 {
            let plan = DescriptorPlan(
                limit: limit, openTables: 256, members: 1_024, connectionLimit: 10_000)
            #expect(plan.tables > 0 && plan.peers > 0 && plan.clients > 0)
            let sum = plan.tables + plan.peers + plan.clients + DescriptorPlan.ownReserve
            #expect(sum <= max(limit, 65), "\(plan) of \(limit)")
        }
    }
}
