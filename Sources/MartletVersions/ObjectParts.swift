// An object taken apart, to be changed and put together again. Values stay where they are: each is
// copied once, into the bytes of the object that comes of it.
internal import MartletBase

/// The parts of an object.
struct ObjectParts {
    /// A sibling, and the bytes that its value lies in.
    struct Piece {
        var place: SiblingPlace
        var source: Bytes
    }

    var context: Context
    /// Sorted by dot; the context covers each, and its horizon is behind none.
    var siblings: [Piece]

    /// Those of a key that was never written.
    init() {
        self.init(context: Context(), siblings: [])
    }

    init(context: Context, siblings: [Piece]) {
        self.context = context
        self.siblings = siblings
    }

    /// Those of `object`, but for siblings that are not kept.
    init(_ object: Object, keeping isKept: (SiblingPlace) -> Bool = { _ in true }) {
        context = object.context
        siblings = []
        var walk = SiblingWalk(object.encoding.raw, object.outline)
        while let place = walk.next() {
            if isKept(place) { siblings.append(Piece(place: place, source: object.encoding)) }
        }
    }

    /// Joins what another replica holds of the same key; O(siblings + context).
    mutating func merge(_ other: ObjectParts) {
        var merged: [Piece] = []
        merged.reserveCapacity(siblings.count + other.siblings.count)
        var left = 0
        var right = 0
        while left < siblings.count || right < other.siblings.count {
            if right == other.siblings.count
                || left < siblings.count && siblings[left].dot < other.siblings[right].dot
            {
                if !other.context.covers(siblings[left].dot) { merged.append(siblings[left]) }
                left += 1
            } else if left == siblings.count || other.siblings[right].dot < siblings[left].dot {
                if !context.covers(other.siblings[right].dot) {
                    merged.append(other.siblings[right])
                }
                right += 1
            } else {
                merged.append(siblings[left])
                left += 1
                right += 1
            }
        }
        siblings = merged
        context.join(other.context)
    }
}

extension ObjectParts.Piece {
    var dot: Dot { place.dot }

    /// A sibling by itself.
    init(_ sibling: Sibling) {
        place = SiblingPlace(
            dot: sibling.dot, timestamp: sibling.timestamp, expiry: sibling.expiry)
        source = []
        if case .value(let value) = sibling.content {
            place.value = 0..<value.count
            source = value
        }
    }
}

extension Object {
    private static let headLimit = 1 + 10 + 10 + 10
    private static let siblingLimit = 10 + 10 + 8 + 1 + 8 + 10

    /// Puts `parts` together.
    init(_ parts: ObjectParts) {
        self.init(parts.context, parts.siblings)
    }

    /// The object of siblings that are sorted by dot and that `context` covers.
    init(_ context: Context, _ siblings: some Collection<ObjectParts.Piece>) {
        var outline = Outline()
        outline.actorCount = context.entries.count
        outline.horizon = context.horizon
        for piece in siblings { outline.add(piece.place) }
        let limit =
            Self.headLimit + outline.actorCount * Context.entrySizeLimit
            + outline.siblingCount * Self.siblingLimit + outline.valueByteCount
        var writer = ByteWriter()
        writer.write(atMost: limit) { cursor in
            cursor.write(Self.formatVersion)
            context.encodeEntries(into: &cursor)
            cursor.writeCount(siblings.count)
            outline.siblingsAt = cursor.offset
            let latest = Self.write(siblings, under: context, into: &cursor)
            cursor.writeVarint(context.horizon.bits - latest)
        }
        self.init(encoding: writer.take(), outline: outline)
    }

    /// Writes the siblings, and returns the latest of their timestamps.
    private static func write(
        _ siblings: some Collection<ObjectParts.Piece>, under context: Context,
        into cursor: inout WriteCursor
    ) -> UInt64 {
        var actorIndex = 0
        var latest: UInt64 = 0
        for piece in siblings {
            while context.entries[actorIndex].actor != piece.dot.actor { actorIndex += 1 }
            cursor.writeCount(actorIndex)
            cursor.writeVarint(piece.dot.counter)
            cursor.write(piece.place.timestamp.bits)
            latest = max(latest, piece.place.timestamp.bits)
            cursor.write(
                (piece.place.value == nil ? 0 : SiblingFlag.value)
                    | (piece.place.expiry == nil ? 0 : SiblingFlag.expiry))
            if let expiry = piece.place.expiry { cursor.write(expiry.milliseconds) }
            if let value = piece.place.value { cursor.writePrefixed(piece.source, value) }
        }
        return latest
    }
}
