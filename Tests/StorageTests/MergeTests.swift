// Merges against a model: the newest record of each key, in order, whatever the blocks are.
import MartletBase
import Testing

@testable import MartletStorage

struct MergeTests {
    /// What a merge found: each record with the source it came from.
    private struct Found: Hashable {
        var entry: TableEntry
        var source: Int
    }

    /// Drives a merge of `sources`, in blocks of at most `largest`, from `start` on.
    private func merged(
        _ sources: [[TableEntry]], largest: Int, from start: Merge.Start = .first,
        _ random: inout SeededRandom
    ) throws -> [Found] {
        var blocks: [ArraySlice<Block>] = []
        for source in sources {
            blocks.append(try TableSample.blocks(source, &random, largest: largest)[...])
        }
        var merge = Merge(sources: sources.count)
        var found: [Found] = []
        while true {
            switch try merge.next() {
            case .end: return found
            case .needsBlock(let source):
                merge.supply(blocks[source].popFirst(), to: source, from: start)
            case .record(let source):
                let block = merge.block(of: source)
                let bytes = block.bytes
                let entry = TableEntry(merge.record(of: source), in: bytes.raw)
                #expect(merge.hash(of: source) == entry.key.hash)
                #expect(merge.rank(of: source) == entry.key.rank)
                found.append(Found(entry: entry, source: source))
            }
        }
    }

    private func model(_ sources: [[TableEntry]]) -> [Found] {
        var newest: [StorageKey: Found] = [:]
        for (source, entries) in sources.enumerated().reversed() {
            for entry in entries { newest[entry.key] = Found(entry: entry, source: source) }
        }
        return newest.values.sorted { $0.entry.key < $1.entry.key }
    }

    @Test(
        "a merge gives each key's newest record in order",
        arguments: 0..<40 as Range<UInt64>)
    func model(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let names = [3, 30, 300][random.below(3)]
        let sources = (0..<random.below(7)).map { _ in
            TableSample.entries(&random, random.below(200), names: names, longest: 200)
        }
        let largest = [1, 7, 100][random.below(3)]
        let expected = model(sources)
        #expect(try merged(sources, largest: largest, &random) == expected)

        // From a cursor, one that is there or one that is not, at it or behind it.
        let cursor = TableSample.key(&random, names: names)
        let at = expected.filter { !($0.entry.key < cursor) }
        #expect(try merged(sources, largest: largest, from: .at(cursor), &random) == at)
        let after = expected.filter { cursor < $0.entry.key }
        #expect(try merged(sources, largest: largest, from: .after(cursor), &random) == after)
    }

    @Test("a source may be supplied before it is asked for, and asks again when its block is over")
    func steps() throws {
        let block = try Block(TableSample.raw([TableEntry(.named("a"), [1])]))
        var merge = Merge(sources: 2)
        merge.supply(block, to: 1)
        #expect(try merge.next() == .needsBlock(source: 0))
        #expect(try merge.next() == .needsBlock(source: 0))
        merge.supply(nil, to: 0)
        #expect(try merge.next() == .record(source: 1))
        #expect(merge.block(of: 1) === block)
        #expect(try merge.next() == .needsBlock(source: 1))
        merge.supply(nil, to: 1)
        #expect(try merge.next() == .end)
        #expect(try merge.next() == .end)
        var none = Merge(sources: 0)
        #expect(try none.next() == .end)
    }

    @Test("records that do not ascend, in a block or from one to the next, are damage")
    func order() throws {
        let keys: [StorageKey] = [.named("a"), .named("b")].sorted()
        let entries = keys.map { TableEntry($0, [1]) }
        for wrong in [[entries[1], entries[0]], [entries[0], entries[0]]] {
            var inBlock = Merge(sources: 1)
            inBlock.supply(try Block(TableSample.raw(wrong)), to: 0)
            #expect(try inBlock.next() == .record(source: 0))
            #expect(throws: Merge.Damage.self) { try inBlock.next() }

            var across = Merge(sources: 1)
            across.supply(try Block(TableSample.raw([wrong[0]])), to: 0)
            #expect(try across.next() == .record(source: 0))
            #expect(try across.next() == .needsBlock(source: 0))
            across.supply(try Block(TableSample.raw([wrong[1]])), to: 0)
            #expect(throws: Merge.Damage.self) { try across.next() }
            // Whoever saves what can be saved goes on with the next block.
            #expect(try across.next() == .needsBlock(source: 0))
            across.supply(nil, to: 0)
            #expect(try across.next() == .end)
        }
    }

    @Test("a drop in a block is damage, named with its source")
    func drops() throws {
        var writer = ByteWriter()
        WriteBatch.encode(.drop(.objects, partition: 1), into: &writer)
        var builder = BlockBuilder()
        builder.append(writer.bytes.raw, 0..<writer.count)
        let block = try Block(builder.take())
        var merge = Merge(sources: 2)
        merge.supply(nil, to: 0)
        merge.supply(block, to: 1)
        let damage = #expect(throws: Merge.Damage.self) { try merge.next() }
        #expect(damage?.source == 1)
        #expect(damage?.error.reason == .invalid("kind of record"))
        #expect(throws: FormatError.self) { try block.verify() }
    }

    @Test(
        "blocks with any byte changed are merged to damage or an end",
        arguments: 0..<4 as Range<UInt64>)
    func mutations(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let entries = TableSample.entries(&random, 12, longest: 20)
        let raw = TableSample.raw(entries)
        let sound = try Block(raw)
        for offset in raw.indices {
            for flip in [1, 0x80, 0xFF, UInt8(truncatingIfNeeded: random.next())] as [UInt8] {
                var bytes = raw
                bytes[offset] ^= flip
                guard let block = try? Block(bytes) else { continue }
                try? block.verify()
                for entry in entries {
                    _ = try? block.find(entry.key)
                    _ = try? block.search(entry.key)
                }
                var merge = Merge(sources: 2)
                merge.supply(sound, to: 0)
                merge.supply(block, to: 1, from: .after(entries[random.below(entries.count)].key))
                // Each step gives a record or ends a source: there cannot be more of them.
                var steps = 0
                while let step = try? merge.next(), step != .end {
                    if case .needsBlock(let source) = step { merge.supply(nil, to: source) }
                    steps += 1
                    #expect(steps <= 2 * raw.count / Record.smallestBytes + 2)
                }
            }
        }
    }
}
