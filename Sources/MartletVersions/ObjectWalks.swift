// Reading an object where its bytes lie: nothing is copied out that is not asked for. The bytes
// were checked before, as the object was made of them.
internal import MartletBase

/// What is noted of an object's bytes as they are checked, or written: most questions are answered
/// by it alone.
struct Outline: Hashable, Sendable {
    /// How many actors its context names.
    var actorCount = 0
    /// How many siblings there are.
    private(set) var siblingCount = 0
    /// Where the first of them lies.
    var siblingsAt = 0
    /// Bytes of their values.
    private(set) var valueByteCount = 0
    /// The horizon of its context.
    var horizon = HybridTimestamp(bits: 0)
    /// The earliest timestamp of a sibling; without one it is above all.
    private(set) var earliest = HybridTimestamp(bits: .max)
    /// Whether a sibling has a value, and whether one has a value that does not expire.
    private(set) var (holdsValue, holdsLasting) = (false, false)

    /// Takes in one more sibling.
    @inline(__always)
    mutating func add(_ sibling: SiblingPlace) {
        siblingCount &+= 1
        earliest = min(earliest, sibling.timestamp)
        guard let value = sibling.value else { return }
        valueByteCount &+= value.count
        holdsValue = true
        if sibling.expiry == nil { holdsLasting = true }
    }
}

/// A sibling without its value: that lies where it says.
struct SiblingPlace {
    var dot: Dot
    var timestamp: HybridTimestamp
    var expiry: WallTime?
    /// Nil for a tombstone.
    var value: Range<Int>?
}

/// Walks the actors of an object.
struct ActorWalk: ~Escapable {
    private var cursor: ReadCursor
    private var left: Int

    /// A walk through the context that begins at `start`.
    @inline(__always) @_lifetime(copy bytes)
    init(_ bytes: RawSpan, from start: Int = 1) {
        cursor = ReadCursor(bytes, start..<bytes.byteCount)
        do throws(FormatError) { left = try cursor.readCount() } catch { bytesAreBent(error) }
    }

    /// The next actor with what is covered of it, ascending; nil behind the last.
    @inline(__always) @_lifetime(self: copy self)
    mutating func next() -> Context.Entry? {
        if left == 0 { return nil }
        left &-= 1
        do throws(FormatError) { return try Context.Entry(from: &cursor) } catch {
            bytesAreBent(error)
        }
    }
}

/// Walks the siblings of an object, and the actors that name them beside: both are sorted.
struct SiblingWalk: ~Escapable {
    private var cursor: ReadCursor
    private var left: Int
    private var actors: ActorWalk
    /// The actor that `actors` gave last, and its index.
    private var actor: Context.Entry?
    private var index: UInt64 = 0
    /// The counter of the last dot, where that was of the same actor.
    private var last: UInt64 = 0

    /// A walk through the object that `bytes` are, and nothing else.
    @inline(__always) @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ outline: Outline) {
        let cursor = ReadCursor(bytes, outline.siblingsAt..<bytes.byteCount)
        self.init(cursor, count: outline.siblingCount, under: ActorWalk(bytes))
    }

    /// A walk through `count` siblings from `cursor` on, which need not be checked yet; the actors
    /// are.
    @inline(__always) @_lifetime(copy cursor, copy actors)
    init(_ cursor: ReadCursor, count: Int, under actors: ActorWalk) {
        self.cursor = cursor
        self.actors = actors
        left = count
        actor = self.actors.next()
    }

    /// Where the walk stands.
    var offset: Int { cursor.offset }

    /// The next sibling; nil behind the last.
    @inline(__always) @_lifetime(self: copy self)
    mutating func next() -> SiblingPlace? {
        if left == 0 { return nil }
        do throws(FormatError) { return try read() } catch { bytesAreBent(error) }
    }

    /// The next sibling, of which there is one; every rule of the format is checked.
    @inline(__always) @_lifetime(self: copy self)
    mutating func read() throws(FormatError) -> SiblingPlace {
        left &-= 1
        let dot = try readDot()
        let timestamp = HybridTimestamp(bits: try cursor.readUInt64())
        let flags = try cursor.readUInt8()
        guard flags & ~(SiblingFlag.value | SiblingFlag.expiry) == 0 else {
            throw cursor.invalid("flags")
        }
        var place = SiblingPlace(dot: dot, timestamp: timestamp)
        if flags & SiblingFlag.expiry != 0 {
            place.expiry = WallTime(milliseconds: try cursor.readUInt64())
        }
        if flags & SiblingFlag.value != 0 {
            let count = try cursor.readCount()
            place.value = try cursor.skip(count)
        }
        return place
    }

    @inline(__always) @_lifetime(self: copy self)
    private mutating func readDot() throws(FormatError) -> Dot {
        let number = try cursor.readVarint()
        guard number >= index else { throw cursor.invalid("sibling dots") }
        while number > index, actor != nil {
            actor = actors.next()
            index &+= 1
            last = 0
        }
        guard let actor else { throw cursor.invalid("actor index") }
        let counter = try cursor.readVarint()
        guard counter > 0 else { throw cursor.invalid("dot counter") }
        guard counter > last, counter <= actor.counter else { throw cursor.invalid("sibling dots") }
        last = counter
        return Dot(actor: actor.actor, counter: counter)
    }
}

/// The flags of a sibling.
enum SiblingFlag {
    static let value: UInt8 = 1
    static let expiry: UInt8 = 2
}

/// What was checked has changed since.
private func bytesAreBent(_ error: FormatError) -> Never {
    invariant(false, "an object's bytes are bent: \(error)")
    preconditionFailure()
}
