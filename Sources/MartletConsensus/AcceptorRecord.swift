// The acceptor of Paxos: what a node has bound itself to about the decree after one epoch, and the
// two rules by which that grows. It is kept on disk under one key, and no answer goes out before.
//
//     acceptor record := version:u8 = 1  epoch:varint  promised:ballot
//                        hasAccepted:flag  accepted:(accepted decree){hasAccepted}
//     ballot, accepted decree                             as in `DecreeMessages+Coding`
public import MartletBase
internal import MartletRing
public import MartletWire

/// What a node has promised and accepted of the decree that follows one epoch.
public struct AcceptorRecord: Equatable, Sendable {
    private static let formatVersion: UInt8 = 1

    /// The epoch whose members decide the next one.
    public let epoch: UInt64
    /// The node takes no part in lower ballots; its own ballots are among those that it goes by.
    public private(set) var promised: Ballot
    /// What it accepted last.
    public private(set) var accepted: AcceptedDecree?

    /// Nothing promised and nothing accepted after `epoch`.
    public init(epoch: UInt64) {
        self.epoch = epoch
        promised = .lowest
        accepted = nil
    }

    /// Phase 1b of the paper: binds the node to `ballot`, unless it is bound to a higher one. To be
    /// asked twice is to be bound as before. Whether it is bound so.
    mutating func promise(_ ballot: Ballot) -> Bool {
        guard ballot >= promised else { return false }
        promised = ballot
        return true
    }

    /// Phase 2b of the paper: takes the decree, unless the node is bound to a higher ballot.
    /// Whether it was taken.
    mutating func accept(_ decree: AcceptedDecree) -> Bool {
        guard promise(decree.ballot) else { return false }
        accepted = decree
        return true
    }

    /// What of a record cannot be; nil where it can.
    var defect: String? {
        guard let accepted else { return nil }
        if accepted.ballot > promised { return "accepted beyond what was promised" }
        return accepted.topology.epoch - 1 == epoch ? nil : "epoch of an accepted decree"
    }

    /// Appends the encoding: some 20 bytes, and a topology where one was accepted.
    public func encode(into writer: inout ByteWriter) {
        writer.write(Self.formatVersion)
        writer.writeVarint(epoch)
        promised.encode(into: &writer)
        writer.write(accepted != nil)
        accepted?.encode(into: &writer)
    }

    /// Reads what `encode` wrote, and checks that it can be.
    ///
    /// - Throws: what is wrong with the bytes or with what they say.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let version = try reader.readUInt8()
        guard version == Self.formatVersion else {
            throw reader.error(.unsupportedVersion(version))
        }
        epoch = try reader.readVarint()
        promised = try Ballot(from: &reader)
        accepted = try reader.readFlag() ? try AcceptedDecree(from: &reader) : nil
        if let defect { throw reader.error(.invalid(defect)) }
    }
}
