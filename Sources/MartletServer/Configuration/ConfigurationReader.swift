// Reads settings out of a document by name, and remembers which names there are: what is left over
// at the end is a mistake. Collects problems instead of stopping at the first.
internal import MartletBase

/// One pass over a document.
struct ConfigurationReader {
    private let document: ConfigurationDocument
    /// Every key that was asked for, in that order.
    private(set) var known: [String] = []
    /// What is wrong so far.
    private(set) var problems: [ConfigurationProblem]

    /// A reader at the start of `document`.
    init(_ document: ConfigurationDocument) {
        self.document = document
        problems = document.problems
    }

    /// Replaces `value` by what is set for `key`, where something is.
    mutating func read<Value>(
        _ key: String, into value: inout Value, _ spelling: Spelling<Value>
    ) {
        if let found = optional(key, spelling) { value = found }
    }

    /// What is set for `key`; nil when nothing usable is.
    mutating func optional<Value>(_ key: String, _ spelling: Spelling<Value>) -> Value? {
        known.append(key)
        guard let setting = document.setting(key) else { return nil }
        guard case .scalar(let text) = setting.value else {
            note(.wrongShape(key, expected: spelling.expected), at: setting.origin)
            return nil
        }
        return parse(text, key, spelling, at: setting.origin)
    }

    /// What is set for `key`, or `stand-in` after noting that something must be.
    mutating func required<Value>(
        _ key: String, _ spelling: Spelling<Value>, otherwise standIn: Value
    ) -> Value {
        if document.setting(key) == nil {
            note(.missing(key, expected: spelling.expected), at: .unset)
        }
        return optional(key, spelling) ?? standIn
    }

    /// Replaces `values` by the list that is set for `key`; on the command line commas part it.
    mutating func read<Value>(
        _ key: String, into values: inout [Value], each spelling: Spelling<Value>, limit: Int
    ) {
        known.append(key)
        guard let setting = document.setting(key) else { return }
        let texts: [String]
        switch setting.value {
        case .list(let items): texts = items
        case .scalar(let text) where setting.origin == .commandLine || text.isEmpty:
            texts = text.split(separator: ",").map { String($0.trimmingBlanks) }
        case .scalar, .other:
            return note(
                .wrongShape(key, expected: "a list, such as [127.0.0.1:7401, 127.0.0.1:7411]"),
                at: setting.origin)
        }
        if texts.count > limit {
            note(
                .outOfRange(key, found: "\(texts.count) long", range: "at most \(limit)"),
                at: setting.origin)
        }
        values = texts.prefix(limit).compactMap { parse($0, key, spelling, at: setting.origin) }
    }

    /// Notes what is wrong with `key` beside its spelling.
    mutating func contradiction(_ key: String, _ text: String) {
        note(.contradiction(text), at: document.origin(of: key))
    }

    /// Whether `key` was set by the command line.
    func isOverridden(_ key: String) -> Bool {
        document.origin(of: key) == .commandLine
    }

    /// Notes every section and key that nobody asked for.
    mutating func finish() {
        let sections = Set(known.map { Self.section(of: $0) })
        for (name, origin) in document.sections where !sections.contains(name) {
            note(.unknownKey(name, nearest: sections.sorted().nearest(to: name)), at: origin)
        }
        for setting in document.settings where !known.contains(setting.key) {
            let section = Self.section(of: setting.key)
            if setting.origin != .commandLine, !sections.contains(section) { continue }
            note(
                .unknownKey(setting.key, nearest: known.nearest(to: setting.key)),
                at: setting.origin)
        }
    }

    private mutating func parse<Value>(
        _ text: String, _ key: String, _ spelling: Spelling<Value>, at origin: SettingOrigin
    ) -> Value? {
        guard let value = spelling.parse(text) else {
            note(.invalid(key, found: text, expected: spelling.expected), at: origin)
            return nil
        }
        guard spelling.accepts(value) else {
            let range = spelling.range ?? spelling.expected
            note(.outOfRange(key, found: text, range: range), at: origin)
            return nil
        }
        return value
    }

    private mutating func note(_ reason: ConfigurationProblem.Reason, at origin: SettingOrigin) {
        problems.append(ConfigurationProblem(reason, at: origin))
    }

    private static func section(of key: String) -> String {
        String(key.prefix { $0 != "." })
    }
}

extension String {
    /// Without blanks at either end.
    fileprivate var trimmingBlanks: Substring {
        let start = drop { $0 == " " }
        return start.dropLast(start.reversed().prefix { $0 == " " }.count)
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring { String(self).trimmingBlanks }
}
