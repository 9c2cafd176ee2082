// The topology as bytes, for gossip and disk: one canonical encoding for each value, so that its
// hash can stand for it.
//
//   topology  := version:u8 = 2  epoch:varint  clusterID:u64  clusterName:text
//                replicaCount:u8  partitionExponent:u8
//                memberCount:varint  member{memberCount}
//                home:varint{2^partitionExponent · min(replicaCount, memberCount)}
//                secret:u8{32}
//   member    := id:u64  name:text  zone:text  weight:varint        ascending by id
//   home      := position among the members; a partition's homes stand together, primary first
//   text      := length:varint  UTF-8
public import MartletBase

extension Topology {
    private static let formatVersion: UInt8 = 2
    private static let memberSizeMinimumBytes = 8 + 2 + 1 + 1

    /// Appends the encoding: about a byte for each home and 30 for each member.
    public func encode(into writer: inout ByteWriter) {
        encodeOpenPart(into: &writer)
        writer.writeRaw(secret.bytes)
    }

    /// Everything but the secret, which no hash that is shown may depend on.
    private func encodeOpenPart(into writer: inout ByteWriter) {
        writer.write(Topology.formatVersion)
        writer.writeVarint(epoch)
        writer.write(clusterID)
        writer.writePrefixed(clusterName)
        writer.write(UInt8(replicaCount))
        writer.write(partitionCount.exponent)
        writer.writeCount(members.count)
        for member in members {
            writer.write(member.id.rawValue)
            writer.writePrefixed(member.name)
            writer.writePrefixed(member.zone)
            writer.writeVarint(UInt64(member.weight))
        }
        for home in homeIndexes { writer.writeVarint(UInt64(home)) }
    }

    /// The encoding alone.
    public func encoded() -> Bytes {
        var writer = ByteWriter(capacity: capacity)
        encode(into: &writer)
        return writer.take()
    }

    /// What `digest` must be.
    func computedDigest() -> UInt64 {
        var writer = ByteWriter(capacity: capacity)
        encodeOpenPart(into: &writer)
        return StableHash.hash(writer.bytes)
    }

    private var capacity: Int { homeIndexes.count * 2 + members.count * 40 + 96 }

    /// Reads what `encode` wrote and checks it against every rule; leaves what follows unread.
    ///
    /// - Throws: what is wrong with the bytes, or the rule that their topology breaks.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let version = try reader.readUInt8()
        guard version == Topology.formatVersion else {
            throw reader.error(.unsupportedVersion(version))
        }
        let epoch = try reader.readVarint()
        let clusterID = try reader.readUInt64()
        let clusterName = try reader.readPrefixedText()
        let replicaCount = Int(try reader.readUInt8())
        guard let partitionCount = PartitionCount(exponent: try reader.readUInt8()) else {
            throw reader.error(.invalid("partition exponent"))
        }
        let members = try Topology.readMembers(from: &reader)
        let homes = try Topology.readHomes(
            count: partitionCount.value * min(replicaCount, members.count), from: &reader)
        guard let secret = ClusterSecret(try reader.readRaw(ClusterSecret.byteCount)) else {
            throw reader.error(.truncated)
        }
        do throws(TopologyError) {
            try self.init(
                epoch: epoch, clusterName: clusterName, clusterID: clusterID,
                secret: secret, replicaCount: replicaCount, partitionCount: partitionCount,
                members: members, homeIndexes: homes)
        } catch {
            throw reader.error(.invalid("topology: \(error)"))
        }
    }

    private static func readMembers(
        from reader: inout ByteReader
    ) throws(FormatError) -> [RingMember] {
        let count = try reader.readCount(minimumSize: memberSizeMinimumBytes)
        guard count <= memberLimit else { throw reader.error(.tooLarge("member count")) }
        var members: [RingMember] = []
        members.reserveCapacity(count)
        for _ in 0..<count {
            let id = NodeID(rawValue: try reader.readUInt64())
            let name = try reader.readPrefixedText()
            let zone = try reader.readPrefixedText()
            guard let weight = UInt32(exactly: try reader.readVarint()) else {
                throw reader.error(.tooLarge("weight"))
            }
            members.append(RingMember(id: id, name: name, zone: zone, weight: weight))
        }
        return members
    }

    private static func readHomes(
        count: Int, from reader: inout ByteReader
    ) throws(FormatError) -> [UInt16] {
        guard count <= reader.remaining else { throw reader.error(.truncated) }
        var homes: [UInt16] = []
        homes.reserveCapacity(count)
        for _ in 0..<count {
            guard let home = UInt16(exactly: try reader.readVarint()) else {
                throw reader.error(.tooLarge("home"))
            }
            homes.append(home)
        }
        return homes
    }
}
