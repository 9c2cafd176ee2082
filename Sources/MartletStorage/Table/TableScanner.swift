// Reading a table from front to back in few large reads: what compactions do. It blocks, and
// holds one read at a time.
internal import MartletBase

/// The blocks of one table in order.
struct TableScanner {
    private let map: TableMap
    private var window: FileWindow
    /// The block that `next` gives next.
    private(set) var index: Int

    /// Begins at block `index`; each read takes `readAheadBytes`, or one block if that is longer.
    init(
        _ file: any DiskFile, _ map: TableMap, from index: Int = 0,
        readAheadBytes: Int = FileWindow.defaultBytes
    ) {
        self.map = map
        self.index = index
        window = FileWindow(file, end: map.offset(of: map.blockCount), readAheadBytes)
    }

    /// The next block; nil behind the last. After an error the next call goes on behind the block
    /// that failed.
    mutating func next() throws(TableError) -> Block? {
        guard index < map.blockCount else { return nil }
        let current = index
        index += 1
        let start = map.offset(of: current)
        let range = try window.load(start..<start + map.length(of: current))
        return try TableReader.block(window.bytes, range, window.file, map, current)
    }
}

/// A stretch of a file in memory that moves forward with what is asked for.
struct FileWindow {
    let file: any DiskFile
    /// No byte of the file behind this is read.
    let end: Int
    private let readAheadBytes: Int
    private var start = 0
    /// What was read last.
    private(set) var bytes: Bytes = []

    /// What one read takes where nothing else is said.
    static let defaultBytes = 1 << 20

    init(_ file: any DiskFile, end: Int, _ readAheadBytes: Int = defaultBytes) {
        self.file = file
        self.end = end
        self.readAheadBytes = readAheadBytes
    }

    /// Where in `bytes` the file's bytes in `range` are, which ends at `end` at most; reads them
    /// first where they are not. A file that ends before is damaged.
    mutating func load(_ range: Range<Int>) throws(TableError) -> Range<Int> {
        invariant(range.upperBound <= end, "\(range) of \(end) bytes of \(file.name)")
        if range.lowerBound < start || range.upperBound > start + bytes.count {
            let file = file
            let count = max(range.count, min(readAheadBytes, end - range.lowerBound))
            bytes = []
            start = range.lowerBound
            bytes = try TableReader.asking { [start] () throws(DiskError) in
                try file.read(at: start, count: count)
            }
        }
        guard range.upperBound <= start + bytes.count else {
            throw .damaged(file: file.name, offset: start + bytes.count, reason: .truncated)
        }
        return range.lowerBound - start..<range.upperBound - start
    }
}
