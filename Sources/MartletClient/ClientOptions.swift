// The knobs of one client.

/// How a client behaves.
public struct ClientOptions: Hashable, Sendable {
    /// How long an attempt to connect may take before the next endpoint is tried. Default 1 s.
    /// Shorter moves on sooner from hosts that swallow packets; longer suits slow networks.
    public var connectTimeout = Duration.seconds(1)
    /// How long a request may take in all, attempts at several endpoints included. Default 5 s. A
    /// request with a `timeout` of its own gets that and half a second for the way instead.
    public var requestTimeout = Duration.seconds(5)
    /// Requests that may wait for answers on one connection before more are refused. Default
    /// 10,000. More absorbs bursts; fewer tells of a slow node sooner.
    public var pendingRequestLimit = 10_000
    /// The name that the node lists this client under; no blanks. Default none.
    public var name: String?

    /// The defaults.
    public init() {}
}
