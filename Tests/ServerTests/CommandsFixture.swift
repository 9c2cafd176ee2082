// A node without a loop: the real core on a disk in memory, run to rest after each event, so that
// commands can be tested as transcripts. Answers can be held back, to complete in any order.
import MartletBase
import MartletNode
import MartletRESP
import MartletReplication
import MartletRing
import MartletServer
import MartletStorage
import MartletViews
import MartletWire

/// One node, in no cluster until it is told to create one.
final class TestNode: CommandTarget {
    static let wall = WallTime(milliseconds: 1_750_000_000_000)

    private(set) var core: NodeCore
    var now = Moment(instant: Instant(nanoseconds: 1_000_000_000), wall: wall)
    var isTurnOver = false
    var isFullOfReads = false
    /// Keys whose requests fail.
    var failingKeys: Set<Bytes> = []
    /// How many requests were made.
    private(set) var requestCount = 0
    var processFigures: ProcessFigures {
        var figures = ProcessFigures()
        figures.uptime = .seconds(1)
        figures.clients = 1
        figures.residentBytes = 1_536
        return figures
    }

    /// Who was seen to speak HTTP.
    private(set) var noted: [String] = []

    /// What every request is answered with, in place of the node's own answer.
    var answer: ClientAnswer?

    /// While true, answers wait for `release`.
    var holdsAnswers = false
    private(set) var held: [() -> Void] = []

    /// The clients of the node, where they are counted.
    var registry: ClientRegistry?

    private let log: LogWriter
    private var nextRequest: UInt64 = 0
    private var waiting: [RequestID: (ClientAnswer) -> Void] = [:]
    private var asking: [RequestID: (OperatorReply) -> Void] = [:]

    init(
        name: String = "n1", others: [Member] = [], created: Bool = true, clusterSeed: UInt64 = 7,
        secretSeed: UInt64 = 1
    )
        throws
    {
        var options = StorageOptions()
        options.prewriteBytes = 0
        options.digest = .object
        let storage = try StorageEngine.open(disk: MemoryDisk(), options: options)
        log = storage.log
        var configuration = NodeConfiguration(
            clusterName: "test", name: name, zone: "a",
            peerEndpoint: Endpoint(host: "10.0.0.1", port: 7401),
            clientEndpoint: Endpoint(host: "10.0.0.1", port: 7400), seeds: [])
        configuration.replication.valueLimitBytes = 1_000
        core = try NodeCore.open(configuration, engine: storage.engine, seed: clusterSeed, at: now)
        syncLog()
        handle(.started)
        if let first = others.first {
            let exchange = PushPull(members: others, wantsReply: false, epoch: 0)
            for other in others { handle(.linkOpened(Peer(other.id))) }
            handle(.messageReceived(.pushPull(exchange), from: Peer(first.id)))
            for other in others { handle(.linkClosed(Peer(other.id))) }
        }
        guard created else { return }
        var reply: OperatorReply?
        var random = SeededRandom(seed: secretSeed)
        guard let partitions = PartitionCount(64) else { fatalError("64 partitions") }
        let request = CreationRequest(
            memberCount: others.count + 1, secret: .drawn(by: &random),
            partitionCount: partitions)
        ask(.create(request)) { reply = $0 }
        guard case .created(.created) = reply else { fatalError("\(String(describing: reply))") }
    }

    /// A member to be known beside the node, by a number from 2 on.
    static func member(_ number: UInt16, state: MemberState = .alive) -> Member {
        Member(
            id: NodeID(rawValue: UInt64(number)), name: "n\(number)", zone: "a", weight: 1,
            peerEndpoint: Endpoint(host: "10.0.0.\(number)", port: 7401),
            clientEndpoint: Endpoint(host: "10.0.0.\(number)", port: 7400), incarnation: 1,
            state: state)
    }

    func submit(_ request: ClientRequest, then complete: @escaping (ClientAnswer) -> Void) {
        requestCount += 1
        if failingKeys.contains(request.key) { return complete(.failed(.overloaded)) }
        if let answer { return complete(answer) }
        nextRequest += 1
        let id = RequestID(rawValue: nextRequest)
        waiting[id] = complete
        handle(.requestReceived(id, request))
    }

    func ask(_ request: OperatorRequest, then complete: @escaping (OperatorReply) -> Void) {
        nextRequest += 1
        let id = RequestID(rawValue: nextRequest)
        asking[id] = complete
        handle(.operatorAsked(id, request))
        // What it has begun is due at once.
        handle(.ticked)
    }

    func survey<Sight: Sendable>(
        _ look: @escaping @Sendable (any CommandTarget) -> Sight,
        then complete: @escaping ([Sight]) -> Void
    ) {
        complete([look(self)])
    }

    func noteHTTP(from address: String) { noted.append(address) }

    /// Lets `seconds` pass, a tick for each tenth.
    func pass(seconds: Int) {
        for _ in 0..<10 * seconds {
            now.instant = now.instant + .milliseconds(100)
            now.wall.milliseconds += 100
            handle(.ticked)
        }
    }

    /// Lets the answer at `index` of those held through.
    func release(_ index: Int) {
        held.remove(at: index)()
    }

    /// Takes in an event and what follows from it, the log's answers included.
    func handle(_ event: NodeEvent) {
        var work = Work()
        core.turn(event, at: now, into: &work)
        let chunks = work.storage.chunks
        // Before anybody is answered, who may ask for more: the log takes chunks in their order.
        let outcome = chunks.isEmpty ? nil : log.commit(chunks)
        var shell = self
        work.carryOut(at: (), by: &shell)
        if let outcome { handle(.logAnswered(outcome)) }
    }

    private func syncLog() {
        let chunks = core.engine.takeChunks()
        if !chunks.isEmpty { core.engine.logAnswered(log.commit(chunks)) }
    }
}

extension TestNode: NodeStand {
    func send(_ message: PeerMessage, to peer: Peer, from place: Void) {}
    func send(_ datagram: Datagram, to endpoint: Endpoint, from place: Void) {}

    func complete(_ request: RequestID, _ reply: OperatorReply, at place: Void) {
        asking.removeValue(forKey: request)?(reply)
    }

    func complete(_ request: RequestID, _ answer: ClientAnswer, at place: Void) {
        guard let complete = waiting.removeValue(forKey: request) else { return }
        if holdsAnswers {
            held.append { complete(answer) }
        } else {
            complete(answer)
        }
    }
}

/// A client of a `TestNode`: bytes in, bytes out, as the shell would pass them.
final class TestClient {
    let node: TestNode
    let session: ClientSession
    private var parser = CommandParser()
    /// How often the session has announced output.
    private(set) var announcements = 0

    init(
        _ node: TestNode, id: Int = 1, registry: ClientRegistry? = nil,
        limits: SessionLimits = SessionLimits()
    ) {
        self.node = node
        if let registry { node.registry = registry }
        session = ClientSession(
            target: node, connectionID: id, peerAddress: "10.1.1.1:5000",
            localAddress: "10.0.0.1:7400", limits: limits)
        session.onOutput = { [unowned self] in announcements += 1 }
    }

    /// A client of a created single node, after `HELLO 3` where so asked.
    convenience init(_ version: RESPVersion = .resp2) throws {
        try self.init(TestNode())
        if version == .resp3 { _ = say("HELLO 3") }
    }

    /// Sends bytes; gives back what is ready to be sent in return.
    func send(_ bytes: Bytes) -> String {
        parser.append(bytes)
        run()
        return output()
    }

    private func run() {
        do throws(RESPError) {
            while !session.shouldClose, !session.isSaturated, let command = try parser.next() {
                session.execute(command)
            }
        } catch {
            session.protocolError(error)
        }
    }

    /// Sends lines of inline commands.
    func say(_ lines: String...) -> String {
        send(Bytes(text: lines.map { $0 + "\r\n" }.joined()))
    }

    /// What is ready to be sent; then runs what there is room for.
    func output() -> String {
        guard let bytes = session.takeOutput() else { return "" }
        session.outputWritten(bytes.count)
        run()
        return bytes.text
    }

    /// What is sent, piece by piece, until nothing more comes.
    func pieces() -> [String] {
        var pieces: [String] = []
        while case let piece = output(), !piece.isEmpty { pieces.append(piece) }
        return pieces
    }

    /// The reply to one line as a value.
    func ask(_ line: String) throws -> RESPValue? {
        var replies = ReplyParser()
        replies.append(Bytes(text: say(line)))
        return try replies.next()
    }
}

extension RESPValue {
    /// The value under `key` of a map, in either protocol's form.
    subscript(_ key: String) -> RESPValue? {
        let wanted = RESPValue.bulk(Bytes(text: key))
        switch self {
        case .map(let pairs): return pairs.first { $0.key == wanted }?.value
        case .array(let elements):
            return stride(from: 0, to: elements.count - 1, by: 2)
                .first { elements[$0] == wanted }.map { elements[$0 + 1] }
        default: return nil
        }
    }

    /// The bytes of a bulk or verbatim string.
    var bytes: Bytes? {
        switch self {
        case .bulk(let bytes), .verbatim(_, let bytes): bytes
        default: nil
        }
    }

    /// The text of a string of any kind.
    var text: String? {
        if case .simple(let text) = self { return text }
        return bytes?.text
    }

    /// The elements of an array.
    var elements: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
