// What a source answers, refuses and bounds, and what becomes of messages and bytes that nobody in
// his right mind has sent.
import MartletBase
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletHandover

@Suite("Serving") struct ServingTests {
    private func pull(
        _ number: UInt64 = 1, epoch: UInt64 = 1, depth: UInt8 = 4, first: UInt16 = 0,
        leaves: [UInt64] = Array(repeating: 0, count: 16), after: HandoverCursor? = nil,
        held: HandoverPull.Held? = nil, limitBytes: UInt32 = 1 << 20
    ) -> HandoverPull {
        HandoverPull(
            number: number, partition: 0, epoch: epoch, depth: depth, first: first,
            leaves: leaves, after: after, held: held, limitBytes: limitBytes)
    }

    /// A node that holds `count` keys of its only partition, and what it answers to pulls.
    private func source(_ count: Int) throws -> Stand {
        var stand = try Stand(4, partitions: 1)
        stand.learn(try stand.ring(1, homes: [0, 1, 2]))
        for number in 0..<count { try stand.put(0, "key \(number)", [1, 2, 3], to: 0) }
        stand.sync(0)
        return stand
    }

    private func answer(_ pull: HandoverPull, by stand: inout Stand) throws -> HandoverMessage {
        let before = stand.sent.count
        stand.act(0) {
            $0.messageReceived(.pull(pull), from: Peer(Stand.id(3)), at: $1, into: &$2)
        }
        try #require(stand.sent.count == before + 1)
        return stand.sent[before].message
    }

    private func chunk(
        _ pull: HandoverPull, by stand: inout Stand
    ) throws -> (entries: [Parcel.Entry], chunk: HandoverChunk) {
        guard case .chunk(let chunk) = try answer(pull, by: &stand) else {
            throw Unexpected()
        }
        let payload = chunk.payload
        return (payload.isEmpty ? [] : try ChunkPayload.decode(payload), chunk)
    }

    struct Unexpected: Error {}

    @Test("Chunks follow each other in key order, each object once")
    func order() throws {
        var stand = try source(500)
        var after: HandoverCursor?
        var keys: [Bytes] = []
        repeat {
            let (entries, chunk) = try chunk(pull(after: after, limitBytes: 1_000), by: &stand)
            #expect(!entries.isEmpty)
            keys += entries.map(\.key)
            after = chunk.next
        } while after != nil
        #expect(keys.count == 500)
        let places = keys.map { stand.storageKey($0) }
        #expect(places == places.sorted())
        #expect(Set(keys).count == 500)
    }

    @Test("Leaves that are the same are left out, at whatever depth they are told")
    func leaves() throws {
        var stand = try source(500)
        let tree = try #require(stand.parts[0].engine.tree(of: 0))
        #expect(tree.depth == 4)
        var leaves = tree.nodes(depth: 4)
        #expect(try chunk(pull(leaves: leaves), by: &stand).entries.isEmpty)
        leaves[5] = 0
        leaves[6] = 0
        let some = try chunk(pull(leaves: leaves), by: &stand)
        let hashes =
            MerkleTree.hashes(ofNode: 5, depth: 4)
            .lowerBound...MerkleTree.hashes(
                ofNode: 6, depth: 4
            ).upperBound
        #expect(!some.entries.isEmpty)
        #expect(some.entries.allSatisfy { hashes.contains(stand.storageKey($0.key).hash) })
        // A tree that is finer than the source's: of node 3 there are four leaves.
        var finer = Array(repeating: UInt64(0), count: 64)
        for index in 0..<16 { finer[4 * index + 1] = tree.node(depth: 4, index) }
        #expect(try chunk(pull(depth: 6, leaves: finer), by: &stand).entries.isEmpty)
        finer[13] = 0
        let folded = try chunk(pull(depth: 6, leaves: finer), by: &stand)
        #expect(!folded.entries.isEmpty)
        #expect(stand.counters(0).marks.contains(.pullFolded))
        // A run that covers a node in part: all of the part is sent.
        let part = try chunk(
            pull(depth: 6, first: 13, leaves: [0, 0], limitBytes: 1 << 20), by: &stand)
        #expect(part.entries.count < folded.entries.count)
        #expect(part.chunk.next == nil)
        // A coarser one.
        #expect(try chunk(pull(depth: 0, leaves: [tree.root]), by: &stand).entries.isEmpty)
        #expect(try chunk(pull(depth: 0, leaves: [0]), by: &stand).entries.count == 500)
    }

    @Test("Where something is held it is asked for first, and not sent")
    func held() throws {
        var stand = try source(200)
        var leaves = try #require(stand.parts[0].engine.tree(of: 0)).nodes(depth: 4)
        leaves[2] = 0
        leaves[3] ^= 1
        leaves[4] ^= 1
        leaves[9] = 0
        let first = try chunk(pull(leaves: leaves), by: &stand)
        #expect(!first.entries.isEmpty)
        let stretch =
            MerkleTree.hashes(ofNode: 3, depth: 4)
            .lowerBound...MerkleTree.hashes(
                ofNode: 4, depth: 4
            ).upperBound
        #expect(first.chunk.next == HandoverCursor(hash: stretch.lowerBound))
        #expect(first.chunk.wanted == stretch.upperBound)
        let all = try stand.entries(0, 0).filter { stretch.contains($0.key.hash) }
        let digests = all.dropFirst(3).map {
            Object.digest(keyHash: $0.key.hash, $0.value.raw)
        }
        let second = try chunk(
            pull(
                leaves: leaves, after: first.chunk.next,
                held: .init(until: stretch.upperBound, digests: digests)), by: &stand)
        #expect(second.entries.map(\.key) == all.prefix(3).map(\.key.key))
        #expect(second.chunk.next == HandoverCursor(hash: stretch.upperBound + 1))
        #expect(second.chunk.wanted == nil)
        let third = try chunk(pull(leaves: leaves, after: second.chunk.next), by: &stand)
        #expect(!third.entries.isEmpty)
        #expect(third.chunk.next == nil)
    }

    @Test("What it does not know is refused")
    func refused() throws {
        var stand = try source(10)
        func reason(_ pull: HandoverPull) throws -> HandoverRefusal.Reason? {
            guard case .refused(let refusal) = try answer(pull, by: &stand) else { return nil }
            return refusal.reason
        }
        #expect(try reason(pull(epoch: 2)) == .behind)
        #expect(try reason(pull(depth: 11)) == .notHeld)
        var other = pull()
        other.partition = 1
        #expect(try reason(other) == .notHeld)
        #expect(try reason(pull()) == nil)
        #expect(stand.counters(0).refusals == 3)
    }

    @Test("No more pulls wait for the disk than may")
    func busy() throws {
        var stand = try source(3_000)
        // Not carried out by the stand, so that reads stay under way.
        var effects: [HandoverEffect] = []
        var (refused, asked) = (0, 0)
        for peer in 1..<8 {
            for number in 0..<10 {
                stand.parts[0].handover.messageReceived(
                    .pull(pull(UInt64(peer * 10 + number))), from: Peer(Stand.id(peer)),
                    at: stand.moment, into: &effects)
                asked += 1
            }
        }
        for case .send(.refused(let refusal), _) in effects {
            #expect(refusal.reason == .busy)
            refused += 1
        }
        #expect(asked - refused == 32)
        #expect(stand.counters(0).marks.contains(.refusedBusy))
        #expect(stand.counters(0).marks.contains(.pullAwaitedRead))
        // They are answered, and others can be.
        stand.act(0) { _, _, _ in }
        #expect(stand.sent.count == 32)
        guard case .chunk = try answer(pull(), by: &stand) else { throw Unexpected() }
    }

    @Test("A source whose data is lost is not waited for, once a majority is through")
    func passedOver() throws {
        var stand = try FillingTests.moving(60)
        stand.fate = { sent, _ in
            guard case .pull(let pull) = sent.message, sent.to.node == Stand.id(1) else {
                return [sent.message]
            }
            // Asked for what it does not serve, it refuses; the answer is made to fit.
            var other = pull
            other.depth = 12
            return [.pull(other)]
        }
        try FillingTests.move(&stand)
        stand.start()
        #expect(!stand.run(for: .seconds(10)) { $0.isFilled(3) })
        #expect(stand.run(for: .seconds(120)) { $0.isFilled(3) })
        #expect(stand.counters(3).marks.contains(.sourcePassedOver))
        #expect(stand.counters(1).marks.contains(.refusedUnknown))
    }

    @Test("A source that has too much to do is waited for")
    func overloaded() throws {
        var stand = try FillingTests.moving(20)
        try stand.put(1, "only there")
        try FillingTests.move(&stand)
        stand.fate = { sent, _ in
            guard case .chunk(let chunk) = sent.message, sent.from.node == Stand.id(1) else {
                return [sent.message]
            }
            return [
                .refused(
                    HandoverRefusal(
                        number: chunk.number, partition: chunk.partition, reason: .busy))
            ]
        }
        stand.start()
        #expect(!stand.run(for: .seconds(300)) { $0.isFilled(3) })
        stand.fate = { sent, _ in [sent.message] }
        #expect(stand.run(for: .seconds(10)) { $0.isFilled(3) })
        #expect(stand.holds(3, "only there"))
    }

    @Test("Messages of any content are lived through", arguments: 0..<8)
    func hostile(seed: UInt64) throws {
        var stand = try FillingTests.moving(60, seed: seed) {
            $0.chunkBytes = 1 << 10
            $0.patience = .milliseconds(50)
        }
        try FillingTests.move(&stand)
        stand.fate = { sent, random in
            guard random.chance(0.3) else { return [sent.message] }
            var writer = ByteWriter()
            sent.message.encode(into: &writer)
            var bytes = writer.bytes
            for _ in 0...random.below(4) {
                bytes[random.below(bytes.count)] = UInt8(random.below(256))
            }
            var reader = ByteReader(bytes)
            // Such as cannot be read do not get this far.
            return (try? HandoverMessage(from: &reader)).map { [$0] } ?? []
        }
        stand.start()
        stand.run(for: .seconds(3))
        stand.fate = { sent, _ in [sent.message] }
        #expect(stand.run { $0.isFilled(3) })
    }
}

@Suite("What hand-over keeps and sends as bytes") struct FormatTests {
    private static let entries = (0..<40).map { number in
        var object = Object()
        object.record(
            Sibling(
                dot: Dot(actor: Actor(node: NodeID(rawValue: 1), incarnation: 1), counter: 1),
                timestamp: HybridTimestamp(Stand.wall),
                content: .value(Bytes(repeating: UInt8(number), count: 100))),
            seen: Context())
        return Parcel.Entry(key: Bytes(text: "key \(number)"), object: object)
    }

    @Test("A chunk reads back, compressed where that saves something")
    func chunks() throws {
        let payload = ChunkPayload.encode(Self.entries)
        #expect(try ChunkPayload.decode(payload) == Self.entries)
        #expect(payload.count < 2_000)
        let one = ChunkPayload.encode([Self.entries[0]])
        #expect(try ChunkPayload.decode(one) == [Self.entries[0]])
    }

    @Test("The bytes of a chunk are what they were")
    func golden() {
        let payload = ChunkPayload.encode([Parcel.Entry(key: [0x61], object: Object())])
        #expect(
            payload == [1, 0, 17, 0, 0, 0, 242, 194, 104, 94]
                + [0, 0] + [0, 0, 0, 0, 0, 0, 0, 0] + [0, 1] + [0, 1, 0x61, 0, 0])
    }

    @Test("A chunk that was cut or bent is refused")
    func bent() {
        let payload = ChunkPayload.encode(Self.entries)
        for length in 0..<payload.count {
            #expect(throws: FormatError.self) {
                try ChunkPayload.decode(Bytes(payload[..<length]))
            }
        }
        var random = SeededRandom(seed: 3)
        for _ in 0..<4_000 {
            var bytes = payload
            bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            #expect(throws: FormatError.self) { try ChunkPayload.decode(bytes) }
        }
    }

    @Test("A chunk of any content with the right checksum is read or refused")
    func forged() {
        var random = SeededRandom(seed: 4)
        let payload = ChunkPayload.encode(Self.entries)
        var read = 0
        for _ in 0..<4_000 {
            var bytes = payload
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count)
                if !(6..<10).contains(place) { bytes[place] = UInt8(random.below(256)) }
            }
            let sum = Checksum.crc32c(
                bytes, 10..<bytes.count, extending: Checksum.crc32c(bytes, 0..<6))
            for index in 0..<4 { bytes[6 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
            if (try? ChunkPayload.decode(bytes)) != nil { read += 1 }
        }
        #expect(read > 0)
        // A length beyond the limit is not allocated.
        var huge: Bytes = [1, 1, 255, 255, 255, 255, 0, 0, 0, 0]
        let sum = Checksum.crc32c(huge, 0..<6)
        for index in 0..<4 { huge[6 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
        #expect { try ChunkPayload.decode(huge) } throws: {
            ($0 as? FormatError)?.reason == .tooLarge("chunk")
        }
    }

    @Test("The record of a fill is what it was, and nothing else is read as one")
    func record() throws {
        let record = FillRecord(
            since: 300, stage: .filling,
            passes: [
                .init(source: NodeID(rawValue: 1), hash: 0x0102),
                .init(source: NodeID(rawValue: 2), hash: nil),
            ])
        let bytes = record.bytes
        #expect(
            bytes == [1, 0xAC, 0x02, 1, 2] + [1, 0, 0, 0, 0, 0, 0, 0] + [0]
                + [2, 1, 0, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 0, 0, 0, 0] + [1]
                + [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(try FillRecord(bytes) == record)
        for length in 0..<bytes.count {
            #expect(throws: FormatError.self) { try FillRecord(Bytes(bytes[..<length])) }
        }
        #expect(throws: FormatError.self) { try FillRecord(bytes + [0]) }
        #expect(throws: FormatError.self) { try FillRecord([2] + bytes.dropFirst()) }
    }
}
