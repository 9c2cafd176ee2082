// The laws of versions: exhaustively on small histories, then by seeded histories of many replicas.
import MartletBase
import MartletVersions
import Testing

private let a = Actor(node: NodeID(rawValue: 1), incarnation: 1)
private let b = Actor(node: NodeID(rawValue: 2), incarnation: 1)

private func sibling(_ actor: Actor, _ counter: UInt64, _ text: String = "v") -> Sibling {
    Sibling(
        dot: Dot(actor: actor, counter: counter), timestamp: HybridTimestamp(bits: counter),
        content: .value(Bytes(text: text)))
}

/// Every object over two actors with counters up to two: contexts times subsets of covered dots.
private let smallObjects: [Object] = {
    var objects: [Object] = []
    for high in 0...2 as ClosedRange<UInt64> {
        for other in 0...2 as ClosedRange<UInt64> {
            let covered =
                (0..<high).map { sibling(a, $0 + 1) } + (0..<other).map { sibling(b, $0 + 1) }
            let context = Context(covering: covered.map(\.dot))
            for subset in 0..<(1 << covered.count) {
                let kept = covered.indices.filter { subset & (1 << $0) != 0 }.map { covered[$0] }
                objects.append(Object(context: context, siblings: kept)!)
            }
        }
    }
    return objects
}()

/// The small objects, each with nothing replaced that is later than its siblings, and with some.
private let smallHorizons: [Object] = smallObjects.flatMap { object in
    ([0, 2, 9] as [UInt64]).compactMap { bits in
        var context = object.context
        context.reach(HybridTimestamp(bits: bits))
        return Object(context: context, siblings: object.siblings)
    }
}

private func merged(_ left: Object, _ right: Object) -> Object {
    var result = left
    result.merge(right)
    return result
}

@Suite("Objects")
struct ObjectTests {
    @Test("Merge is idempotent, commutative and associative on every small object")
    func latticeLaws() {
        #expect(smallObjects.count == 49)
        for x in smallObjects {
            #expect(merged(x, x) == x)
            for y in smallObjects {
                let xy = merged(x, y)
                xy.checkInvariants()
                #expect(xy == merged(y, x))
                #expect(xy.context.dominates(x.context) && xy.context.dominates(y.context))
                for z in smallObjects where merged(xy, z) != merged(x, merged(y, z)) {
                    Issue.record("not associative: \(x) \(y) \(z)")
                }
            }
        }
    }

    @Test("Horizons keep the laws: a merge has the later one, whatever the order")
    func horizonLaws() {
        #expect(Set(smallHorizons).count > 2 * smallObjects.count)
        for x in smallHorizons {
            #expect(merged(x, x) == x)
            for y in smallHorizons {
                let xy = merged(x, y)
                #expect(xy == merged(y, x))
                #expect(xy.context.horizon == max(x.context.horizon, y.context.horizon))
                #expect(merged(xy, y) == xy && merged(x, xy) == xy)
            }
        }
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 {
            let three = (0..<3).map { _ in smallHorizons[random.below(smallHorizons.count)] }
            let left = merged(merged(three[0], three[1]), three[2])
            #expect(left == merged(three[0], merged(three[1], three[2])))
        }
    }

    @Test("A sibling survives a merge exactly when both hold it or the other has not seen it")
    func survival() {
        for x in smallObjects {
            for y in smallObjects {
                let expected = Set(x.dots).union(y.dots).filter { dot in
                    (x.dots.contains(dot) || !x.context.covers(dot))
                        && (y.dots.contains(dot) || !y.context.covers(dot))
                }
                #expect(Set(merged(x, y).dots) == expected)
            }
        }
    }

    @Test("A blind write beside an unseen one becomes a sibling; one that has seen it replaces it")
    func staleContexts() {
        var object = Object()
        object.record(sibling(a, 1, "first"), seen: Context())
        object.record(sibling(a, 2, "blind"), seen: Context())
        #expect(object.dots.count == 2)
        object.record(sibling(a, 3, "knowing"), seen: object.context)
        #expect(object.dots == [Dot(actor: a, counter: 3)])
    }

    @Test("Interleaved writers who each read their own write make no false concurrency")
    func noSiblingExplosion() {
        // Two clients write in turn, each with the context of its own last answer: the example
        // of sibling explosion under plain version vectors (Preguiça et al., section 3).
        var object = Object()
        var seen = [Context(), Context()]
        for round in 0..<100 as Range<UInt64> {
            let writer = Int(round % 2)
            let write = sibling(a, round + 1)
            object.record(write, seen: seen[writer])
            seen[writer].cover(write.dot)
            // A vector cannot say "this dot alone", so covering dot n covers its elders too:
            // what survives is never more than the writers.
            #expect(object.siblings.count <= 2)
        }
    }

    @Test("The shown sibling is the latest by timestamp, then by dot")
    func shownSibling() {
        var object = Object()
        object.record(sibling(b, 5, "late"), seen: Context())
        object.record(sibling(a, 3, "early"), seen: Context())
        #expect(object.shown?.content == .value(Bytes(text: "late")))
        object.record(sibling(a, 5, "tie"), seen: Context())
        #expect(object.shown?.content == .value(Bytes(text: "late")))
    }

    @Test("A value hides from its expiry on, and a tombstone always")
    func expiry() {
        var object = Object()
        let version = Sibling(
            dot: Dot(actor: a, counter: 1), timestamp: HybridTimestamp(bits: 1),
            content: .value([1]), expiry: WallTime(milliseconds: 100))
        object.record(version, seen: Context())
        #expect(!object.isAbsent(at: WallTime(milliseconds: 99)))
        #expect(object.isAbsent(at: WallTime(milliseconds: 100)))
    }

    @Test("Replicas that exchange in any order converge", arguments: 0..<50 as Range<UInt64>)
    func convergence(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let actors = (1...3).map { Actor(node: NodeID(rawValue: $0), incarnation: 1) }
        var sources = actors.map { DotSource(actor: $0) }
        var replicas = [Object](repeating: Object(), count: 3)
        for _ in 0..<200 {
            let at = random.below(3)
            if random.chance(0.4) {
                let seen = random.chance(0.5) ? replicas[random.below(3)].context : Context()
                let actor = actors[at]
                let dot = sources[at].next(
                    beyond: max(replicas[at].counter(of: actor), seen.counter(of: actor)))
                let write = Sibling(
                    dot: dot, timestamp: HybridTimestamp(bits: random.next()),
                    content: random.chance(0.2) ? .tombstone : .value([1]))
                replicas[at].record(write, seen: seen)
            } else {
                replicas[at].merge(replicas[random.below(3)])
            }
            replicas[at].checkInvariants()
        }
        let forward = merged(merged(replicas[0], replicas[1]), replicas[2])
        let backward = merged(replicas[2], merged(replicas[1], replicas[0]))
        #expect(forward == backward)
    }
}

@Suite("Contexts and clocks")
struct ContextTests {
    @Test("The join is the least context that dominates both", arguments: 0..<100 as Range<UInt64>)
    func join(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func draw() -> Context {
            Context(
                covering: (0..<random.below(6)).map { _ in
                    let node = NodeID(rawValue: UInt64(random.below(4)))
                    return Dot(
                        actor: Actor(node: node, incarnation: UInt32(random.below(2))),
                        counter: UInt64(random.below(5)) + 1)
                })
        }
        let left = draw()
        let right = draw()
        var join = left
        join.join(right)
        #expect(join.dominates(left) && join.dominates(right))
        for entry in join.entries {
            let greatest = max(left.counter(of: entry.actor), right.counter(of: entry.actor))
            #expect(entry.counter == greatest)
        }
        #expect(left.dominates(right) == (join == left))
    }

    @Test("Timestamps grow although the wall clock goes back, and disbelieve a far future")
    func hybridClock() {
        var clock = HybridClock(maximumSkew: .seconds(60))
        let first = clock.next(at: WallTime(milliseconds: 1_000_000))
        let second = clock.next(at: WallTime(milliseconds: 999_000))
        #expect(second > first)
        clock.observe(
            HybridTimestamp(WallTime(milliseconds: 1_030_000)),
            at: WallTime(milliseconds: 1_000_000))
        let third = clock.next(at: WallTime(milliseconds: 1_000_000))
        #expect(third.wall.milliseconds == 1_030_000)
        let farFuture = HybridTimestamp(WallTime(milliseconds: 9_000_000))
        clock.observe(farFuture, at: WallTime(milliseconds: 1_000_000))
        #expect(clock.next(at: WallTime(milliseconds: 1_000_000)) < farFuture)
    }

    @Test("A dot is beyond every context, also one that claims the future")
    func hostileContext() {
        var source = DotSource(actor: a)
        let hostile = Context(covering: [Dot(actor: a, counter: 1_000)])
        let dot = source.next(beyond: hostile.counter(of: a))
        #expect(dot.counter == 1_001)
        #expect(source.next(beyond: 0).counter == 1_002)
    }
}

@Suite("Object coding")
struct ObjectCodingTests {
    @Test("Every small object reads back as itself")
    func roundTrip() throws {
        for object in smallObjects + smallHorizons {
            var reader = ByteReader(object.encoded())
            #expect(try Object(from: &reader) == object)
            #expect(reader.isAtEnd)
        }
    }

    @Test("What is read in the bytes of an object is what its parts say")
    func accessors() {
        for object in smallObjects + smallHorizons {
            let (context, siblings) = (object.context, object.siblings)
            #expect(object.horizon == context.horizon)
            #expect(object.actorCount == context.entries.count)
            #expect(object.isEmpty == context.isEmpty)
            #expect(object.siblingCount == siblings.count)
            #expect(object.dots == siblings.map(\.dot))
            #expect(object.valueByteCount == siblings.count)
            #expect(object.holdsValue == !siblings.isEmpty)
            for actor in [a, b] {
                #expect(object.counter(of: actor) == context.counter(of: actor))
                for counter in 1...3 as ClosedRange<UInt64> {
                    let dot = Dot(actor: actor, counter: counter)
                    #expect(object.covers(dot) == context.covers(dot))
                }
            }
            var timestamps: [HybridTimestamp] = []
            object.forEachTimestamp { timestamps.append($0) }
            #expect(timestamps == siblings.map(\.timestamp))
            for other in smallObjects {
                #expect(object.hasSameVersions(as: other) == (object.dots == other.dots))
            }
        }
    }

    @Test("The value to show lies in the object's bytes, with when it expires")
    func shownValue() {
        #expect(Object().shownValue == nil)
        let expiry = WallTime(milliseconds: 9)
        var object = Object()
        object.record(sibling(a, 1, "first"), seen: nil)
        object.record(
            Sibling(
                dot: Dot(actor: b, counter: 1), timestamp: HybridTimestamp(bits: 5),
                content: .value(Bytes(text: "second")), expiry: expiry), seen: Context())
        #expect(object.shownValue.map { Bytes($0.bytes).text } == "second")
        #expect(object.shownValue?.expiry == expiry)
        object.record(
            Sibling(
                dot: Dot(actor: a, counter: 2), timestamp: HybridTimestamp(bits: 7),
                content: .tombstone), seen: Context())
        #expect(object.shownValue == nil && object.siblingCount == 3)
    }

    @Test("An object that is all of some bytes keeps them, and one that is less is refused")
    func whole() throws {
        for object in smallHorizons {
            let bytes = object.encoding
            #expect(try Object(encoding: bytes) == object)
            #expect(throws: FormatError(.invalid("trailing bytes"), at: bytes.count)) {
                try Object(encoding: bytes + [0])
            }
            #expect(throws: FormatError.self) { try Object(encoding: Bytes(bytes.dropLast())) }
        }
    }

    @Test("The bytes of an object are those of format 2")
    func golden() {
        var object = Object()
        object.record(sibling(a, 1, "x"), seen: Context())
        #expect(
            object.encoded() == [
                2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1,  // version, context {1/1:1}
                1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 120,  // one value "x" under 1/1:1
                0,  // nothing later is covered
            ])
        var context = object.context
        context.reach(HybridTimestamp(bits: 301))
        #expect(
            Object(context: context, siblings: object.siblings)?.encoded()
                == object.encoded().dropLast() + [172, 2], "300 beyond the latest sibling")
    }

    @Test(
        "Bent bytes are a typed error or a well-formed object", arguments: 0..<2000 as Range<UInt64>
    )
    func fuzz(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bytes = smallObjects[random.below(smallObjects.count)].encoded()
        for _ in 0...random.below(3) {
            switch random.below(3) {
            case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
            case 1: bytes.removeLast(random.below(bytes.count))
            default: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count + 1))
            }
            if bytes.isEmpty { return }
        }
        var reader = ByteReader(bytes)
        do { try Object(from: &reader).checkInvariants() } catch {
            #expect(error.offset <= bytes.count)
        }
    }
}
