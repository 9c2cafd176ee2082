// The one error of the client. Its codes are a closed set today and may grow: match the ones you
// handle and pass the rest on.
internal import MartletRESP

/// Why a request has no answer.
public struct MartletError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is, for programs.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        enum Base: String {
            case notConnected, connectionLost, timedOut, cancelled, closed, tooManyRequests
            case unreadableReply, noCluster, noQuorum, deadlinePassed, overloaded, tooLarge
            case tooManySiblings, clockSkew, storage, invalidRequest, refused, invalidEndpoint
        }

        let base: Base

        /// No node could be reached. The request was not sent.
        public static let notConnected = Code(base: .notConnected)
        /// The connection broke before the answer came.
        public static let connectionLost = Code(base: .connectionLost)
        /// The client's own deadline passed before the answer came.
        public static let timedOut = Code(base: .timedOut)
        /// The task that waited for the answer was cancelled.
        public static let cancelled = Code(base: .cancelled)
        /// The client was closed.
        public static let closed = Code(base: .closed)
        /// `ClientOptions.pendingRequestLimit` was reached. The request was not sent.
        public static let tooManyRequests = Code(base: .tooManyRequests)
        /// What came back is no reply to what was asked; the connection is closed.
        public static let unreadableReply = Code(base: .unreadableReply)
        /// The text given to `connect` names no endpoint.
        public static let invalidEndpoint = Code(base: .invalidEndpoint)

        /// The node belongs to no cluster yet.
        public static let noCluster = Code(base: .noCluster)
        /// Fewer replicas can be reached than the request needs. Nothing was written.
        public static let noQuorum = Code(base: .noQuorum)
        /// Fewer replicas had answered the node by the request's timeout than it needs.
        public static let deadlinePassed = Code(base: .deadlinePassed)
        /// The node has more requests in flight than its limit. Nothing was written.
        public static let overloaded = Code(base: .overloaded)
        /// A key or value above the node's limit.
        public static let tooLarge = Code(base: .tooLarge)
        /// The write would leave more siblings than the limit: read, merge, write with the context.
        public static let tooManySiblings = Code(base: .tooManySiblings)
        /// A node's wall clock is too far off for its timestamps to be believed.
        public static let clockSkew = Code(base: .clockSkew)
        /// The storage of too many replicas refuses writes.
        public static let storage = Code(base: .storage)
        /// The options or the context of the request cannot be meant: more replicas than there
        /// are, or a context that no read gave.
        public static let invalidRequest = Code(base: .invalidRequest)
        /// Anything else that the node refuses; the message is its text.
        public static let refused = Code(base: .refused)

        /// The code's name.
        public var description: String { base.rawValue }
    }

    /// What kind of failure it is.
    public var code: Code
    /// What happened and what to do, for people.
    public var message: String
    /// The node that was asked last, as given to `connect`; nil when none was.
    public var endpoint: String?

    /// A failure of kind `code`, for tests and for code that stands in for a client.
    public init(_ code: Code, _ message: String, endpoint: String? = nil) {
        self.code = code
        self.message = message
        self.endpoint = endpoint
    }

    /// Whether a write that failed like this may have taken effect, or may yet: read before writing
    /// again. Writing again with the same context is always safe; it may leave two siblings.
    public var isOutcomeUnknown: Bool {
        switch code.base {
        case .connectionLost, .timedOut, .cancelled, .unreadableReply, .deadlinePassed, .closed:
            true
        case .notConnected, .tooManyRequests, .noCluster, .noQuorum, .overloaded, .tooLarge,
            .tooManySiblings, .clockSkew, .storage, .invalidRequest, .refused, .invalidEndpoint:
            false
        }
    }

    /// One line: who, and what.
    public var description: String {
        endpoint.map { "\($0): \(message)" } ?? message
    }
}

extension MartletError {
    /// The error that a node replied with.
    init(reply: RESPReplyError, endpoint: String) {
        let code: Code? =
            switch reply.code {
            case "CLUSTERDOWN": .noCluster
            case "NOQUORUM": .noQuorum
            case "TIMEOUT": .deadlinePassed
            case "OVERLOADED": .overloaded
            case "TOOLARGE": .tooLarge
            case "SIBLINGS": .tooManySiblings
            case "CLOCKSKEW": .clockSkew
            case "STORAGE": .storage
            case "INVALID": .invalidRequest
            default: nil
            }
        let isPlain = code != nil || reply.code == "ERR"
        self.init(
            code ?? .refused, isPlain ? String(reply.message) : reply.description,
            endpoint: endpoint)
    }
}
