// How messages travel over a stream between two nodes.
//
//     dialling side   hello                  begin  message*
//     accepting side          hello | refusal       message*
//
// Each side names itself and whom it takes the other for. The side that dialled then begins, or
// hangs up where another connection of the two is to be the one (`LinkSettlement`); until then
// neither has sent anything that could be lost with it.
//
//     frame   = length:u32  crc32c:u32  check:u32  payload
//               length and crc32c are of the payload; check is the crc32c of those eight bytes, so
//               that a wrong length is noticed at once, not after as many bytes as it says
//     payload = hello | refusal | begin | message+
//               what a turn has for a peer goes into one frame, as far as `MessageFrames` lets it
//     hello   = 0:u8  "MRTL"  version:u8  cluster: text  node:u64  name: text  sought:u64
//               shard:u8  shards:u8  soughtShard:u8
//     refusal = 1:u8  reason: text          the last frame of who sends it
//     begin   = 2:u8
public import MartletBase
public import MartletRing

/// How either side of a link introduces itself.
public struct Hello: Hashable, Sendable {
    /// The version of the peer protocol that this build speaks.
    public static let protocolVersion: UInt8 = 8
    static let magic = Bytes(text: "MRTL")

    /// The cluster's name; a node of another cluster is refused.
    public var clusterName: String
    /// Who speaks.
    public var node: NodeID
    /// Its name, for logs.
    public var name: String
    /// Whom it means to speak to: an address may have passed to another node since.
    public var sought: NodeID
    /// Which of its shards speaks.
    public var shard: Shard
    /// Which of the other node's shards it means to speak to. Whoever dials may be wrong about how
    /// many there are: the answer tells.
    public var soughtShard: Int

    /// The introduction of `node` to `sought`.
    public init(
        clusterName: String, node: NodeID, name: String, sought: NodeID, shard: Shard = .only,
        soughtShard: Int = 0
    ) {
        self.clusterName = clusterName
        self.node = node
        self.name = name
        self.sought = sought
        self.shard = shard
        self.soughtShard = soughtShard
    }
}

/// What one frame says, or one of the messages in it.
public enum Frame: Equatable, Sendable {
    /// The first frame of either side.
    case hello(Hello)
    /// Why the sender hangs up.
    case refusal(String)
    /// The dialling side takes this connection for the link; messages follow from both.
    case begin
    /// Everything else.
    case message(PeerMessage)

    /// Bytes of length and checksums before a payload.
    public static let headerSize = 12
    /// Those of them that the last four are the checksum of.
    private static let checkedSize = 8
    /// No payload is larger, in bytes: twice the largest object that storage could take.
    public static let payloadLimit = 64 << 20

    private static let helloKind: UInt8 = 0
    private static let refusalKind: UInt8 = 1
    private static let beginKind: UInt8 = 2

    /// Appends the frame, header and all; appends nothing and returns false when its payload is
    /// above `limit` bytes, which hostile clients could bring about together.
    @discardableResult
    public func encode(
        into writer: inout ByteWriter, limit: Int = Self.payloadLimit
    ) -> Bool {
        let start = writer.count
        writer.writeZeros(Self.headerSize)
        switch self {
        case .hello(let hello):
            writer.write(Self.helloKind)
            writer.writeRaw(Hello.magic)
            writer.write(Hello.protocolVersion)
            writer.writePrefixed(hello.clusterName)
            writer.write(hello.node.rawValue)
            writer.writePrefixed(hello.name)
            writer.write(hello.sought.rawValue)
            writer.write(UInt8(hello.shard.index))
            writer.write(UInt8(hello.shard.count))
            writer.write(UInt8(hello.soughtShard))
        case .refusal(let reason):
            writer.write(Self.refusalKind)
            writer.writePrefixed(reason)
        case .begin: writer.write(Self.beginKind)
        case .message(let message): message.encode(into: &writer)
        }
        guard writer.count - start - Self.headerSize <= limit else {
            writer.truncate(to: start)
            return false
        }
        Self.writeHeader(at: start, in: &writer)
        return true
    }

    /// Fills in the header at `start`, of the payload that is all that follows.
    static func writeHeader(at start: Int, in writer: inout ByteWriter) {
        let body = start + headerSize..<writer.count
        writer.patch(UInt32(body.count), at: start)
        writer.patch(Checksum.crc32c(writer.bytes, body), at: start + 4)
        let checked = start..<start + checkedSize
        writer.patch(Checksum.crc32c(writer.bytes, checked), at: checked.upperBound)
    }

    /// Reads the header at `start`, all of which is there.
    ///
    /// - Parameter limit: no payload may be larger, in bytes.
    static func readHeader(
        from bytes: Bytes, at start: Int, limit: Int
    ) throws(FormatError) -> (length: Int, checksum: UInt32) {
        var reader = ByteReader(bytes, start..<start + headerSize)
        let length = Int(try reader.readUInt32())
        let checksum = try reader.readUInt32()
        guard length <= limit else { throw FormatError(.tooLarge("frame"), at: start) }
        let check = Checksum.crc32c(bytes, start..<start + checkedSize)
        guard try reader.readUInt32() == check else {
            throw FormatError(.checksumMismatch, at: start)
        }
        return (length, checksum)
    }

    /// Whether it may share its frame with others.
    var isMessage: Bool { if case .message = self { true } else { false } }

    /// Reads a payload, or the next message of it: only messages may be followed by anything.
    init(payload reader: inout ByteReader) throws(FormatError) {
        var body = reader
        switch try body.readUInt8() {
        case Self.helloKind: self = .hello(try Self.readHello(from: &body))
        case Self.refusalKind: self = .refusal(try body.readPrefixedText())
        case Self.beginKind: self = .begin
        default:
            self = .message(try PeerMessage(from: &reader))
            return
        }
        try body.expectEnd()
        reader = body
    }

    private static func readHello(from reader: inout ByteReader) throws(FormatError) -> Hello {
        guard try reader.readRaw(Hello.magic.count) == Hello.magic else {
            throw reader.error(.invalid("magic: not a Martlet peer"))
        }
        let version = try reader.readUInt8()
        guard version == Hello.protocolVersion else {
            throw reader.error(.unsupportedVersion(version))
        }
        let clusterName = try reader.readPrefixedText()
        let node = NodeID(rawValue: try reader.readUInt64())
        let name = try reader.readPrefixedText()
        let sought = NodeID(rawValue: try reader.readUInt64())
        let (index, count) = (Int(try reader.readUInt8()), Int(try reader.readUInt8()))
        let soughtShard = Int(try reader.readUInt8())
        guard (1...Shard.limit).contains(count), index < count, soughtShard < Shard.limit else {
            throw reader.error(.invalid("shard"))
        }
        return Hello(
            clusterName: clusterName, node: node, name: name, sought: sought,
            shard: Shard(index: index, of: count), soughtShard: soughtShard)
    }
}
