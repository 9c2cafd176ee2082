// The bytes of what replicas say of their trees.
//
//     nodes     = stage:u8  window  count:varint  (place  node-set  hash*)*         a hash a node
//     reply     = count:varint  (place  depth:u8 of the tree  objects:varint  node-set)*
//     question  = count:varint  (place  node-set)*
//     digests   = partition:u16  depth:u8  leaf:u16  window  count:varint  hash*
//     place     = gap:varint     which partition: they ascend, see `Ascending+Coding`
//     window    = (start << 3 | length - 1):u8
//     hash      = the bytes of the window, the lowest first
//     node-set  = depth:u8  group* behind their count:varint; to depth 4 the mask of the only one
//     group     = place  mask:u16     the sixteen nodes that begin with a multiple of 16: which
//                 multiple, and a bit for each that is meant, the lowest for the first; never none
internal import MartletBase

extension TreeNodes {
    func encode(into writer: inout ByteWriter) {
        writer.write(stage.rawValue)
        writer.write(window)
        writer.writeAscending(parts, by: \.partition) { part, writer in
            writer.write(part.nodes)
            for hash in part.hashes { writer.write(hash, in: window) }
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        guard let stage = Stage(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("stage"))
        }
        let window = try reader.readWindow()
        let parts = try reader.readAscending(minimumSize: 3) {
            (partition, reader) throws(FormatError) in
            let nodes = try reader.readNodeSet()
            var hashes: [UInt64] = []
            for _ in nodes.indexes { hashes.append(try reader.readHash(in: window)) }
            return Part(partition: partition, nodes: nodes, hashes: hashes)
        }
        self.init(stage: stage, window: window, parts: parts)
    }
}

extension TreeNodesReply {
    func encode(into writer: inout ByteWriter) {
        writer.writeAscending(parts, by: \.partition) { part, writer in
            writer.write(part.treeDepth)
            writer.writeVarint(part.objectCount)
            writer.write(part.differing)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let parts = try reader.readAscending(minimumSize: 5) {
            (partition, reader) throws(FormatError) in
            Part(
                partition: partition, treeDepth: try reader.readTreeDepth(),
                objectCount: try reader.readVarint(), differing: try reader.readNodeSet())
        }
        self.init(parts: parts)
    }
}

extension LeafQuestion {
    func encode(into writer: inout ByteWriter) {
        writer.writeAscending(parts, by: \.partition) { part, writer in
            writer.write(part.leaves)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let parts = try reader.readAscending(minimumSize: 3) {
            (partition, reader) throws(FormatError) in
            Part(partition: partition, leaves: try reader.readNodeSet())
        }
        self.init(parts: parts)
    }
}

extension LeafDigests {
    func encode(into writer: inout ByteWriter) {
        writer.write(partition)
        writer.write(depth)
        writer.write(leaf)
        writer.write(window)
        writer.writeCount(digests.count)
        for digest in digests { writer.write(digest, in: window) }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            partition: try reader.readUInt16(), depth: try reader.readTreeDepth(),
            leaf: try reader.readUInt16(), window: try reader.readWindow(), digests: [])
        for _ in 0..<(try reader.readCount(minimumSize: Int(window.byteCount))) {
            digests.append(try reader.readHash(in: window))
        }
    }
}

// MARK: Parts

extension NodeSet {
    /// Nodes told by one mask, a power of two.
    fileprivate static let groupSize = 16
    /// To this depth there is one group.
    fileprivate static let singleGroupDepth: UInt8 = 4

    /// The groups in which there are nodes, and their masks.
    fileprivate var groups: [(number: UInt16, mask: UInt16)] {
        var groups: [(number: UInt16, mask: UInt16)] = []
        for index in indexes {
            let number = index / UInt16(Self.groupSize)
            if groups.last?.number != number { groups.append((number, 0)) }
            groups[groups.count - 1].mask |= 1 << (index % UInt16(Self.groupSize))
        }
        return groups
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ window: HashWindow) {
        write(window.start << 3 | (window.byteCount - 1))
    }

    fileprivate mutating func write(_ hash: UInt64, in window: HashWindow) {
        for byte in 0..<UInt64(window.byteCount) {
            write(UInt8(truncatingIfNeeded: hash >> (8 * byte)))
        }
    }

    fileprivate mutating func write(_ nodes: NodeSet) {
        write(nodes.depth)
        let groups = nodes.groups
        if nodes.depth <= NodeSet.singleGroupDepth {
            write(groups.first?.mask ?? 0)
            return
        }
        writeAscending(groups, by: \.number) { group, writer in writer.write(group.mask) }
    }
}

extension ByteReader {
    fileprivate mutating func readWindow() throws(FormatError) -> HashWindow {
        let byte = try readUInt8()
        guard byte < 64 else { throw error(.invalid("window")) }
        return HashWindow(start: Int(byte >> 3), byteCount: Int(byte & 7) + 1)
    }

    fileprivate mutating func readHash(in window: HashWindow) throws(FormatError) -> UInt64 {
        var hash: UInt64 = 0
        for byte in 0..<UInt64(window.byteCount) {
            hash |= UInt64(try readUInt8()) << (8 * byte)
        }
        return hash
    }

    fileprivate mutating func readTreeDepth() throws(FormatError) -> UInt8 {
        let depth = try readUInt8()
        guard depth <= NodeSet.depthLimit else { throw error(.invalid("depth of a tree")) }
        return depth
    }

    fileprivate mutating func readNodeSet() throws(FormatError) -> NodeSet {
        let depth = try readTreeDepth()
        if depth <= NodeSet.singleGroupDepth {
            return NodeSet(depth: depth, sorted: try readGroup(0, depth: depth))
        }
        let groups = try readAscending(minimumSize: 3) { (number, reader) throws(FormatError) in
            let indexes = try reader.readGroup(Int(number), depth: depth)
            if indexes.isEmpty { throw reader.error(.invalid("group of no nodes")) }
            return indexes
        }
        return NodeSet(depth: depth, sorted: Array(groups.joined()))
    }

    private mutating func readGroup(
        _ number: Int, depth: UInt8
    ) throws(FormatError) -> [UInt16] {
        let mask = try readUInt16()
        var indexes: [UInt16] = []
        for bit in 0..<NodeSet.groupSize where mask & 1 << UInt16(bit) != 0 {
            let index = number * NodeSet.groupSize + bit
            guard index < 1 << Int(depth) else { throw error(.invalid("node")) }
            indexes.append(UInt16(index))
        }
        return indexes
    }
}
