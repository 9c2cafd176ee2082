// The client: requests as Swift calls. Thin: one connection for each node, no routing, no hedging;
// the node that it reaches coordinates.
internal import MartletBase
internal import MartletRESP
internal import NIOCore

/// A client of a Martlet cluster. Any number of tasks may use it at once; their requests are
/// pipelined over one connection.
///
/// ```swift
/// let client = try await MartletClient.connect(to: ["127.0.0.1:7400", "127.0.0.1:7410"])
/// let read = try await client.get("cart:42")
/// try await client.put("cart:42", merge(read.siblings), context: read.context)
/// await client.close()
/// ```
///
/// A write names what it replaces by the `Context` of the read before it. Without one it replaces
/// nothing, and stays beside whatever was there as a sibling.
///
/// Any node serves any request. The endpoint that answered last is used; when it refuses the
/// connection or loses it, the next one is tried, each at most once and the first once more.
/// Requests that may already have been carried out are tried again only when they are reads.
public final class MartletClient: Sendable {
    /// What is added to a node's own deadline for its answer to arrive.
    private static let wayAllowance = Duration.milliseconds(500)

    private let table: ConnectionTable
    private let options: ClientOptions

    private init(_ table: ConnectionTable, _ options: ClientOptions) {
        self.table = table
        self.options = options
    }

    /// Connects to the first of `endpoints` that answers; the others are kept for when it fails.
    ///
    /// - Parameter endpoints: `host:port`, `[v6]:port`, or a host alone with port 7400.
    /// - Throws: `invalidEndpoint` or `notConnected`.
    public static func connect(
        to endpoints: [String], options: ClientOptions = ClientOptions()
    ) async throws(MartletError) -> MartletClient {
        var targets: [DialTarget] = []
        for endpoint in endpoints {
            guard let target = DialTarget(endpoint) else {
                throw MartletError(
                    .invalidEndpoint, "'\(endpoint)' must be HOST:PORT, such as 127.0.0.1:7400")
            }
            targets.append(target)
        }
        guard !targets.isEmpty else {
            throw MartletError(.invalidEndpoint, "at least one HOST:PORT must be given")
        }
        let client = MartletClient(ConnectionTable(targets, options: options), options)
        _ = try await client.exchange([Bytes(text: "PING")], isRead: true, timeout: nil)
        return client
    }

    /// Reads a key: every concurrent version, the context to replace them with, and who answered.
    ///
    /// - Throws: `noQuorum` or `deadlinePassed` when too few replicas answered, and what any
    ///   request may throw.
    public func get(
        _ key: [UInt8], consistency: ReadConsistency = ReadConsistency()
    ) async throws(MartletError) -> GetResult {
        let (reply, endpoint) = try await exchange(
            [Bytes(text: "MARTLET.GET"), key] + consistency.words, isRead: true,
            timeout: consistency.timeout)
        return try read(reply, endpoint) { reply throws(UnexpectedReply) in try GetResult(reply) }
    }

    /// Writes a value in place of what `context` covers; without one beside whatever there is.
    ///
    /// - Parameter expiry: After how long the value expires; nil for never.
    /// - Throws: as `get`; `tooLarge`, `tooManySiblings`, `storage`. See
    ///   `MartletError.isOutcomeUnknown` for which failures may have written.
    @discardableResult
    public func put(
        _ key: [UInt8], _ value: [UInt8], context: Context? = nil, expiry: Duration? = nil,
        consistency: WriteConsistency = WriteConsistency()
    ) async throws(MartletError) -> PutResult {
        var words = [Bytes(text: "MARTLET.PUT"), key, value] + Self.words(context)
        if let expiry {
            words += [Bytes(text: "PX"), Bytes(text: "\(max(1, expiry.milliseconds))")]
        }
        return try await write(words + consistency.words, consistency)
    }

    /// Deletes what `context` covers; without one the delete stays beside whatever there is, and
    /// wins by time where only one version is shown.
    ///
    /// - Throws: as `put`.
    @discardableResult
    public func delete(
        _ key: [UInt8], context: Context? = nil,
        consistency: WriteConsistency = WriteConsistency()
    ) async throws(MartletError) -> PutResult {
        let words = [Bytes(text: "MARTLET.DELETE"), key] + Self.words(context)
        return try await write(words + consistency.words, consistency)
    }

    /// Sends any command, name first, and gives back its reply. It is sent at most once.
    ///
    /// - Throws: the error that the node replies with as `refused` or its own code, and what any
    ///   request may throw.
    public func command(_ words: [[UInt8]]) async throws(MartletError) -> Reply {
        guard !words.isEmpty else { throw MartletError(.refused, "a command needs a name") }
        return try await exchange(words, isRead: false, timeout: nil).reply
    }

    /// Closes all connections and waits for that; requests that still wait fail.
    public func close() async {
        await table.close()
    }

    private static func words(_ context: Context?) -> [Bytes] {
        context.map { [Bytes(text: "CONTEXT"), Bytes(text: $0.description)] } ?? []
    }

    private func write(
        _ words: [Bytes], _ consistency: WriteConsistency
    ) async throws(MartletError) -> PutResult {
        let (reply, endpoint) = try await exchange(
            words, isRead: false, timeout: consistency.timeout)
        return try read(reply, endpoint) { reply throws(UnexpectedReply) in try PutResult(reply) }
    }

    private func read<Answer>(
        _ reply: Reply, _ endpoint: String, _ body: (Reply) throws(UnexpectedReply) -> Answer
    ) throws(MartletError) -> Answer {
        do throws(UnexpectedReply) {
            return try body(reply)
        } catch {
            throw MartletError(
                .unreadableReply,
                "the reply has no '\(error.what)' that this client can read: is the node of "
                    + "another version?", endpoint: endpoint)
        }
    }
}

extension MartletClient {
    /// Sends `words` to the preferred endpoint and, as far as that is safe, to the next ones.
    func exchange(
        _ words: [Bytes], isRead: Bool, timeout: Duration?
    ) async throws(MartletError) -> (reply: Reply, endpoint: String) {
        let allowed = timeout.map { $0 + Self.wayAllowance } ?? options.requestTimeout
        let deadline = NIODeadline.now() + TimeAmount(allowed)
        var failures: [String] = []
        let attemptLimit = table.targets.count + 1
        let first = await table.preferred
        for attempt in 0..<attemptLimit {
            let index = (first + attempt) % table.targets.count
            let endpoint = table.targets[index].name
            let value: RESPValue
            do throws(ExchangeFailure) {
                let connection = try await table.connection(to: index, deadline: deadline)
                value = try await connection.send(words, deadline: deadline)
                await table.answered(index)
            } catch {
                if await table.hasClosed { throw MartletError(.closed, "the client is closed") }
                switch error {
                case .notSent(let why): failures.append("\(endpoint): \(why)")
                case .lost(let why) where isRead: failures.append("\(endpoint): \(why)")
                default: throw Self.error(error, allowed: allowed, endpoint: endpoint)
                }
                if NIODeadline.now() < deadline { continue }
                throw Self.error(.timedOut, allowed: allowed, endpoint: endpoint)
            }
            if case .error(let error) = value {
                throw MartletError(reply: error, endpoint: endpoint)
            }
            return (Reply(value), endpoint)
        }
        throw MartletError(.notConnected, Self.summary(failures))
    }

    private static func error(
        _ failure: ExchangeFailure, allowed: Duration, endpoint: String
    ) -> MartletError {
        switch failure {
        case .notSent(let why): MartletError(.notConnected, why, endpoint: endpoint)
        case .lost(let why):
            MartletError(
                .connectionLost, "\(why) before it answered; a write may have taken effect",
                endpoint: endpoint)
        case .timedOut:
            MartletError(.timedOut, "no answer within \(allowed)", endpoint: endpoint)
        case .cancelled: MartletError(.cancelled, "cancelled", endpoint: endpoint)
        case .tooManyPending(let limit):
            MartletError(
                .tooManyRequests, "\(limit) requests wait for answers already", endpoint: endpoint)
        case .unreadable(let why): MartletError(.unreadableReply, "\(why)", endpoint: endpoint)
        }
    }

    /// What each endpoint said, each once.
    private static func summary(_ failures: [String]) -> String {
        var distinct: [String] = []
        for failure in failures where !distinct.contains(failure) { distinct.append(failure) }
        return "no node can be reached (\(distinct.joined(separator: "; ")))"
    }
}
