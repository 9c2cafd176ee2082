// The bytes of the messages that decide the next epoch.
//
//     decree message = step:u8  epoch:varint  ballot  rest
//       prepare  = 0
//       promised = 1  accepted:flag  (accepted decree){accepted}
//       accept   = 2  topology                                    as in `TopologyCodec`
//       accepted = 3
//       refused  = 4  ballot
//     accepted decree = ballot  topology
//     ballot          = round:varint  proposer:u64
public import MartletBase
internal import MartletRing

extension Ballot {
    /// Appends the encoding, 9 to 17 bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.writeVarint(round)
        writer.write(proposer.rawValue)
    }

    /// Reads what `encode` wrote.
    ///
    /// - Throws: what is wrong with the bytes.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let round = try reader.readVarint()
        guard round <= Ballot.roundLimit else { throw reader.error(.tooLarge("round")) }
        self.init(round: round, proposer: NodeID(rawValue: try reader.readUInt64()))
    }
}

extension AcceptedDecree {
    /// Appends the encoding, that of the topology for the most part.
    public func encode(into writer: inout ByteWriter) {
        ballot.encode(into: &writer)
        topology.encode(into: &writer)
    }

    /// Reads what `encode` wrote; the topology obeys its own rules, whatever the epoch.
    ///
    /// - Throws: what is wrong with the bytes.
    public init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            ballot: try Ballot(from: &reader), topology: try Topology(from: &reader))
    }
}

extension DecreeMessage {
    private enum Kind: UInt8 {
        case prepare = 0
        case promised, accept, accepted, refused
    }

    private var kind: Kind {
        switch step {
        case .prepare: .prepare
        case .promised: .promised
        case .accept: .accept
        case .accepted: .accepted
        case .refused: .refused
        }
    }

    /// Appends the encoding: some 20 bytes, and a topology where the step has one.
    public func encode(into writer: inout ByteWriter) {
        writer.write(kind.rawValue)
        writer.writeVarint(epoch)
        ballot.encode(into: &writer)
        switch step {
        case .prepare, .accepted: break
        case .promised(let accepted):
            writer.write(accepted != nil)
            accepted?.encode(into: &writer)
        case .accept(let topology): topology.encode(into: &writer)
        case .refused(let promised): promised.encode(into: &writer)
        }
    }

    /// Reads what `encode` wrote. Whether the decree fits the epoch is left to who handles it.
    ///
    /// - Throws: what is wrong with the bytes.
    public init(from reader: inout ByteReader) throws(FormatError) {
        guard let kind = Kind(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("kind of decree message"))
        }
        let epoch = try reader.readVarint()
        let ballot = try Ballot(from: &reader)
        let step: Step
        switch kind {
        case .prepare: step = .prepare
        case .promised:
            step = .promised(
                accepted: try reader.readFlag() ? try AcceptedDecree(from: &reader) : nil)
        case .accept: step = .accept(try Topology(from: &reader))
        case .accepted: step = .accepted
        case .refused: step = .refused(promised: try Ballot(from: &reader))
        }
        self.init(epoch: epoch, ballot: ballot, step)
    }
}
