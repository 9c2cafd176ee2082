// Who a node is, and where it is reached.

/// A node's identity, drawn once when its data directory is made and kept beside the data.
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 64 random bits.
    public var rawValue: UInt64

    /// The identity with these bits.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// By bits: an order that every node agrees on.
    public static func < (left: NodeID, right: NodeID) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Reads the sixteen digits that `description` writes; nil for anything else.
    public init?(_ description: String) {
        guard let bits = UInt64(description, radix: 16) else { return nil }
        self.init(rawValue: bits)
        // The radix reader also takes signs, capitals and short forms.
        guard self.description == description else { return nil }
    }
}

/// An address that can be dialled: an IP literal and a port.
public struct Endpoint: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal.
    public var host: String
    /// A UDP or TCP port.
    public var port: UInt16

    /// The address `host`:`port`.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// By host, then port.
    public static func < (left: Endpoint, right: Endpoint) -> Bool {
        (left.host, left.port) < (right.host, right.port)
    }

    /// `host:port`, with brackets round IPv6.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Reads `host:port` or `[v6]:port`; nil where either part is missing or out of range.
    public init?(_ description: String) {
        guard let colon = description.lastIndex(of: ":"),
            description[colon...].dropFirst().utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            let port = UInt16(description[colon...].dropFirst())
        else { return nil }
        var host = description[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }
}
