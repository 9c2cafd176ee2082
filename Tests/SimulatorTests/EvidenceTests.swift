// What an acknowledgement says of its holders, held against what they have when it is told.
import MartletBase
import MartletStorage
import MartletVersions
import Testing

@testable import MartletSimulator

@Suite("Evidence")
struct EvidenceTests {
    private static let key = Bytes(text: "key-0")
    private static let home = NodeID(rawValue: 1)
    private static let object = StorageKey.object(partition: 0, key: key)
    private static let hint = StorageKey.hint(partition: 0, key: key, home: home)
    private static let dot = Dot(actor: Actor(node: home, incarnation: 1), counter: 1)

    /// A delete that needed one holder, and what its coordinator issued.
    private static func deleted() -> (history: History, version: Version) {
        var history = History(WorkloadSettings())
        _ = history.begin(
            Operation(
                kind: .delete, client: 0, key: 0, node: 0, life: 0,
                began: Instant(nanoseconds: 1_000), seen: nil, needed: 1, neededSynced: 0))
        let tombstone = Sibling(
            dot: dot, timestamp: HybridTimestamp(bits: 1), content: .tombstone)
        return (history, history.issue(tombstone, key: 0, replacing: []))
    }

    private static func found(
        _ history: History, _ version: Version, standsIn: Bool
    ) throws -> Finding? {
        let scenario = try Scenario.load(text: "{nodes: 2}", name: "evidence")
        let world = try World(
            scenario, schedule: Schedule(scenario, seed: 1), planted: nil, logging: nil)
        var holder = EvidenceCheck.Holder(node: 1, isSynced: false)
        if standsIn { holder.standsInFor = (0, hint) }
        let check = EvidenceCheck(
            dot: dot, object: object, holders: [holder],
            isBuried: history.isBuried(version.place, key: 0))
        return check.run(
            history.operations[0], mirror: ReplicaMirror(shardCount: 2), Losses(world.shards),
            now: Instant(nanoseconds: 2_000))
    }

    @Test(
        "What a holder does not have is missed, at a home and under a hint",
        arguments: [false, true])
    func missing(standsIn: Bool) throws {
        let (history, version) = Self.deleted()
        let finding = try #require(
            try Self.found(history, version, standsIn: standsIn))
        #expect(finding.promise == .honestEvidence)
    }

    @Test("What was removed for good since is not", arguments: [false, true])
    func removed(standsIn: Bool) throws {
        var (history, version) = Self.deleted()
        history.bury([version.place], key: 0)
        #expect(try Self.found(history, version, standsIn: standsIn) == nil)
    }
}
