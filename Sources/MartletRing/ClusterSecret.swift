// What only the nodes of a cluster know: drawn when the cluster is created, spread and kept with
// the ring. Shown nowhere: not in views, logs or tools.
public import MartletBase

/// The secret of a cluster.
public struct ClusterSecret: Hashable, Sendable {
    /// How many bytes it has.
    public static let byteCount = 32

    let bytes: Bytes
    /// What contexts that are handed to clients are signed with.
    public let contextKey: SipHash.Key

    /// The secret of these bytes; nil unless there are `byteCount`.
    init?(_ bytes: Bytes) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
        let half = Self.byteCount / 2
        // The key for one purpose tells nothing of the secret, nor of keys for others.
        contextKey = SipHash.Key(
            SipHash.hash(
                Bytes(bytes[half...]) + Bytes(text: "contexts"),
                key: SipHash.Key(Bytes(bytes[..<half]))))
    }

    /// Draws a secret. Where it is to be one, `random` must be the system's.
    public static func drawn(by random: inout some RandomNumberGenerator) -> ClusterSecret {
        var writer = ByteWriter(capacity: byteCount)
        for _ in 0..<byteCount / 8 { writer.write(random.next() as UInt64) }
        guard let secret = ClusterSecret(writer.take()) else { fatalError("\(byteCount) bytes") }
        return secret
    }
}

extension ClusterSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing of it.
    public var description: String { "(secret)" }
    /// Nothing of it.
    public var debugDescription: String { description }
    /// Nothing of it.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
