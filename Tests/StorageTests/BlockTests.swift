// Blocks alone: finding and bounding every key, and what hostile trailers lead to.
import MartletBase
import Testing

@testable import MartletStorage

struct BlockTests {
    @Test("every key is found, bounded and told apart", arguments: 0..<20 as Range<UInt64>)
    func search(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let entries = TableSample.entries(&random, 1 + random.below(60), names: 40, longest: 100)
        let block = try Block(TableSample.raw(entries))
        let bytes = block.bytes
        #expect(block.count == entries.count)
        #expect(try TableSample.entries(of: block) == entries)
        var seen = 0
        try block.verify { record, hash in
            #expect(hash == entries[seen].key.hash)
            seen += 1
        }
        #expect(seen == entries.count)
        for _ in 0..<200 {
            let key = TableSample.key(&random, names: 40)
            let expected = entries.first { $0.key == key }
            #expect(try block.find(key).map { TableEntry($0, in: bytes.raw) } == expected)
            let bound = try block.lowerBound(key)
            let next = bound < block.recordsEnd ? try block.record(at: bound) : nil
            #expect(next?.storageKey(in: bytes.raw) == entries.first { !($0.key < key) }?.key)
            switch try block.search(key) {
            case .found(let record): #expect(TableEntry(record, in: bytes.raw) == expected)
            case .absent: #expect(expected == nil && entries[0].key < key)
            case .before: #expect(key < entries[0].key)
            case .after: #expect(entries[entries.count - 1].key < key)
            }
        }
    }

    @Test("every key is found whatever ranks the block is said to hold", arguments: 0..<5)
    func guesses(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let entries = TableSample.entries(&random, 400, names: 500, longest: 20)
        let block = try Block(TableSample.raw(entries))
        let bytes = block.bytes
        let own = entries[0].key.rank...entries[entries.count - 1].key.rank
        for _ in 0..<500 {
            let key = TableSample.key(&random, names: 500)
            let expected = entries.first { $0.key == key }
            let ends = [random.next(), random.next(), key.rank.rawValue].shuffled(using: &random)
            let other =
                Rank(rawValue: min(ends[0], ends[1]))...Rank(rawValue: max(ends[0], ends[1]))
            for ranks in [own, other, key.rank...key.rank, .lowest ... .highest] {
                let found = try block.find(key, among: ranks)
                #expect(found.map { TableEntry($0, in: bytes.raw) } == expected)
            }
        }
    }

    @Test("a builder that lends its block gives the same bytes, and starts anew")
    func lending() {
        let entries = [TableEntry(.named("a"), [1]), TableEntry(.named("b"), nil)]
            .sorted { $0.key < $1.key }
        var builder = BlockBuilder()
        for _ in 0..<2 {
            for entry in entries {
                let bytes = entry.encoded
                let before = builder.byteCount(with: bytes.count)
                builder.append(bytes.raw, 0..<bytes.count)
                #expect(builder.byteCount == before)
            }
            let size = builder.byteCount
            builder.take { raw in
                #expect(raw.copy(0..<raw.byteCount) == TableSample.raw(entries))
                #expect(raw.byteCount == size)
            }
            #expect(builder.count == 0)
        }
    }

    @Test("records, anchors or counts that disagree are told")
    func verify() throws {
        let entries = (0..<20).map { TableEntry(.named("\($0)"), [1]) }
        #expect(throws: FormatError.self) { try Block(TableSample.raw(entries)).verify() }
        let sound = TableSample.raw(entries.sorted { $0.key < $1.key })
        try Block(sound).verify()
        for length in 0..<sound.count {
            #expect(throws: FormatError.self) { try Block(Bytes(sound[..<length])).verify() }
        }
        // Counts of records that need as many anchors.
        for count in 17...24 where count != 20 {
            var wrong = sound
            wrong[wrong.count - 4] = UInt8(count)
            #expect(throws: FormatError.self) { try Block(wrong).verify() }
        }
    }
}
