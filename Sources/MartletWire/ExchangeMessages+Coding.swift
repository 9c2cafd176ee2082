// The bytes of the messages of anti-entropy, each behind a byte that says which it is.
internal import MartletBase
internal import MartletVersions

extension ExchangeMessage {
    private enum Kind: UInt8 {
        case promise = 0
        case roots, rootsReply, nodes, nodesReply, leaf, wants, removed, settled
    }

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .promise(let promise):
            writer.write(Kind.promise.rawValue)
            writer.write(promise.floor.bits)
            writer.write(promise.hinted)
        case .roots(let roots):
            writer.write(Kind.roots.rawValue)
            writer.writeVarint(roots.round)
            writer.writeVarint(roots.epoch)
            writer.writeCount(roots.entries.count)
            for entry in roots.entries {
                writer.write(entry.partition)
                writer.write(entry.root)
                writer.write(entry.watermark.bits)
            }
        case .rootsReply(let reply):
            writer.write(Kind.rootsReply.rawValue)
            writer.writeVarint(reply.round)
            writer.write(reply.differing)
            writer.write(reply.unknown)
        case .settled(let settled):
            writer.write(Kind.settled.rawValue)
            writer.writeVarint(settled.epoch)
            writer.writeCount(settled.entries.count)
            for entry in settled.entries {
                writer.write(entry.partition)
                writer.write(entry.watermark.bits)
            }
        case .nodes(let nodes):
            writer.write(Kind.nodes.rawValue)
            writer.write(nodes.partition)
            writer.write(nodes.depth)
            writer.write(nodes.isConfirmed)
            writer.write(nodes.nodes)
        case .nodesReply(let reply):
            writer.write(Kind.nodesReply.rawValue)
            writer.write(reply.partition)
            writer.write(reply.depth)
            writer.write(reply.treeDepth)
            writer.write(reply.isConfirmed)
            writer.write(reply.differing)
        case .leaf(let leaf):
            writer.write(Kind.leaf.rawValue)
            writer.write(leaf)
        case .wants(let wants):
            writer.write(Kind.wants.rawValue)
            writer.write(wants)
        case .removed(let removed):
            writer.write(Kind.removed.rawValue)
            writer.writePrefixed(removed.key)
            removed.known.encode(into: &writer)
            writer.write(removed.watermark.bits)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        guard let kind = Kind(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("kind of exchange message"))
        }
        switch kind {
        case .promise:
            self = .promise(
                Promise(
                    floor: HybridTimestamp(bits: try reader.readUInt64()),
                    hinted: try reader.readPartitions()))
        case .roots: self = .roots(try TreeRoots(from: &reader))
        case .rootsReply:
            self = .rootsReply(
                TreeRootsReply(
                    round: try reader.readVarint(), differing: try reader.readPartitions(),
                    unknown: try reader.readPartitions()))
        case .settled: self = .settled(try Settled(from: &reader))
        case .nodes:
            self = .nodes(
                TreeNodes(
                    partition: try reader.readUInt16(), depth: try reader.readTreeDepth(),
                    isConfirmed: try reader.readFlag(), nodes: try reader.readTreeNodes()))
        case .nodesReply:
            self = .nodesReply(
                TreeNodesReply(
                    partition: try reader.readUInt16(), depth: try reader.readTreeDepth(),
                    treeDepth: try reader.readTreeDepth(), isConfirmed: try reader.readFlag(),
                    differing: try reader.readTreeNodes()))
        case .leaf: self = .leaf(try LeafDigests(from: &reader))
        case .wants: self = .wants(try LeafDigests(from: &reader))
        case .removed:
            self = .removed(
                RemovedVersions(
                    key: try reader.readPrefixed(), known: try Context(from: &reader),
                    watermark: HybridTimestamp(bits: try reader.readUInt64())))
        }
    }
}

extension TreeRoots {
    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let round = try reader.readVarint()
        let epoch = try reader.readVarint()
        var entries: [Entry] = []
        for _ in 0..<(try reader.readCount(minimumSize: 18)) {
            entries.append(
                Entry(
                    partition: try reader.readUInt16(), root: try reader.readUInt64(),
                    watermark: HybridTimestamp(bits: try reader.readUInt64())))
        }
        self.init(round: round, epoch: epoch, entries: entries)
    }
}

extension LeafDigests {
    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            partition: try reader.readUInt16(), depth: try reader.readTreeDepth(),
            leaf: try reader.readUInt16(), digests: try reader.readDigests())
    }
}

extension Settled {
    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let epoch = try reader.readVarint()
        var entries: [Entry] = []
        for _ in 0..<(try reader.readCount(minimumSize: 10)) {
            entries.append(
                Entry(
                    partition: try reader.readUInt16(),
                    watermark: HybridTimestamp(bits: try reader.readUInt64())))
        }
        self.init(epoch: epoch, entries: entries)
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ partitions: [UInt16]) {
        writeCount(partitions.count)
        for partition in partitions { write(partition) }
    }

    fileprivate mutating func write(_ nodes: [TreeNode]) {
        writeCount(nodes.count)
        for node in nodes {
            write(node.index)
            write(node.hash)
        }
    }

    fileprivate mutating func write(_ leaf: LeafDigests) {
        write(leaf.partition)
        write(leaf.depth)
        write(leaf.leaf)
        writeCount(leaf.digests.count)
        for digest in leaf.digests { write(digest) }
    }
}

extension ByteReader {
    /// Partitions, sorted and each once: what comes otherwise is refused.
    fileprivate mutating func readPartitions() throws(FormatError) -> [UInt16] {
        var partitions: [UInt16] = []
        for _ in 0..<(try readCount(minimumSize: 2)) {
            let partition = try readUInt16()
            if let last = partitions.last, last >= partition { throw error(.invalid("order")) }
            partitions.append(partition)
        }
        return partitions
    }

    fileprivate mutating func readTreeDepth() throws(FormatError) -> UInt8 {
        let depth = try readUInt8()
        guard depth <= TreeNode.depthLimit else { throw error(.invalid("depth of a tree")) }
        return depth
    }

    fileprivate mutating func readTreeNodes() throws(FormatError) -> [TreeNode] {
        var nodes: [TreeNode] = []
        for _ in 0..<(try readCount(minimumSize: 10)) {
            nodes.append(TreeNode(index: try readUInt16(), hash: try readUInt64()))
        }
        return nodes
    }

    fileprivate mutating func readDigests() throws(FormatError) -> [UInt64] {
        var digests: [UInt64] = []
        for _ in 0..<(try readCount(minimumSize: 8)) { digests.append(try readUInt64()) }
        return digests
    }
}
