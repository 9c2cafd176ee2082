// A partition's tree as the tables hold it: the value of its entry in the space of trees.

//   entry = u8 version, u64 losses, [tree where it is known]
public import MartletBase

/// What a table says of a partition's tree.
public struct StoredTree: Hashable, Sendable {
    /// All that the node had lost of the partition and its tree when this was written, in a word;
    /// 0 where that was nothing. Where it has lost more since, the tree is of what is no longer
    /// there.
    let losses: UInt64
    /// The tree; nil where it was unknown.
    public let tree: MerkleTree?

    private static let version: UInt8 = 2

    init(_ tree: MerkleTree?, losses: UInt64) {
        self.tree = tree
        self.losses = losses
    }

    func encoded() -> Bytes {
        var writer = ByteWriter(capacity: (tree?.byteCount ?? 0) + 20)
        writer.write(Self.version)
        writer.write(losses)
        tree?.encode(into: &writer)
        return writer.bytes
    }

    /// Reads the value of an entry; any bytes are one or an error.
    public init(decoding bytes: Bytes) throws(FormatError) {
        var reader = ByteReader(bytes)
        let version = try reader.readUInt8()
        guard version == Self.version else { throw reader.error(.unsupportedVersion(version)) }
        losses = try reader.readUInt64()
        tree = reader.remaining == 0 ? nil : try MerkleTree(from: &reader)
        try reader.expectEnd()
    }
}
