// The bytes of entries whose numbers ascend, as exchanges tell of partitions and of the nodes of
// trees. What an entry is besides its number, its own coder says.
//
//     ascending entries = count:varint  (place  rest)*
//     place             = gap:varint     how many numbers lie between the one before and this
internal import MartletBase

extension ByteWriter {
    /// Writes entries, each of a number beyond all before it, and of each what `rest` writes of it.
    mutating func writeAscending<Entry>(
        _ entries: [Entry], by number: (Entry) -> UInt16,
        rest: (Entry, inout ByteWriter) -> Void
    ) {
        writeCount(entries.count)
        var least = 0
        for entry in entries {
            let number = Int(number(entry))
            invariant(number >= least, "\(number) where \(least) or more is due")
            writeVarint(UInt64(number - least))
            least = number + 1
            rest(entry, &self)
        }
    }
}

extension ByteReader {
    /// Entries of at least `minimumSize` bytes each, read by `entry`, which gets the number of each
    /// and reads the rest of it.
    mutating func readAscending<Entry>(
        minimumSize: Int, _ entry: (UInt16, inout ByteReader) throws(FormatError) -> Entry
    ) throws(FormatError) -> [Entry] {
        var entries: [Entry] = []
        var least = 0
        for _ in 0..<(try readCount(minimumSize: minimumSize)) {
            let gap = try readVarint()
            guard gap <= UInt64(UInt16.max), let number = UInt16(exactly: least + Int(gap)) else {
                throw error(.invalid("order"))
            }
            least = Int(number) + 1
            entries.append(try entry(number, &self))
        }
        return entries
    }
}
