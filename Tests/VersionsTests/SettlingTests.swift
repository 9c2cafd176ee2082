// What a watermark says about an object, what a digest tells of it, and the note beside it.
import MartletBase
import MartletVersions
import Testing

private let a = Actor(node: NodeID(rawValue: 1), incarnation: 1)
private let b = Actor(node: NodeID(rawValue: 2), incarnation: 1)

private func at(_ bits: UInt64) -> HybridTimestamp { HybridTimestamp(bits: bits) }

private func sibling(
    _ actor: Actor, _ counter: UInt64, at bits: UInt64, _ text: String? = "v",
    expiry: UInt64? = nil
) -> Sibling {
    Sibling(
        dot: Dot(actor: actor, counter: counter), timestamp: at(bits),
        content: text.map { .value(Bytes(text: $0)) } ?? .tombstone,
        expiry: expiry.map { WallTime(milliseconds: $0) })
}

private func object(_ siblings: Sibling...) -> Object {
    var object = Object()
    for sibling in siblings { object.record(sibling, seen: Context()) }
    return object
}

private func wall(_ milliseconds: UInt64) -> WallTime { WallTime(milliseconds: milliseconds) }

@Suite("Horizons") struct HorizonTests {
    @Test("A horizon is the latest of all that was ever covered, and a join takes the later one")
    func latest() {
        var value = object(sibling(a, 1, at: 7))
        #expect(value.context.horizon == at(7))
        value.record(sibling(b, 1, at: 5), seen: value.context)
        #expect(value.dots == [Dot(actor: b, counter: 1)])
        #expect(value.context.horizon == at(7), "what was replaced still counts")
        var other = Context()
        other.reach(at(9))
        other.reach(at(3))
        value.record(sibling(a, 2, at: 6), seen: other)
        #expect(value.context.horizon == at(9))
        var join = Context(covering: [Dot(actor: a, counter: 2)])
        join.join(other)
        #expect(join.horizon == at(9))
    }

    @Test("A context with a later horizon is not dominated by one that covers the same dots")
    func dominance() {
        let low = Context(covering: [Dot(actor: a, counter: 1)])
        var high = low
        high.reach(at(1))
        #expect(high.dominates(low) && !low.dominates(high) && low != high)
    }

    @Test("A clock never again shows what was promised to be over, however far ahead that is")
    func rise() {
        var clock = HybridClock(maximumSkew: .seconds(60))
        let floor = HybridTimestamp(wall(9_000_000))
        clock.rise(above: floor)
        let first = clock.next(at: wall(1_000))
        #expect(first > floor)
        clock.rise(above: at(5))
        #expect(clock.next(at: wall(1_000)) > first, "a lower floor changes nothing")
    }
}

@Suite("Settled versions") struct SettlingTests {
    @Test("A version up to the watermark that a home does not cover is no news to it")
    func news() {
        let old = sibling(a, 1, at: 10)
        let late = sibling(b, 1, at: 20)
        let nothing = Context()
        let covers = Context(covering: [old.dot])
        #expect(object(old).news(to: nothing, settled: at(10)) == nil)
        #expect(object(old).news(to: nothing, settled: at(9)) == object(old))
        #expect(object(old).news(to: covers, settled: at(10)) == object(old))
        let both = object(old, late)
        let rest = both.news(to: nothing, settled: at(10))
        #expect(rest?.siblings == [late])
        #expect(rest?.context == both.context, "so that the old one stays away")
        #expect(both.news(to: nothing, settled: at(20)) == nil)
    }

    @Test("A context without versions is news until its horizon is settled")
    func bareContext() {
        var context = Context(covering: [Dot(actor: a, counter: 1)])
        context.reach(at(10))
        let bare = Object(context: context, siblings: [])
        #expect(bare?.news(to: Context(), settled: at(9)) == bare)
        #expect(bare?.news(to: Context(), settled: at(10)) == nil)
    }

    @Test("What a home is known to have removed is dropped, and nothing else")
    func dropRemoved() {
        let old = sibling(a, 1, at: 10)
        let late = sibling(b, 1, at: 20)
        var value = object(old, late)
        value.dropRemoved(by: Context(covering: [old.dot]), settled: at(15))
        #expect(value == object(old, late), "it covers the one, and cannot know the other")
        value.dropRemoved(by: Context(), settled: at(15))
        #expect(value.siblings == [late])
    }

    @Test("Settled tombstones go from beside others, but never the last of all")
    func settledTombstones() {
        let gone = sibling(a, 1, at: 10, nil)
        let stays = sibling(b, 1, at: 5)
        var beside = object(gone, stays)
        beside.dropSettledTombstones(at(9))
        #expect(beside.siblings.count == 2)
        beside.dropSettledTombstones(at(10))
        #expect(beside.siblings == [stays])
        #expect(beside.context == object(gone, stays).context)
        var alone = object(gone)
        alone.dropSettledTombstones(at(99))
        #expect(alone == object(gone))
        var two = object(gone, sibling(b, 1, at: 5, nil))
        two.dropSettledTombstones(at(99))
        #expect(two.siblings.count == 2, "the key goes as a whole")
    }

    @Test("Dropping settled tombstones at either home, or at both, merges to the same")
    func dropsConverge() {
        let siblings = [
            sibling(a, 1, at: 3, nil), sibling(a, 2, at: 8), sibling(b, 1, at: 5, nil),
            sibling(b, 2, at: 9),
        ]
        for subset in 1..<16 {
            let chosen = siblings.indices.filter { subset & 1 << $0 != 0 }.map { siblings[$0] }
            let context = Context(covering: siblings.map(\.dot))
            guard let full = Object(context: context, siblings: chosen) else { continue }
            for bits in 0...10 as ClosedRange<UInt64> {
                var dropped = full
                dropped.dropSettledTombstones(at(bits))
                dropped.checkInvariants()
                var merged = full
                merged.merge(dropped)
                var other = dropped
                other.merge(full)
                #expect(merged == dropped && other == dropped)
            }
        }
    }

    @Test("A key may go when nothing of it is later than the watermark and no value is left")
    func removable() {
        #expect(object(sibling(a, 1, at: 10, nil)).isRemovable(under: at(10), at: wall(0)))
        #expect(!object(sibling(a, 1, at: 10, nil)).isRemovable(under: at(9), at: wall(0)))
        #expect(!object(sibling(a, 1, at: 10)).isRemovable(under: at(99), at: wall(99)))
        let expiring = object(sibling(a, 1, at: 10, expiry: 50), sibling(b, 1, at: 9, nil))
        #expect(expiring.mortalFrom == wall(50))
        #expect(!expiring.isRemovable(under: at(10), at: wall(49)))
        #expect(expiring.isRemovable(under: at(10), at: wall(50)))
        var replaced = object(sibling(a, 1, at: 20))
        replaced.record(sibling(b, 1, at: 10, nil), seen: replaced.context)
        #expect(!replaced.isRemovable(under: at(19), at: wall(0)), "what was replaced is later")
        #expect(replaced.isRemovable(under: at(20), at: wall(0)))
        #expect(object(sibling(a, 1, at: 1)).mortalFrom == nil)
    }

    @Test("A note reads back, and nothing else is one")
    func notes() {
        let note = Removable(from: wall(0x0102), horizon: at(3))
        #expect(note.bytes == [2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
        #expect(Removable(note.bytes) == note)
        #expect(Removable([]) == nil)
        #expect(Removable(note.bytes + [0]) == nil)
        #expect(Removable(Bytes(note.bytes.dropLast())) == nil)
    }
}

@Suite("Pruned contexts") struct PruningTests {
    /// `b2`, written by one who had seen `a1` and an earlier life of `b`.
    private func replaced() -> Object {
        var object = object(
            sibling(Actor(node: b.node, incarnation: 0), 7, at: 9), sibling(a, 1, at: 10))
        object.record(sibling(b, 2, at: 11), seen: object.context)
        return object
    }

    @Test("Once all is settled, a context tells of its siblings' actors alone")
    func settled() {
        var object = replaced()
        object.pruneSettled(at(10))
        #expect(object == replaced(), "its horizon is 11")
        object.pruneSettled(at(11))
        #expect(object.context.entries.map(\.actor) == [b] && object.dots == replaced().dots)
        object.checkInvariants()
        let once = object
        object.pruneSettled(at(12))
        #expect(object == once)
    }

    @Test("Nothing is pruned of what holds no sibling, and no sibling of many is forgotten")
    func whole() {
        var empty = Object(context: replaced().context, siblings: []) ?? Object()
        empty.pruneSettled(at(20))
        #expect(empty.context == replaced().context)
        var both = object(sibling(a, 1, at: 10), sibling(b, 2, at: 11))
        both.pruneSettled(at(20))
        #expect(both == object(sibling(a, 1, at: 10), sibling(b, 2, at: 11)))
    }

    @Test("What comes late is no news, and goes where it is held, as before")
    func late() {
        var object = replaced()
        object.pruneSettled(at(11))
        let late = PruningTests.held(sibling(a, 1, at: 10))
        #expect(late.news(to: object.context, settled: at(11)) == nil)
        var elsewhere = late
        elsewhere.merge(object)
        elsewhere.dropRemoved(by: object.context, settled: at(11))
        #expect(elsewhere.dots == object.dots)
        let younger = PruningTests.held(sibling(a, 2, at: 12))
        #expect(younger.news(to: object.context, settled: at(11)) == younger)
    }

    private static func held(_ sibling: Sibling) -> Object {
        var object = Object()
        object.record(sibling, seen: Context())
        return object
    }

    @Test("A key that is written once in each of a node's lives keeps two actors, read or not")
    func lives() {
        var object = Object()
        for life in 1...100 as ClosedRange<UInt32> {
            let time = UInt64(life)
            var seen = object.context
            let held = object
            object.pruneSettled(at(time - 1))
            seen.forget(held.context, but: object.context)
            object.record(
                sibling(Actor(node: a.node, incarnation: life), 1, at: time), seen: seen)
            #expect(object.context.entries.count <= 2)
        }
    }

    @Test("What a client has seen beyond what is pruned stays seen")
    func seenBeyond() {
        let held = replaced()
        var object = held
        object.pruneSettled(at(11))
        var seen = held.context
        seen.cover(Dot(actor: a, counter: 2))
        seen.forget(held.context, but: object.context)
        #expect(seen.counter(of: a) == 2 && seen.entries.count == 2)
    }
}

@Suite("Digests of objects") struct DigestTests {
    private let base = object(sibling(a, 1, at: 10, "x"), sibling(b, 2, at: 11, nil))

    @Test("A digest is a function of the object and its key, and that of its bytes")
    func equal() {
        let bytes = base.encoded()
        #expect(base.digest(keyHash: 5) == Object.digest(keyHash: 5, bytes.raw))
        var other = object(sibling(b, 2, at: 11, nil))
        other.merge(object(sibling(a, 1, at: 10, "x")))
        #expect(other.digest(keyHash: 5) == base.digest(keyHash: 5))
        #expect(base.digest(keyHash: 5) != base.digest(keyHash: 6))
    }

    @Test("A digest is the same in every process and build: trees on disk hold them")
    func goldenDigests() {
        let several = (1...3 as ClosedRange<UInt64>).map { sibling(b, $0, at: $0 * 100) }
        let object = Object(context: Context(covering: several.map(\.dot)), siblings: several)
        #expect(base.digest(keyHash: 5) == 5_035_728_327_198_867_785)
        #expect(base.digest(keyHash: .max) == 15_347_904_338_778_441_417)
        #expect(object?.digest(keyHash: 5) == 13_330_857_784_329_838_233)
        #expect(
            Object.digest(keyHash: 5, Bytes(text: "not an object").raw) == 4_587_758_941_567_089_316
        )
        #expect(Object.digest(keyHash: 5, Bytes(text: "short").raw) == 9_141_812_917_935_000_556)
    }

    @Test("What a home covers beside its siblings makes no other digest: others may have pruned it")
    func contexts() {
        var context = base.context
        context.cover(Dot(actor: a, counter: 2))
        context.cover(Dot(actor: Actor(node: a.node, incarnation: 0), counter: 9))
        context.reach(at(12))
        let other = Object(context: context, siblings: base.siblings)
        #expect(other?.digest(keyHash: 5) == base.digest(keyHash: 5))
    }

    @Test("Whatever of dots, times or kinds is another, the digest is too")
    func different() {
        var digests: Set<UInt64> = [base.digest(keyHash: 5)]
        let changed: [Object?] = [
            Object(), object(sibling(a, 1, at: 10, "x")), object(sibling(b, 2, at: 11, nil)),
            object(sibling(a, 2, at: 10, "x"), sibling(b, 2, at: 11, nil)),
            object(sibling(a, 1, at: 9, "x"), sibling(b, 2, at: 11, nil)),
            object(sibling(a, 1, at: 10, nil), sibling(b, 2, at: 11, nil)),
            object(sibling(a, 1, at: 10, "x", expiry: 5), sibling(b, 2, at: 11, nil)),
            object(sibling(a, 1, at: 10, "x", expiry: 6), sibling(b, 2, at: 11, nil)),
            object(sibling(b, 1, at: 10, "x"), sibling(b, 2, at: 11, nil)),
        ]
        for case let object? in changed {
            #expect(digests.insert(object.digest(keyHash: 5)).inserted, "\(object)")
        }
        #expect(digests.count == changed.count + 1)
    }

    @Test("Values are stepped over: the dot names them, only their length is looked at")
    func values() {
        let other = object(sibling(a, 1, at: 10, "y"), sibling(b, 2, at: 11, nil))
        #expect(other.digest(keyHash: 5) == base.digest(keyHash: 5))
    }

    @Test("Every bit of a sibling but its value's is told from its opposite, wherever a word ends")
    func bits() {
        for length in 0..<20 {
            let value = String(repeating: "v", count: length)
            let object = object(
                sibling(a, 1, at: 10, value), sibling(b, 200, at: 11, nil),
                sibling(a, 300, at: 12, value))
            let bytes = object.encoded()
            var digests: Set<UInt64> = [object.digest(keyHash: 5)]
            var others = 1
            // Version and count; of each actor the node, its life and a counter of two bytes; the
            // count of siblings. Last comes the horizon.
            let siblings = 2 + (8 + 1 + 2) + (8 + 1 + 2) + 1
            for bit in 8 * siblings..<8 * (bytes.count - 1)
            where bytes[bit / 8] != UInt8(ascii: "v") {
                var other = bytes
                other[bit / 8] ^= 1 << UInt8(bit % 8)
                digests.insert(Object.digest(keyHash: 5, other.raw))
                others += 1
            }
            #expect(digests.count == others, "values of \(length) bytes")
        }
    }

    @Test("The lowest bits of a digest say whether there is a value, and whether all expire")
    func kinds() {
        let expiry = WallTime(milliseconds: 9)
        func bits(_ siblings: [(Sibling.Content, WallTime?)]) -> UInt64 {
            var object = Object()
            for (index, sibling) in siblings.enumerated() {
                let dot = Dot(
                    actor: Actor(node: NodeID(rawValue: 1), incarnation: 1),
                    counter: UInt64(index + 1))
                object.record(
                    Sibling(
                        dot: dot, timestamp: HybridTimestamp(bits: 5), content: sibling.0,
                        expiry: sibling.1), seen: Context())
            }
            return object.digest(keyHash: 5) & 3
        }
        #expect(bits([]) == 0 && bits([(.tombstone, nil)]) == 0)
        #expect(bits([(.value([1]), nil)]) == 1 && bits([(.value([]), expiry)]) == 3)
        #expect(bits([(.tombstone, nil), (.value([1]), expiry)]) == 3)
        #expect(bits([(.value([1]), expiry), (.value([1]), nil), (.tombstone, nil)]) == 1)
    }

    @Test("Any bytes have a digest", arguments: 0..<500 as Range<UInt64>)
    func hostile(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bytes = base.encoded()
        for _ in 0...random.below(4) where !bytes.isEmpty {
            switch random.below(3) {
            case 0: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.removeLast(random.below(bytes.count))
            default: bytes.insert(0xFF, at: random.below(bytes.count))
            }
        }
        _ = Object.digest(keyHash: seed, bytes.raw)
    }
}
