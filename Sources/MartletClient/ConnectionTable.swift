// The client's connections, one for each endpoint, made when first needed and made again when they
// break. Chooses where to send: the endpoint that worked last, then the others in order.
internal import MartletBase
internal import NIOCore

/// An address to dial: a host name or IP literal, and a port.
struct DialTarget: Hashable {
    var host: String
    var port: Int
    /// As the program gave it.
    var name: String

    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`; the port is 7400 where none is given.
    init?(_ text: String) {
        name = text
        if let endpoint = Endpoint(text) {
            (host, port) = (endpoint.host, Int(endpoint.port))
        } else if text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count > 2 {
            (host, port) = (String(text.dropFirst().dropLast()), 7400)
        } else if !text.isEmpty, !text.contains(":") {
            (host, port) = (text, 7400)
        } else {
            return nil
        }
        if port == 0 || host.contains(where: { " []".contains($0) }) { return nil }
    }
}

/// The connections of one client.
actor ConnectionTable {
    private typealias Opening = Task<Result<Connection, ExchangeFailure>, Never>

    nonisolated let targets: [DialTarget]
    private let options: ClientOptions
    private var connections: [Connection?]
    private var openings: [Opening?]
    /// The index of the endpoint to try first.
    private(set) var preferred = 0
    private var isClosed = false

    init(_ targets: [DialTarget], options: ClientOptions) {
        self.targets = targets
        self.options = options
        connections = Array(repeating: nil, count: targets.count)
        openings = Array(repeating: nil, count: targets.count)
    }

    /// Remembers that the endpoint at `index` answered: the next request begins there.
    func answered(_ index: Int) { preferred = index }

    /// A connection to the endpoint at `index`; concurrent callers share one attempt, within the
    /// deadline of the first of them.
    func connection(
        to index: Int, deadline: NIODeadline
    ) async throws(ExchangeFailure) -> Connection {
        if isClosed { throw .notSent("the client is closed") }
        if let connection = connections[index], connection.isActive { return connection }
        if let opening = openings[index] { return try await opening.value.get() }
        let target = targets[index]
        let opening = Opening { [options] in
            do throws(ExchangeFailure) {
                return .success(
                    try await Connection.open(
                        host: target.host, port: target.port, options: options,
                        deadline: min(deadline, .now() + TimeAmount(options.connectTimeout))))
            } catch {
                return .failure(error)
            }
        }
        openings[index] = opening
        let result = await opening.value
        openings[index] = nil
        let connection = try result.get()
        if isClosed {
            connection.close()
            throw .notSent("the client is closed")
        }
        connections[index] = connection
        return connection
    }

    /// Closes every connection and waits for that. No connection is made from now on.
    func close() async {
        isClosed = true
        let closing = connections.compactMap(\.self)
        connections = Array(repeating: nil, count: targets.count)
        for connection in closing { await connection.closeAndWait() }
    }

    /// Whether `close` was called.
    var hasClosed: Bool { isClosed }
}
