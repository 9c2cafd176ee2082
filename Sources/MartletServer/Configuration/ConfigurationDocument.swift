// A configuration file as a flat list of settings, each with its place. Knows YAML and no key:
// which there are is asked of ConfigurationReader.
//
//     file     = *( section ":" *( key ":" value ) )
//     value    = scalar / list of scalars
//     override = section "." key "=" value          a list with commas; replaces what the file says
internal import Yams

/// The settings of a file with the command line's on top.
struct ConfigurationDocument {
    /// The largest file that is read, in bytes.
    static let byteLimit = 1 << 20

    /// A setting's value, still text.
    enum Value: Hashable {
        case scalar(String)
        case list([String])
        /// A section within a section, or something else that no setting is.
        case other
    }

    /// One setting.
    struct Setting {
        /// `section.key`.
        var key: String
        var value: Value
        var origin: SettingOrigin
    }

    /// In the order of the file, each key once; the command line's last.
    private(set) var settings: [Setting] = []
    /// What was wrong before any key was looked at.
    private(set) var problems: [ConfigurationProblem] = []
    /// Sections, with the line that opens each; empty ones too.
    private(set) var sections: [(name: String, origin: SettingOrigin)] = []

    /// Parses `yaml` and applies `overrides`, each `section.key=value`.
    init(yaml: String, overrides: [String]) {
        read(yaml)
        for override in overrides { apply(override) }
    }

    /// What is set for `key`; nil when nothing is. O(settings).
    func setting(_ key: String) -> Setting? {
        settings.first { $0.key == key }
    }

    /// Where `key` was written.
    func origin(of key: String) -> SettingOrigin {
        setting(key)?.origin ?? .unset
    }

    private mutating func read(_ yaml: String) {
        do {
            guard let root = try Yams.compose(yaml: yaml) else { return }
            // A file of comments alone is an empty scalar.
            if let scalar = root.scalar, scalar.string.isEmpty { return }
            guard let mapping = root.mapping else {
                return note(.wrongShape("the file", expected: "sections with keys"), root)
            }
            for (name, node) in mapping { readSection(name, node) }
        } catch let error as YamlError {
            problems.append(Self.problem(error))
        } catch {
            problems.append(ConfigurationProblem(.notYAML("\(error)"), at: .unset))
        }
    }

    private mutating func readSection(_ name: Node, _ node: Node) {
        let section = name.scalar?.string ?? "?"
        sections.append((section, Self.origin(name)))
        guard let mapping = node.mapping else {
            if let scalar = node.scalar, scalar.string.isEmpty { return }
            return note(.wrongShape(section, expected: "a section with keys"), name)
        }
        for (keyNode, valueNode) in mapping {
            let key = "\(section).\(keyNode.scalar?.string ?? "?")"
            settings.append(
                Setting(key: key, value: Self.value(valueNode), origin: Self.origin(keyNode)))
        }
    }

    private mutating func apply(_ override: String) {
        guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
            problems.append(ConfigurationProblem(.notAnAssignment(override), at: .commandLine))
            return
        }
        let key = String(override[..<equals])
        let value = Value.scalar(String(override[override.index(after: equals)...]))
        settings.removeAll { $0.key == key }
        settings.append(Setting(key: key, value: value, origin: .commandLine))
    }

    private mutating func note(_ reason: ConfigurationProblem.Reason, _ node: Node) {
        problems.append(ConfigurationProblem(reason, at: Self.origin(node)))
    }

    private static func value(_ node: Node) -> Value {
        if let scalar = node.scalar { return .scalar(scalar.string) }
        guard let sequence = node.sequence else { return .other }
        let items = sequence.compactMap { $0.scalar?.string }
        return items.count == sequence.count ? .list(items) : .other
    }

    private static func origin(_ node: Node) -> SettingOrigin {
        node.mark.map { .file(line: $0.line) } ?? .unset
    }

    /// The library's error as one line at its place.
    private static func problem(_ error: YamlError) -> ConfigurationProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigurationProblem(.notYAML(problem), at: .file(line: mark.line))
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.sorted().joined(separator: ", ")
            return ConfigurationProblem(.repeatedKey(key), at: .file(line: context.mark.line))
        default:
            let line = "\(error)".split(separator: "\n").joined(separator: " ")
            return ConfigurationProblem(.notYAML(line), at: .unset)
        }
    }
}
