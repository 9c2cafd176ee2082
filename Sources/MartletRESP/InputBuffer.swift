// The bytes that a peer has sent and a parser has not yet used: one array, reused from read to
// read. Both parsers stand on it; it knows lines and lengths, and nothing of commands or replies.
internal import MartletBase

/// Unread bytes with a cursor. Appending is amortised O(n): bytes move down only when at least as
/// many have been used up before them.
struct InputBuffer: Sendable {
    /// An emptied buffer above this many bytes gives its memory back, so that an idle connection
    /// costs little whatever it sent before.
    static let retainedByteLimit = 16 << 10

    /// Used bytes, then unread ones.
    private(set) var bytes: Bytes = []
    /// The offset of the first unread byte.
    private(set) var start = 0
    /// No line feed is in `start ..< searched`: a line that arrives in pieces is scanned once.
    private var searched = 0

    /// How many bytes are unread.
    var count: Int { bytes.count &- start }

    /// Bytes of memory that the buffer takes.
    var capacity: Int { bytes.capacity }

    /// Adds what has been received.
    mutating func append(_ received: RawSpan) {
        reclaim()
        unsafe received.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Moves the cursor over `count` unread bytes.
    @inline(__always)
    mutating func consume(_ count: Int) {
        start &+= count
        invariant(start <= bytes.count, "consumed to \(start) of \(bytes.count)")
        if start == bytes.count { discard() }
    }

    /// Forgets all that is unread.
    mutating func discard() {
        if bytes.capacity > Self.retainedByteLimit {
            bytes = []
        } else {
            bytes.removeAll(keepingCapacity: true)
        }
        start = 0
        searched = 0
    }

    private mutating func reclaim() {
        guard start > 0, start >= count else { return }
        bytes.removeSubrange(0..<start)
        searched = max(0, searched - start)
        start = 0
    }

    /// The unread bytes at `offset` from the cursor, `count` of them, as an owned array.
    @inline(__always)
    func copy(from offset: Int, count: Int) -> Bytes {
        let first = start &+ offset
        return Array(bytes[first..<first &+ count])
    }

    /// Whether CR LF stands `offset` bytes after the cursor; both bytes must be there.
    @inline(__always)
    func hasLineEnd(at offset: Int) -> Bool {
        bytes[start &+ offset] == .carriageReturn && bytes[start &+ offset &+ 1] == .lineFeed
    }

    /// How many unread bytes come before the next line feed; nil while it has not arrived.
    mutating func countBeforeLineFeed() -> Int? {
        var index = max(start, searched)
        while index < bytes.count {
            if bytes[index] == .lineFeed {
                searched = index
                return index - start
            }
            index += 1
        }
        searched = index
        return nil
    }

    /// What a length line says.
    enum Length {
        /// The line has not arrived whole; nothing in it is wrong so far.
        case incomplete
        /// Not a number in Redis's strict form (`0`, or no leading zero, at most 18 digits).
        case invalid
        /// The number, and how many bytes from the cursor its line took.
        case number(Int, lineCount: Int)
    }

    /// Reads the number between a type byte at the cursor and CR LF, without consuming.
    @inline(__always)
    func length() -> Length {
        var index = start &+ 1
        let end = bytes.count
        guard index < end else { return .incomplete }
        let negative = bytes[index] == UInt8(ascii: "-")
        if negative { index &+= 1 }
        let firstDigit = index
        var value = 0
        while index < end, case let digit = bytes[index] &- UInt8(ascii: "0"), digit <= 9 {
            if index &- firstDigit == 18 { return .invalid }
            if index > firstDigit, value == 0 { return .invalid }
            value = value &* 10 &+ Int(digit)
            index &+= 1
        }
        guard index < end else { return .incomplete }
        guard index > firstDigit, bytes[index] == .carriageReturn, !(negative && value == 0) else {
            return .invalid
        }
        index &+= 1
        guard index < end else { return .incomplete }
        guard bytes[index] == .lineFeed else { return .invalid }
        return .number(negative ? -value : value, lineCount: index &+ 1 &- start)
    }
}

extension UInt8 {
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
}
