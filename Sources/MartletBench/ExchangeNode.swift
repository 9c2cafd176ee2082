// One node of a measurement of exchanges: its core over a disk in memory, with the work of a
// shell's threads done inline.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletLocal
internal import MartletMembership
internal import MartletNode
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// A node, and what has come for it over its links. A class, so that nothing copies its core.
final class ExchangeNode {
    var core: NodeCore
    let endpoint: Endpoint
    /// Where each other node's frames are put together again.
    var links: [NodeID: FrameDecoder] = [:]
    let storage: OpenedStorage
    /// What its last turn asked for.
    private(set) var work = Work()

    var id: NodeID { core.identity.id }
    var engine: StorageEngine { core.engine }

    /// Node `number`, with nothing stored.
    init(_ number: Int, keepsTrees: Bool = true) throws(LocalFailure) {
        endpoint = Endpoint(host: "10.0.0.\(number)", port: 7_401)
        var options = StorageOptions()
        options.prewriteBytes = 0
        options.digest = keepsTrees ? .object : nil
        do {
            storage = try StorageEngine.open(disk: MemoryDisk(), options: options)
            core = try NodeCore.open(
                Self.configuration(number, at: endpoint), engine: storage.engine,
                seed: UInt64(number + 1),
                at: Moment(instant: .start, wall: ExchangeLoad.wallStart))
        } catch {
            throw LocalFailure("a node in memory did not open: \(error)")
        }
        for case .logAnswered(let outcome) in storage.answers() { engine.logAnswered(outcome) }
        engine.logAnswered(storage.log.sync())
    }

    func turn(_ event: NodeEvent, at now: Moment) {
        core.turn(event, at: now, into: &work)
    }

    private static func configuration(
        _ number: Int, at endpoint: Endpoint
    ) -> NodeConfiguration {
        var configuration = NodeConfiguration(
            clusterName: "bench", name: "n\(number)", zone: "", peerEndpoint: endpoint,
            clientEndpoint: endpoint,
            seeds: [Endpoint(host: "10.0.0.0", port: 7_401)])
        // Nobody fails here, and nothing on the disk decays.
        configuration.membership.protocolPeriod = .seconds(10)
        configuration.membership.outreachInterval = .seconds(10)
        configuration.scrubBytesPerSecond = 0
        return configuration
    }

    /// Does all that the storage asks for.
    func settle() throws(LocalFailure) {
        for event in storage.answers() {
            switch event {
            case .logAnswered(let outcome): engine.logAnswered(outcome)
            case .jobAnswered(let outcome): engine.jobAnswered(outcome)
            case .readsAnswered(let answers): engine.readsAnswered(answers)
            default: throw LocalFailure("storage answered with \(event)")
            }
        }
    }
}
