// Entries of a stopped node's storage, as a person and as a program reads them.
internal import MartletViews

/// Lines of text from an entry.
enum StoredEntryText {
    /// The entry on one line, its versions or fields on others.
    static func lines(_ entry: StoredEntry, values: Bool) -> [String] {
        let home = entry.home.map { " for \($0)" } ?? ""
        let head =
            "\(entry.space)/\(entry.partition)/\(Printable.text(entry.key))\(home), "
            + bytesText(entry.byteCount)
        switch entry.content {
        case .mark: return ["\(head): a mark that the object is owed"]
        case .unreadable(let why): return ["\(head): NOT READABLE: \(Printable.line(why))"]
        case .tree([]): return ["\(head): a tree that is unknown until it is built"]
        case .state(let fields), .tree(let fields), .removable(let fields):
            return ["\(head):"] + fields.map { "  \($0.name) \(Printable.line($0.value))" }
        case .object(let context, let versions):
            return ["\(head), context \(context)"]
                + versions.map { "  " + line($0, values: values) }
        }
    }

    private static func line(_ version: StoredEntry.Version, values: Bool) -> String {
        var line = "\(version.dot) written \(TimeText.utc(version.writtenAtMilliseconds))"
        if version.logical > 0 { line += "+\(version.logical)" }
        if let expiry = version.expiresAtMilliseconds {
            line += ", expires \(TimeText.utc(expiry))"
        }
        guard let value = version.value else { return line + ": deleted" }
        return line + ": " + (values ? Printable.text(value) : bytesText(value.count))
    }
}

/// What `martlet storage dump --json` prints for an entry.
struct StoredEntryJSON: Encodable {
    /// One version.
    struct Version: Encodable {
        var dot: String
        var writtenAtMilliseconds: UInt64
        var logical: UInt16
        var expiresAtMilliseconds: UInt64?
        var deleted: Bool
        var valueBytes: Int?
        var value: String?
        /// In place of `value` where the bytes are no UTF-8.
        var valueBase64: String?

        init(_ version: StoredEntry.Version, values: Bool) {
            dot = version.dot
            writtenAtMilliseconds = version.writtenAtMilliseconds
            logical = version.logical
            expiresAtMilliseconds = version.expiresAtMilliseconds
            deleted = version.value == nil
            valueBytes = version.value?.count
            guard values, let bytes = version.value else { return }
            (value, valueBase64) = textOrBase64(bytes)
        }
    }

    var space: String
    var partition: UInt16
    var key: String?
    /// In place of `key` where the bytes are no UTF-8.
    var keyBase64: String?
    var home: String?
    var bytes: Int
    /// `object`, `mark`, `state`, `removable`, `tree` or `unreadable`.
    var kind: String
    var context: String?
    var versions: [Version]?
    var fields: [String: String]?
    var problem: String?

    init(_ entry: StoredEntry, values: Bool) {
        space = entry.space
        partition = entry.partition
        (key, keyBase64) = textOrBase64(entry.key)
        home = entry.home
        bytes = entry.byteCount
        switch entry.content {
        case .object(let context, let versions):
            kind = "object"
            self.context = context
            self.versions = versions.map { Version($0, values: values) }
        case .mark: kind = "mark"
        case .state(let fields):
            kind = "state"
            self.fields = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
        case .removable(let fields):
            kind = "removable"
            self.fields = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
        case .tree(let fields):
            kind = "tree"
            self.fields = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
        case .unreadable(let why):
            kind = "unreadable"
            problem = why
        }
    }
}
