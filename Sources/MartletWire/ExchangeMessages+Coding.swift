// The bytes of the messages of anti-entropy, each behind a byte that says which it is. What they
// say of trees is in `ExchangeTrees+Coding`.
//
//     promise      = floor:u64  partitions  epoch:varint
//     roots        = round:varint  epoch:varint  latest:u64  count:varint  (place  root:u64  time)*
//     root reply   = round:varint  differing: partitions  unknown: partitions
//     settled      = epoch:varint  latest:u64  count:varint  (place  time)*
//     partitions   = count:varint  place*
//     place        = gap:varint     which partition: they ascend, see `Ascending+Coding`
//     time         = (bits of latest less its own, their ends for their fronts):varint
//
// A watermark is the wall time of some node less a fixed lag, so that the low 16 bits, which count
// within a millisecond, are mostly zero: turned to the front of the difference they cost nothing.
internal import MartletBase
internal import MartletVersions

extension ExchangeMessage {
    private enum Kind: UInt8 {
        case promise = 0
        case roots, rootsReply, nodes, nodesReply, leaf, wants, settled, question
    }

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .promise(let promise):
            writer.write(Kind.promise.rawValue)
            writer.write(promise.floor.bits)
            writer.write(promise.hinted)
            writer.writeVarint(promise.epoch)
        case .roots(let roots):
            writer.write(Kind.roots.rawValue)
            roots.encode(into: &writer)
        case .rootsReply(let reply):
            writer.write(Kind.rootsReply.rawValue)
            writer.writeVarint(reply.round)
            writer.write(reply.differing)
            writer.write(reply.unknown)
        case .settled(let settled):
            writer.write(Kind.settled.rawValue)
            settled.encode(into: &writer)
        case .nodes(let nodes):
            writer.write(Kind.nodes.rawValue)
            nodes.encode(into: &writer)
        case .nodesReply(let reply):
            writer.write(Kind.nodesReply.rawValue)
            reply.encode(into: &writer)
        case .question(let question):
            writer.write(Kind.question.rawValue)
            question.encode(into: &writer)
        case .leaf(let leaf):
            writer.write(Kind.leaf.rawValue)
            leaf.encode(into: &writer)
        case .wants(let wants):
            writer.write(Kind.wants.rawValue)
            wants.encode(into: &writer)
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
                    hinted: try reader.readPartitions(), epoch: try reader.readVarint()))
        case .roots: self = .roots(try TreeRoots(from: &reader))
        case .rootsReply:
            self = .rootsReply(
                TreeRootsReply(
                    round: try reader.readVarint(), differing: try reader.readPartitions(),
                    unknown: try reader.readPartitions()))
        case .settled: self = .settled(try Settled(from: &reader))
        case .nodes: self = .nodes(try TreeNodes(from: &reader))
        case .nodesReply: self = .nodesReply(try TreeNodesReply(from: &reader))
        case .question: self = .question(try LeafQuestion(from: &reader))
        case .leaf: self = .leaf(try LeafDigests(from: &reader))
        case .wants: self = .wants(try LeafDigests(from: &reader))
        }
    }
}

extension TreeRoots {
    fileprivate func encode(into writer: inout ByteWriter) {
        let times = Times(latest: entries.map(\.watermark).max())
        writer.writeVarint(round)
        writer.writeVarint(epoch)
        writer.write(times.latest)
        writer.writeAscending(entries, by: \.partition) { entry, writer in
            writer.write(entry.root)
            writer.writeVarint(times.word(for: entry.watermark))
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let round = try reader.readVarint()
        let epoch = try reader.readVarint()
        let times = Times(latest: HybridTimestamp(bits: try reader.readUInt64()))
        let entries = try reader.readAscending(minimumSize: 10) {
            (partition, reader) throws(FormatError) in
            Entry(
                partition: partition, root: try reader.readUInt64(),
                watermark: try times.time(for: try reader.readVarint(), reader))
        }
        self.init(round: round, epoch: epoch, entries: entries)
    }
}

extension Settled {
    fileprivate func encode(into writer: inout ByteWriter) {
        let times = Times(latest: entries.map(\.watermark).max())
        writer.writeVarint(epoch)
        writer.write(times.latest)
        writer.writeAscending(entries, by: \.partition) { entry, writer in
            writer.writeVarint(times.word(for: entry.watermark))
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let epoch = try reader.readVarint()
        let times = Times(latest: HybridTimestamp(bits: try reader.readUInt64()))
        let entries = try reader.readAscending(minimumSize: 2) {
            (partition, reader) throws(FormatError) in
            Entry(
                partition: partition,
                watermark: try times.time(for: try reader.readVarint(), reader))
        }
        self.init(epoch: epoch, entries: entries)
    }
}

/// Times told as how long before the latest of them.
private struct Times {
    /// The bits of the latest.
    let latest: UInt64

    init(latest: HybridTimestamp?) {
        self.latest = latest?.bits ?? 0
    }

    func word(for time: HybridTimestamp) -> UInt64 {
        let before = latest - time.bits
        return before >> 16 | before << 48
    }

    func time(
        for word: UInt64, _ reader: ByteReader
    ) throws(FormatError) -> HybridTimestamp {
        let before = word << 16 | word >> 48
        guard before <= latest else { throw reader.error(.invalid("time")) }
        return HybridTimestamp(bits: latest - before)
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ partitions: [UInt16]) {
        writeAscending(partitions, by: \.self) { _, _ in }
    }
}

extension ByteReader {
    fileprivate mutating func readPartitions() throws(FormatError) -> [UInt16] {
        try readAscending(minimumSize: 1) { partition, _ in partition }
    }
}
