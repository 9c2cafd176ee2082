// A table's file read by what its sections say of themselves: for salvage and for checks, where
// index, filter and footer may be damaged. It blocks, and holds one read at a time.
internal import MartletBase

/// The sections of one table in the order of the file, the damaged ones as damage.
struct TableWalk {
    /// What was found.
    enum Piece {
        /// An intact section of records.
        case records(Block, TableSection)
        /// The intact payload of an index or a filter.
        case other(Bytes, TableSection)
        /// Something that is no intact section begins here; the walk goes on behind it where it
        /// finds one.
        case damaged(FormatError.Reason)
    }

    private let number: UInt64
    private let map: TableMap?
    private let hasFooter: Bool
    private var window: FileWindow
    /// The offset of the piece that `next` gives next.
    private var offset = TableFormat.headerBytes
    private var resyncBytes: Int

    private static let stretchBytes = 64 << 10

    /// Begins behind the header of table `number`. A `footer` and a `map`, where they are intact,
    /// tell where to go on behind damage.
    init(
        _ file: any DiskFile, number: UInt64, footer: TableFooter?, map: TableMap?
    ) throws(TableError) {
        self.number = number
        self.map = map
        hasFooter = footer != nil
        let size = try TableReader.asking { () throws(DiskError) in try file.size() }
        window = FileWindow(file, end: footer?.offset ?? size)
        // Looking for the next section behind damage costs no more than reading the file thrice,
        // however many false beginnings were planted.
        resyncBytes = 2 * size
    }

    /// The next piece and its offset; nil at the end. Every call moves forward.
    mutating func next() throws(TableError) -> (offset: Int, piece: Piece)? {
        guard offset < window.end else { return nil }
        let start = offset
        var claimed: Int?
        do {
            let section = try section(at: start)
            claimed = start + section.length
            return (start, try open(section, at: start))
        } catch {
            guard case .damaged(_, _, let reason) = error else { throw error }
            if !hasFooter, window.end - start == TableFormat.footerBytes { return nil }
            offset = try resume(behind: start, claimed: claimed)
            return (start, .damaged(reason))
        }
    }

    /// The front of the section at `start`, which ends in the file.
    private mutating func section(at start: Int) throws(TableError) -> TableSection {
        let front = min(TableFormat.sectionHeaderBytes, window.end - start)
        let range = try window.load(start..<start + front)
        do throws(FormatError) {
            guard front == TableFormat.sectionHeaderBytes else {
                throw FormatError(.truncated, at: start)
            }
            let section = try TableSection(decoding: window.bytes, at: range.lowerBound)
            guard section.length <= window.end - start else {
                throw FormatError(.truncated, at: start)
            }
            return section
        } catch {
            throw damage(start, error)
        }
    }

    private mutating func open(
        _ section: TableSection, at start: Int
    ) throws(TableError) -> Piece {
        let range = try window.load(start..<start + section.length)
        do throws(FormatError) {
            let payload = try section.payload(
                window.bytes, at: range.lowerBound, number: number, offset: start)
            let piece: Piece =
                section.kind == .records
                ? .records(try Block(payload), section) : .other(payload, section)
            offset = start + section.length
            return piece
        } catch {
            throw damage(start, error)
        }
    }

    private func damage(_ start: Int, _ error: FormatError) -> TableError {
        .damaged(file: window.file.name, offset: start, reason: error.reason)
    }

    /// Where to go on behind damage at `start`: where the map says, else where the damaged section
    /// `claimed` to end if a section is there, else at the next one that can be found.
    private mutating func resume(behind start: Int, claimed: Int?) throws(TableError) -> Int {
        if let next = map?.blockStart(after: start) { return next }
        if let claimed {
            if claimed == window.end { return claimed }
            if try isIntact(at: claimed) { return claimed }
        }
        var candidate = start + 1
        while resyncBytes > 0, let next = try nextPlausible(from: candidate) {
            if try isIntact(at: next) { return next }
            candidate = next + 1
        }
        return hasFooter ? window.end : max(start + 1, window.end - TableFormat.footerBytes)
    }

    /// The first place at or behind `start` whose bytes could begin a section. O(bytes passed).
    private mutating func nextPlausible(from start: Int) throws(TableError) -> Int? {
        let front = TableFormat.sectionHeaderBytes
        var start = start
        while start + front <= window.end {
            let stretch = min(Self.stretchBytes, window.end - start)
            let range = try window.load(start..<start + stretch)
            let bytes = window.bytes
            let span = bytes.raw
            for place in range.lowerBound...range.upperBound - front
            where TableSection.isPlausible(span, at: place) {
                return start + place - range.lowerBound
            }
            start += stretch - front + 1
        }
        return nil
    }

    /// Whether an intact section begins at `start`.
    private mutating func isIntact(at start: Int) throws(TableError) -> Bool {
        guard start + TableFormat.sectionHeaderBytes <= window.end else { return false }
        let front = try window.load(start..<start + TableFormat.sectionHeaderBytes)
        guard let section = try? TableSection(decoding: window.bytes, at: front.lowerBound),
            section.length <= window.end - start
        else { return false }
        resyncBytes -= section.length
        let range = try window.load(start..<start + section.length)
        return TableSection.isIntact(window.bytes, range, number: number, offset: start)
    }
}
