// The Merkle tree as a value: what it forgets and what it keeps, and its bytes.
import MartletBase
import Testing

@testable import MartletStorage

struct MerkleTreeTests {
    /// Digests at key hashes.
    private func entries(_ count: Int, seed: UInt64) -> [(hash: UInt64, digest: UInt64)] {
        var random = SeededRandom(seed: seed, stream: "tree")
        return (0..<count).map { _ in (random.next(), random.next()) }
    }

    private func tree(
        _ entries: [(hash: UInt64, digest: UInt64)], depth: Int
    ) -> MerkleTree {
        var tree = MerkleTree(depth: depth)
        for entry in entries { tree.insert(entry.digest, at: entry.hash) }
        return tree
    }

    @Test("the order of entries does not matter", arguments: 0..<4 as Range<UInt64>)
    func order(seed: UInt64) {
        let entries = entries(300, seed: seed)
        var random = SeededRandom(seed: seed)
        for depth in 0...MerkleTree.depthLimit {
            #expect(
                tree(entries, depth: depth)
                    == tree(entries.shuffled(using: &random), depth: depth))
        }
    }

    @Test("a change undone leaves nothing behind, whichever came first")
    func undone() {
        let entries = entries(50, seed: 1)
        let clean = tree(entries, depth: 5)
        var changed = clean
        let new = Fold(inserting: 7)
        var old = Fold(delta: 7, growth: -1)
        (old.heldGrowth, old.mortalGrowth) = (-1, -1)
        changed.fold(old, at: 99)
        #expect(changed != clean && changed.count == 49)
        changed.fold(new, at: 99)
        #expect(changed == clean)
    }

    @Test("a tree counts its entries by what their digests say of them")
    func kinds() {
        var tree = MerkleTree(depth: 3)
        for (index, kind) in (EntryKind.allCases + [.lasting]).enumerated() {
            tree.insert(kind.marking(UInt64.max << UInt64(index)), at: UInt64(index) << 60)
        }
        #expect([tree.count, tree.heldCount, tree.mortalCount] == [4, 3, 1])
        let coarse = tree.folded(to: 1)
        #expect([coarse.count, coarse.heldCount, coarse.mortalCount] == [4, 3, 1])
        var fold = Fold(inserting: EntryKind.mortal.marking(.max << 2))
        (fold.growth, fold.heldGrowth, fold.mortalGrowth) = (-1, -1, -1)
        tree.fold(fold, at: 2 << 60)
        #expect([tree.count, tree.heldCount, tree.mortalCount] == [3, 2, 0])
    }

    @Test("folding a tree gives the very tree that its entries make at that depth")
    func folding() {
        let entries = entries(2_000, seed: 2)
        let finest = tree(entries, depth: MerkleTree.depthLimit)
        for depth in 0...MerkleTree.depthLimit {
            let coarse = tree(entries, depth: depth)
            #expect(finest.folded(to: depth) == coarse)
            #expect(coarse.isSame(as: finest) && finest.isSame(as: coarse))
            #expect(coarse.depth == depth && coarse.byteCount == 8 << depth)
        }
        var other = finest
        other.fold(Fold(delta: 1, growth: 0), at: entries[0].hash)
        for depth in 0...MerkleTree.depthLimit {
            #expect(!other.folded(to: depth).isSame(as: finest))
        }
    }

    @Test("a node is the XOR of those below it, and they share its hashes out among them")
    func nodes() {
        let tree = tree(entries(500, seed: 3), depth: 6)
        #expect(tree.node(depth: 0, 0) == tree.root)
        for depth in 0..<6 {
            let below = tree.nodes(depth: depth + 1)
            for index in 0..<1 << depth {
                let node = tree.node(depth: depth, index)
                #expect(node == tree.nodes(depth: depth)[index])
                #expect(node == below[2 * index] ^ below[2 * index + 1])
                let range = MerkleTree.hashes(ofNode: index, depth: depth)
                let left = MerkleTree.hashes(ofNode: 2 * index, depth: depth + 1)
                let right = MerkleTree.hashes(ofNode: 2 * index + 1, depth: depth + 1)
                #expect(range == left.lowerBound...right.upperBound)
                #expect(left.upperBound + 1 == right.lowerBound)
            }
        }
        #expect(MerkleTree.hashes(ofNode: 0, depth: 0) == 0...UInt64.max)
    }

    @Test("a hash lies in the leaf whose hashes hold it")
    func leaves() {
        var random = SeededRandom(seed: 4)
        for depth in 0...MerkleTree.depthLimit {
            for hash in [0, .max, random.next(), random.next(), 1 << 63] as [UInt64] {
                let index = MerkleTree.leafIndex(of: hash, depth: depth)
                #expect(MerkleTree.hashes(ofNode: index, depth: depth).contains(hash))
                var tree = MerkleTree(depth: depth)
                tree.insert(5, at: hash)
                #expect(tree.node(depth: depth, index) == 5)
            }
        }
    }

    @Test("a tree is as deep as its entries ask for, and outgrown at twice as many")
    func sizes() {
        #expect(MerkleTree.depth(for: 0) == 4)
        #expect(MerkleTree.depth(for: 64 * 16) == 4)
        #expect(MerkleTree.depth(for: 64 * 16 + 1) == 5)
        #expect(MerkleTree.depth(for: 64 * 1024) == 10)
        #expect(MerkleTree.depth(for: .max) == MerkleTree.depthLimit)
        #expect(MerkleTree(depth: MerkleTree.depthLimit).byteCount * 1_024 <= 16 << 20)
        var tree = MerkleTree(depth: 4)
        for index in 0..<2 * 64 * 16 { tree.insert(1, at: UInt64(index)) }
        #expect(!tree.isOutgrown)
        tree.insert(1, at: 0)
        #expect(tree.isOutgrown)
    }

    // MARK: Bytes

    @Test("the bytes of a tree and of a batch that says what it replaces stay what they are")
    func golden() {
        var tree = MerkleTree(depth: 2)
        tree.insert(0x0102_0304_0506_0708, at: 0)
        tree.insert(0xFF, at: .max)
        var writer = ByteWriter()
        tree.encode(into: &writer)
        #expect(
            hex(writer.bytes) == "02020101" + "0807060504030201" + "0000000000000000"
                + "0000000000000000" + "ff00000000000000")
        writer.removeAll()
        var batch = WriteBatch()
        let key = StorageKey.object(partition: 1, key: [0x6B])
        let digest = EntryDigest("sum") { UInt64($1.byteCount) &+ $0 &- key.hash }
        batch.put(key, [9], replacing: nil)
        batch.put(key, [9, 9], replacing: [9])
        batch.delete(key, replacing: [9, 9])
        batch.put(.state("s"), [1])
        batch.encode(into: &writer, digest: digest.function)
        #expect(
            hex(writer.bytes) == "04" + "04" + "01010100016b0109" + "050100000000000000"
                + "01010100016b020909" + "050200000000000000" + "02010100016b"
                + "0100000001730101")
        #expect(writer.count <= batch.byteCount)
    }

    @Test("a tree reads back as it was, and any bytes are a tree or an error")
    func decoding() throws {
        for depth in [0, 3, MerkleTree.depthLimit] {
            let tree = tree(entries(100, seed: 9), depth: depth)
            var writer = ByteWriter()
            tree.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            #expect(try MerkleTree(from: &reader) == tree)
            try reader.expectEnd()
            for count in [0, 1, 2, writer.count - 1] {
                var short = ByteReader(Bytes(writer.bytes.prefix(count)))
                #expect(throws: FormatError.self) { try MerkleTree(from: &short) }
            }
        }
        var deep = ByteReader([UInt8(MerkleTree.depthLimit + 1)] + Bytes(repeating: 0, count: 99))
        #expect(throws: FormatError.self) { try MerkleTree(from: &deep) }
        var random = SeededRandom(seed: 5)
        for _ in 0..<2_000 {
            var bytes = Bytes((0..<80).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            bytes[0] &= 3
            var reader = ByteReader(bytes)
            if let tree = try? MerkleTree(from: &reader) {
                #expect(tree.root == tree.node(depth: 0, 0))
            }
        }
    }

    @Test("the digest of bytes tells every byte, their order, their count and the key apart")
    func digests() {
        var seen: Set<UInt64> = []
        var made = 0
        func note(_ value: Bytes, _ keyHash: UInt64 = 7) {
            seen.insert(EntryDigest.bytes(keyHash, value.raw))
            made += 1
        }
        for count in 0..<130 { note(Bytes(repeating: 0, count: count)) }
        let value = Bytes((0..<130).map { UInt8($0) })
        for index in value.indices {
            for bit in 0..<8 {
                var changed = value
                changed[index] ^= 1 << UInt8(bit)
                note(changed)
            }
        }
        for (left, right) in [(0, 8), (0, 32), (8, 40), (64, 96), (96, 120)] {
            var swapped = value
            for byte in 0..<8 { swapped.swapAt(left + byte, right + byte) }
            note(swapped)
        }
        for keyHash in [0, 1, 8, .max] as [UInt64] { note(value, keyHash) }
        #expect(seen.count == made)
    }

    @Test("what is replaced stands in front of a change of an object, or the batch is refused")
    func misplaced() {
        let put = "0101010001610101"
        let delete = "020101000161"
        let digest = "05" + "0100000000000000"
        let cases: [(String, count: Int?)] = [
            ("01" + "04" + put, 1), ("01" + put, 0), ("01" + digest + put, 0),
            ("01" + digest + delete, -1), ("01" + "04" + delete, 0),
            ("02" + "04" + put + digest + delete, 0),
            ("01" + "04", nil), ("01" + "04" + "04" + put, nil), ("01" + "04" + digest + put, nil),
            ("01" + "0500", nil), ("01" + digest, nil), ("01" + "06" + put, nil),
            ("01" + "04" + "0100000001610101", nil), ("01" + "04" + "0301010000", nil),
            ("01" + digest + "010201000161" + "0100000000000000" + "0101", nil),
        ]
        for (text, count) in cases {
            let options = StorageOptions()
            var layers = [Layer(after: .start, options: options)]
            let trees = TreeSet(.bytes, losing: [])
            do throws(FormatError) {
                var reader = ByteReader(bytes(hex: text) ?? [])
                try LayerStack.apply(
                    &reader, at: LogPosition(rawValue: 1), to: &layers, trees, options: options
                ) { _ in }
                #expect(trees.tree(of: 1)?.count == count, "\(text)")
            } catch {
                #expect(count == nil, "\(text): \(error)")
            }
        }
    }
}
