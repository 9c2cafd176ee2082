// The topology as bytes, for gossip and disk: one canonical encoding for each value, so that its
// hash can stand for it.
//
//   topology  := version:u8 = 3  epoch:varint  clusterID:u64  clusterName:text
//                replicaCount:u8  partitionExponent:u8
//                memberCount:varint  member{memberCount}
//                home:varint{2^partitionExponent · min(replicaCount, memberCount)}
//                departedCount:varint  id:u64{departedCount}
//                moveCount:varint  move{moveCount}                  ascending by partition
//                secret:u8{32}
//   member    := id:u64  name:text  zone:text  weight:varint  standing:u8
//                disk:varint                                        ascending by id
//   move      := partition:varint  since:varint  formerCount:varint  former:varint{formerCount}
//   home, former := position among the members; a partition's homes stand together, primary first
//   text      := length:varint  UTF-8
public import MartletBase

extension Topology {
    private static let formatVersion: UInt8 = 3
    private static let memberSizeMinimumBytes = 8 + 2 + 1 + 1 + 1 + 1
    private static let moveSizeMinimumBytes = 1 + 1 + 1 + 1

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
            writer.write(member.standing.rawValue)
            writer.writeVarint(member.disk)
        }
        for home in homeIndexes { writer.writeVarint(UInt64(home)) }
        writer.writeCount(departed.count)
        for node in departed { writer.write(node.rawValue) }
        writer.writeCount(moves.count)
        for move in moves {
            writer.writeVarint(UInt64(move.partition.index))
            writer.writeVarint(move.since)
            writer.writeCount(move.former.count)
            for home in move.former {
                writer.writeVarint(UInt64(members.partitionIndex { $0.id < home }))
            }
        }
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

    private var capacity: Int {
        homeIndexes.count * 2 + members.count * 40 + departed.count * 8 + moves.count * 12 + 96
    }

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
            count: partitionCount.value * Topology.homesPerPartition(replicaCount, of: members),
            from: &reader)
        let departed = try Topology.readDeparted(from: &reader)
        let moves = try Topology.readMoves(members, from: &reader)
        guard let secret = ClusterSecret(try reader.readRaw(ClusterSecret.byteCount)) else {
            throw reader.error(.truncated)
        }
        do throws(TopologyError) {
            try self.init(
                epoch: epoch, clusterName: clusterName, clusterID: clusterID,
                secret: secret, replicaCount: replicaCount, partitionCount: partitionCount,
                members: members, homeIndexes: homes, moves: moves, departed: departed)
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
            guard let standing = RingMember.Standing(rawValue: try reader.readUInt8()) else {
                throw reader.error(.invalid("standing of a member"))
            }
            members.append(
                RingMember(
                    id: id, name: name, zone: zone, weight: weight, standing: standing,
                    disk: try reader.readVarint()))
        }
        return members
    }

    private static func readDeparted(
        from reader: inout ByteReader
    ) throws(FormatError) -> [NodeID] {
        let count = try reader.readCount(minimumSize: 8)
        guard count <= departedLimit else { throw reader.error(.tooLarge("departed count")) }
        var departed: [NodeID] = []
        departed.reserveCapacity(count)
        for _ in 0..<count { departed.append(NodeID(rawValue: try reader.readUInt64())) }
        return departed
    }

    private static func readMoves(
        _ members: [RingMember], from reader: inout ByteReader
    ) throws(FormatError) -> [PartitionMove] {
        let count = try reader.readCount(minimumSize: moveSizeMinimumBytes)
        guard count <= Slot.count else { throw reader.error(.tooLarge("move count")) }
        var moves: [PartitionMove] = []
        moves.reserveCapacity(count)
        for _ in 0..<count {
            guard let partition = UInt16(exactly: try reader.readVarint()) else {
                throw reader.error(.tooLarge("partition of a move"))
            }
            let since = try reader.readVarint()
            let formerCount = try reader.readCount()
            guard formerCount <= replicaCountLimit else {
                throw reader.error(.tooLarge("former homes"))
            }
            var former: [NodeID] = []
            for index in try readHomes(count: formerCount, from: &reader) {
                guard Int(index) < members.count else {
                    throw reader.error(.invalid("former home"))
                }
                former.append(members[Int(index)].id)
            }
            moves.append(
                PartitionMove(
                    partition: Partition(index: partition), former: former, since: since))
        }
        return moves
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
