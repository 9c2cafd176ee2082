// One small change of the source, as it is written into the tree behind its switch.

/// A change of the source that a slip of its author could have made.
struct Mutation: Codable {
    /// What kind of slip it is.
    enum Kind: String, Codable, CaseIterable {
        case comparison, logic, arithmetic, number, truth
        case minmax = "min-max"
        case dropped = "dropped statement"
        case condition = "forced condition"
        case early = "early return"
        case swapped = "swapped arguments"
    }

    /// Bytes of the file and what takes their place; `⌘` stands for the switch.
    struct Edit: Codable {
        let start: Int
        let end: Int
        let text: String

        /// `changed` while the mutation is on, else what stands there.
        static func choice(_ range: Range<Int>, _ original: String, _ changed: String) -> Edit {
            Edit(
                start: range.lowerBound, end: range.upperBound,
                text: "(⌘ ? (\(changed)) : (\(original)))")
        }
    }

    /// Its number in the build, from 1.
    var id = 0
    let kind: Kind
    /// From the root of the tree.
    let file: String
    let line: Int
    /// What stood there, and what takes its place, for people.
    let original: String
    let changed: String
    /// In the order of the file, none within another.
    let edits: [Edit]

    init(
        _ kind: Kind, _ file: String, line: Int, _ original: String, _ changed: String,
        _ edits: [Edit]
    ) {
        self.kind = kind
        self.file = file
        self.line = line
        self.original = original
        self.changed = changed
        self.edits = edits
    }

    /// The target that the file belongs to.
    var target: String { String(file.split(separator: "/").dropFirst().first ?? "") }

    /// The bytes that it touches, from the first to the last.
    var span: Range<Int> { (edits.first?.start ?? 0)..<(edits.last?.end ?? 0) }

    /// Where it is and what it does, in a line.
    var summary: String {
        "\(file):\(line): \(kind.rawValue): \(Self.flat(original)) → \(Self.flat(changed))"
    }

    /// A text of several lines in one.
    static func flat(_ text: String) -> String {
        let line = text.split(whereSeparator: { $0 == "\n" || $0 == " " }).joined(separator: " ")
        return line.count > 160 ? line.prefix(157) + "…" : line
    }
}
