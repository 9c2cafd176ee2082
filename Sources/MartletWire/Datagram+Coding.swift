// The bytes of a datagram, little-endian:
//
//     datagram = magic:u32 ("mrtl")  version:u8 (2)  cluster:u64  sender:u64  sequence:u64
//                epoch:u64  wall:u64  kind:u8  [target:u64]  count:varint  member*  crc32c:u32
//     kind     = 0: ping whoever is there | 1: ping, target | 2: ping request, target | 3: ack
//              | 4: name taken, target
//     cluster  = the stable hash of the cluster's name; crc32c covers all that stands before it
public import MartletBase

extension Datagram {
    /// The largest datagram sent or accepted, in bytes: below the smallest usual MTU.
    public static let maximumSize = 1_400

    private static let magic: UInt32 = 0x6C74_726D
    private static let formatVersion: UInt8 = 2
    private static let prefixSize = 5
    private static let checksumSize = 4

    /// Room for everything but the members, in bytes, at most.
    public static let overheadLimit = prefixSize + 40 + 9 + 2 + checksumSize

    /// What datagrams of the cluster with this name carry, so that two clusters on one network
    /// never mix. Not a secret and no protection against malice.
    public static func clusterHash(of name: String) -> UInt64 {
        StableHash.hash(Array(name.utf8))
    }

    /// The datagram's bytes, for the cluster with this hash; never above `maximumSize`, which
    /// the sender owes by the choice of `members`.
    public func encoded(cluster: UInt64) -> Bytes {
        var writer = ByteWriter(capacity: Self.maximumSize)
        writer.write(Self.magic)
        writer.write(Self.formatVersion)
        writer.write(cluster)
        writer.write(sender.rawValue)
        writer.write(sequence)
        writer.write(epoch)
        writer.write(wall.milliseconds)
        switch kind {
        case .ping(target: nil):
            writer.write(0 as UInt8)
        case .ping(target: let target?):
            writer.write(1 as UInt8)
            writer.write(target.rawValue)
        case .pingRequest(let target):
            writer.write(2 as UInt8)
            writer.write(target.rawValue)
        case .ack:
            writer.write(3 as UInt8)
        case .nameTaken(let owner):
            writer.write(4 as UInt8)
            writer.write(owner.rawValue)
        }
        writer.writeCount(members.count)
        for member in members { member.encode(into: &writer) }
        writer.write(Checksum.crc32c(writer.bytes))
        invariant(writer.count <= Self.maximumSize, "a datagram of \(writer.count) bytes")
        return writer.take()
    }

    /// Reads what `encoded` wrote for the same cluster. Checked in this order: size, magic,
    /// version, checksum, cluster, then every field; a wrong cluster is `invalid("cluster")`.
    public init(_ bytes: Bytes, cluster: UInt64) throws(FormatError) {
        guard bytes.count <= Self.maximumSize else {
            throw FormatError(.tooLarge("datagram"), at: 0)
        }
        let end = bytes.count - Self.checksumSize
        guard end >= Self.prefixSize else { throw FormatError(.truncated, at: bytes.count) }
        var reader = ByteReader(bytes, 0..<end)
        guard try reader.readUInt32() == Self.magic else {
            throw FormatError(.invalid("magic"), at: 0)
        }
        let version = try reader.readUInt8()
        guard version == Self.formatVersion else {
            throw FormatError(.unsupportedVersion(version), at: Self.prefixSize - 1)
        }
        var trailer = ByteReader(bytes, end..<bytes.count)
        guard try trailer.readUInt32() == Checksum.crc32c(bytes, 0..<end) else {
            throw FormatError(.checksumMismatch, at: end)
        }
        guard try reader.readUInt64() == cluster else {
            throw FormatError(.invalid("cluster"), at: Self.prefixSize)
        }
        try self.init(body: &reader)
        try reader.expectEnd()
    }

    private init(body reader: inout ByteReader) throws(FormatError) {
        let sender = NodeID(rawValue: try reader.readUInt64())
        let sequence = try reader.readUInt64()
        let epoch = try reader.readUInt64()
        let wall = WallTime(milliseconds: try reader.readUInt64())
        let kind = try Self.readKind(from: &reader)
        let count = try reader.readCount(minimumSize: Member.minimumEncodedSize)
        var members: [Member] = []
        members.reserveCapacity(count)
        for _ in 0..<count { members.append(try Member(from: &reader)) }
        self.init(sender: sender, sequence: sequence, epoch: epoch, kind: kind, members: members)
        self.wall = wall
    }

    private static func readKind(from reader: inout ByteReader) throws(FormatError) -> Kind {
        switch try reader.readUInt8() {
        case 0: return .ping(target: nil)
        case 1: return .ping(target: NodeID(rawValue: try reader.readUInt64()))
        case 2: return .pingRequest(target: NodeID(rawValue: try reader.readUInt64()))
        case 3: return .ack
        case 4: return .nameTaken(by: NodeID(rawValue: try reader.readUInt64()))
        default: throw reader.error(.invalid("datagram kind"))
        }
    }
}
