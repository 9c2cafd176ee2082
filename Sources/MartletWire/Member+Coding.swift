// The bytes of members, in datagrams and push/pull alike.
//
//     member   = id:u64  incarnation:varint  state:u8  weight:varint  name:text  zone:text
//                peer:endpoint  client:endpoint
//     endpoint = host:text  port:u16
//     text     = length:varint  UTF-8 without control characters
//     pushPull = epoch:u64  wantsReply:flag  count:varint  member*       strictly by id
public import MartletBase

extension Endpoint {
    /// The longest host that is accepted, in bytes: an IPv6 literal at its longest.
    public static let hostLimit = 45

    /// What makes this no address that can be dialled; nil when nothing does.
    public var defect: String? {
        let host = host.utf8
        if host.isEmpty || host.count > Self.hostLimit { return "host length" }
        let isLiteral = host.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        if !isLiteral { return "host (not an IP literal)" }
        return port == 0 ? "port" : nil
    }

    var encodedByteCount: Int { 1 + host.utf8.count + 2 }

    func encode(into writer: inout ByteWriter) {
        writer.writePrefixed(host)
        writer.write(port)
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let host = try reader.readText(limit: Self.hostLimit, of: "host")
        self.init(host: host, port: try reader.readUInt16())
        if let defect { throw reader.error(.invalid(defect)) }
    }
}

extension Member {
    /// The longest name, in bytes of UTF-8.
    public static let nameLimit = 64
    /// The longest zone, in bytes of UTF-8.
    public static let zoneLimit = 64
    /// The highest incarnation that is accepted from outside: beyond any node's lifetime of
    /// refutations, and far from overflow.
    public static let incarnationLimit: UInt64 = 1 << 56

    static let minimumEncodedSize = 22

    /// What would make another node refuse this record; nil when nothing does. O(length of texts).
    public var defect: String? {
        if name.isEmpty || name.utf8.count > Self.nameLimit { return "name length" }
        if zone.utf8.count > Self.zoneLimit { return "zone length" }
        if name.utf8.contains(where: isControl) { return "name (control character)" }
        if zone.utf8.contains(where: isControl) { return "zone (control character)" }
        if weight == 0 { return "weight" }
        if incarnation > Self.incarnationLimit { return "incarnation" }
        if let defect = peerEndpoint.defect { return "peer " + defect }
        if let defect = clientEndpoint.defect { return "client " + defect }
        return nil
    }

    /// How many bytes `encode` appends. O(1).
    public var encodedByteCount: Int {
        8 + varintByteCount(incarnation) + 1 + varintByteCount(UInt64(weight))
            + 1 + name.utf8.count + 1 + zone.utf8.count
            + peerEndpoint.encodedByteCount + clientEndpoint.encodedByteCount
    }

    /// Appends the member's bytes; the record must be without defect.
    public func encode(into writer: inout ByteWriter) {
        writer.write(id.rawValue)
        writer.writeVarint(incarnation)
        writer.write(state.rawValue)
        writer.writeVarint(UInt64(weight))
        writer.writePrefixed(name)
        writer.writePrefixed(zone)
        peerEndpoint.encode(into: &writer)
        clientEndpoint.encode(into: &writer)
    }

    /// Reads what `encode` wrote; fails on anything that has a defect.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let id = NodeID(rawValue: try reader.readUInt64())
        let incarnation = try reader.readVarint()
        guard let state = MemberState(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("member state"))
        }
        guard let weight = UInt32(exactly: try reader.readVarint()) else {
            throw reader.error(.invalid("weight"))
        }
        let name = try reader.readText(limit: Self.nameLimit, of: "name")
        let zone = try reader.readText(limit: Self.zoneLimit, of: "zone")
        self.init(
            id: id, name: name, zone: zone, weight: weight,
            peerEndpoint: try Endpoint(from: &reader),
            clientEndpoint: try Endpoint(from: &reader),
            incarnation: incarnation, state: state)
        if let defect { throw reader.error(.invalid(defect)) }
    }
}

extension PushPull {
    /// The most members that one exchange carries, and so the most that a node may know.
    public static let memberLimit = 1_024

    /// Appends the bytes of the whole view.
    public func encode(into writer: inout ByteWriter) {
        invariant(members.count <= Self.memberLimit, "push/pull of \(members.count) members")
        writer.write(epoch)
        writer.write(wantsReply)
        writer.writeCount(members.count)
        for member in members { member.encode(into: &writer) }
    }

    /// Reads what `encode` wrote; fails on too many members and on any out of order.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let epoch = try reader.readUInt64()
        let wantsReply = try reader.readFlag()
        let count = try reader.readCount(minimumSize: Member.minimumEncodedSize)
        guard count <= Self.memberLimit else { throw reader.error(.tooLarge("member count")) }
        var members: [Member] = []
        members.reserveCapacity(count)
        for _ in 0..<count {
            let member = try Member(from: &reader)
            if let last = members.last, last.id >= member.id {
                throw reader.error(.invalid("member order"))
            }
            members.append(member)
        }
        self.init(members: members, wantsReply: wantsReply, epoch: epoch)
    }
}

extension ByteReader {
    /// Text of at most `limit` bytes; nothing longer is copied.
    fileprivate mutating func readText(
        limit: Int, of what: String
    ) throws(FormatError) -> String {
        let count = try readCount()
        guard count <= limit else { throw error(.tooLarge(what)) }
        let raw = try readRaw(count)
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw error(.invalid("UTF-8"))
        }
        return text
    }
}

private func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

private func varintByteCount(_ value: UInt64) -> Int {
    max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
}
