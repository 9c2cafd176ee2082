// A server for client tests: speaks RESP on a free port and answers by a script. Not a store.
import MartletBase
import MartletRESP
import NIOCore
import NIOPosix
import Synchronization

/// What the fake does with a command.
enum FakeResponse: Sendable {
    /// Replies with these bytes.
    case reply(String)
    /// Closes the connection without a reply.
    case close
    /// Never replies.
    case silence
}

/// A listening fake.
final class FakeNode: Sendable {
    private let channel: any Channel
    private let journal: Journal

    /// What was received, for tests to look at.
    final class Journal: Sendable {
        private let lines = Mutex<[String]>([])
        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private init(_ channel: any Channel, _ journal: Journal) {
        self.channel = channel
        self.journal = journal
    }

    /// Listens on a free port; `script` answers all but HELLO and PING.
    static func start(
        hello: FakeResponse = .reply("%1\r\n$5\r\nproto\r\n:3\r\n"),
        _ script: @escaping @Sendable (_ words: [String]) -> FakeResponse
    ) async throws -> FakeNode {
        let journal = Journal()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(
                        FakeHandler(hello: hello, script: script, journal: journal))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FakeNode(channel, journal)
    }

    /// The commands received, words joined by blanks, without HELLO and PING.
    var commands: [String] { journal.all }
    /// Where it listens.
    var endpoint: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// Stops listening; its port then refuses connections.
    func stop() async throws {
        try await channel.close()
    }
}

private final class FakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let hello: FakeResponse
    private let script: @Sendable ([String]) -> FakeResponse
    private let journal: FakeNode.Journal
    private var parser = CommandParser()

    init(
        hello: FakeResponse, script: @escaping @Sendable ([String]) -> FakeResponse,
        journal: FakeNode.Journal
    ) {
        self.hello = hello
        self.script = script
        self.journal = journal
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.append(Bytes(unwrapInboundIn(data).readableBytesView))
        while let command = try? parser.next() {
            let words = command.arguments.map(\.text)
            switch words[0] {
            case "HELLO": perform(hello, context)
            case "PING": perform(.reply("+PONG\r\n"), context)
            default:
                journal.append(words.joined(separator: " "))
                perform(script(words), context)
            }
        }
    }

    private func perform(_ response: FakeResponse, _ context: ChannelHandlerContext) {
        switch response {
        case .reply(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .close: context.close(promise: nil)
        case .silence: break
        }
    }
}

/// Replies as a node spells them.
enum FakeReply {
    static let evidence =
        "$8\r\nevidence\r\n%2\r\n$11\r\ncoordinator\r\n$2\r\nn1\r\n$8\r\nreplicas\r\n*2\r\n"
        + "%3\r\n$4\r\nnode\r\n$2\r\nn1\r\n$13\r\nstands_in_for\r\n_\r\n"
        + "$3\r\nact\r\n$6\r\nagreed\r\n"
        + "%3\r\n$4\r\nnode\r\n$2\r\nn4\r\n$13\r\nstands_in_for\r\n$2\r\nn2\r\n$3\r\nact\r\n"
        + "$6\r\nsilent\r\n"

    /// The map of MARTLET.GET with these siblings.
    static func versions(_ siblings: [String]) -> FakeResponse {
        .reply(
            "%3\r\n$7\r\ncontext\r\n$4\r\nAbCd\r\n$8\r\nsiblings\r\n*\(siblings.count)\r\n"
                + siblings.joined() + evidence)
    }

    /// One version in that map.
    static func sibling(
        _ value: String?, deleted: Bool = false, dot: String, time: Int, expiry: Int? = nil
    ) -> String {
        "%5\r\n$5\r\nvalue\r\n" + (value.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "_\r\n")
            + "$7\r\ndeleted\r\n#\(deleted ? "t" : "f")\r\n"
            + "$3\r\ndot\r\n$\(dot.utf8.count)\r\n\(dot)\r\n$12\r\ntimestamp_ms\r\n:\(time)\r\n"
            + "$10\r\nexpires_ms\r\n" + (expiry.map { ":\($0)\r\n" } ?? "_\r\n")
    }

    /// The map of MARTLET.PUT.
    static func receipt(context: String?, siblings: Int) -> FakeResponse {
        .reply(
            "%4\r\n$3\r\ndot\r\n$5\r\n1/1:9\r\n$7\r\ncontext\r\n"
                + (context.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "_\r\n")
                + "$8\r\nsiblings\r\n:\(siblings)\r\n" + evidence)
    }
}
