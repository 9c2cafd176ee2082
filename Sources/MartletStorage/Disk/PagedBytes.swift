// The bytes of a simulated file, in pages: copies share their pages until one of them writes, so
// that a copy costs nothing and a write costs what it writes, whatever the file's length.
import MartletBase

/// A growing run of bytes with value semantics. Reading and writing are O(bytes touched), plus one
/// pass over the list of pages at the first write after a copy.
struct PagedBytes {
    /// Every page is full but the last, and none is empty.
    private var pages: [Bytes] = []
    private(set) var count = 0

    private static let pageBytes = 4096
    private static let zeros = Bytes(repeating: 0, count: pageBytes)

    /// Up to `wanted` bytes from `offset`; fewer only at the end.
    func read(at offset: Int, count wanted: Int) -> Bytes {
        invariant(offset >= 0 && wanted >= 0, "a read of \(wanted) bytes at \(offset)")
        var position = min(offset, count)
        let end = position + min(wanted, count - position)
        var result = Bytes()
        result.reserveCapacity(end - position)
        while position < end {
            let start = position % Self.pageBytes
            let stop = min(Self.pageBytes, start + end - position)
            result.append(contentsOf: pages[position / Self.pageBytes][start..<stop])
            position += stop - start
        }
        return result
    }

    /// Puts `run` at `offset`, with zeros before it where the file ended earlier.
    mutating func write(_ run: ArraySlice<UInt8>, at offset: Int) {
        invariant(offset >= 0, "a write at \(offset)")
        if run.isEmpty { return }
        if offset > count { resize(to: offset) }
        var rest = run
        var position = offset
        while !rest.isEmpty {
            let start = position % Self.pageBytes
            let part = rest.prefix(Self.pageBytes - start)
            put(part, inPage: position / Self.pageBytes, at: start)
            position += part.count
            rest = rest.dropFirst(part.count)
        }
        count = max(count, position)
    }

    private mutating func put(_ part: ArraySlice<UInt8>, inPage index: Int, at start: Int) {
        if index == pages.count {
            pages.append(Bytes(part))
        } else if start == pages[index].count {
            pages[index].append(contentsOf: part)
        } else {
            let end = min(start + part.count, pages[index].count)
            pages[index].replaceSubrange(start..<end, with: part)
        }
    }

    /// Cuts, or grows with zeros, to `size` bytes.
    mutating func resize(to size: Int) {
        invariant(size >= 0, "a size of \(size)")
        while count < size {
            let start = count % Self.pageBytes
            let part = Self.zeros.prefix(min(Self.pageBytes - start, size - count))
            put(part, inPage: count / Self.pageBytes, at: start)
            count += part.count
        }
        guard size < count else { return }
        pages.removeLast(pages.count - (size + Self.pageBytes - 1) / Self.pageBytes)
        let rest = size % Self.pageBytes
        if rest > 0 { pages[pages.count - 1] = Bytes(pages[pages.count - 1].prefix(rest)) }
        count = size
    }

    /// Turns one bit of the byte at `offset`, if there is such a byte.
    mutating func flip(bit: Int, at offset: Int) {
        guard offset < count else { return }
        pages[offset / Self.pageBytes][offset % Self.pageBytes] ^= 1 << UInt8(bit)
    }
}
