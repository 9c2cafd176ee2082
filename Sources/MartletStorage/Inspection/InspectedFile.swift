// What the files of a data directory are, by their names and first bytes alone.
internal import MartletBase

/// One file of a data directory.
public struct InspectedFile: Hashable, Sendable {
    /// What a file is, by its name.
    public enum Kind: String, Hashable, Sendable {
        /// Names the tables.
        case manifest
        /// A segment of the log.
        case log
        /// Says what of the log must be there.
        case mark
        /// Sorted records.
        case table
        /// One in which damage was found, kept for whoever wants to know why.
        case aside
        /// Not one of the engine's.
        case foreign
    }

    /// What a file is to the data.
    public enum Use: String, Hashable, Sendable {
        /// It is part of the data.
        case data
        /// It is not, and goes when a node next starts on the directory.
        case leftover
        /// It is not, and stays.
        case none
    }

    /// Its name.
    public var name: String
    /// What it is.
    public var kind: Kind
    /// What it is to the data.
    public internal(set) var use = Use.none
    /// Its length in bytes; nil where the disk does not tell.
    public var bytes: Int?
    /// The format version that it begins with; nil where it does not begin as its kind does.
    public var version: UInt8?

    /// Looks at the file `name` of `disk`.
    init(_ name: String, on disk: any Disk) {
        self.name = name
        kind = Self.kind(of: name)
        guard let file = try? disk.open(name, .reading) else { return }
        bytes = try? file.size()
        guard let magic = Self.magic(of: kind, name),
            let start = try? file.read(at: 0, count: magic.count + 1),
            start.count == magic.count + 1, start.dropLast().elementsEqual(magic)
        else { return }
        version = start.last
    }

    static func kind(of name: String) -> Kind {
        if ManifestFormat.number(name) != nil { return .manifest }
        if LogFormat.segmentNumber(name) != nil { return .log }
        if TableFormat.number(name) != nil { return .table }
        if name == LogMark.fileName { return .mark }
        return name.hasSuffix(Salvage.suffix) ? .aside : .foreign
    }

    private static func magic(of kind: Kind, _ name: String) -> Bytes? {
        switch kind {
        case .manifest: ManifestFormat.magic
        case .log: LogFormat.magic
        case .table: TableFormat.headerMagic
        case .mark: LogMark.magic
        case .aside: name.hasPrefix("table-") ? TableFormat.headerMagic : nil
        case .foreign: nil
        }
    }
}
