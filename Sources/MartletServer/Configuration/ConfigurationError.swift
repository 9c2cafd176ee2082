// What is wrong with a configuration: every problem at once, each with its place and what would be
// right, so that one look mends the whole file.

/// Where a setting was written.
package enum SettingOrigin: Hashable, Comparable, Sendable {
    /// A line of the file, counted from 1.
    case file(line: Int)
    /// `--set` on the command line.
    case commandLine
    /// Nowhere: the default holds, or nothing does.
    case unset
}

/// One thing that must be changed before the server can start.
package struct ConfigurationProblem: Hashable, Sendable {
    /// What is wrong.
    package enum Reason: Hashable, Sendable {
        /// The file cannot be read; the text is the system's.
        case unreadable(String)
        /// The file is larger than `ConfigurationDocument.byteLimit`.
        case tooLarge(limit: Int)
        /// The file is not YAML.
        case notYAML(String)
        /// A `--set` without an equals sign.
        case notAnAssignment(String)
        /// No such key or section; the nearest that there is, where one is near.
        case unknownKey(String, nearest: String?)
        /// A key written twice.
        case repeatedKey(String)
        /// A key that has no default.
        case missing(String, expected: String)
        /// A section or list where a value belongs, or the other way round.
        case wrongShape(String, expected: String)
        /// A value that does not read as what the key takes.
        case invalid(String, found: String, expected: String)
        /// A value that reads well and is too small or too large.
        case outOfRange(String, found: String, range: String)
        /// Two settings that cannot both hold.
        case contradiction(String)
    }

    /// What is wrong.
    package var reason: Reason
    /// Where it was written.
    package var origin: SettingOrigin

    /// The problem `reason` at `origin`.
    package init(_ reason: Reason, at origin: SettingOrigin) {
        self.reason = reason
        self.origin = origin
    }
}

extension ConfigurationProblem.Reason: CustomStringConvertible {
    /// What is wrong and what would be right, without the place.
    package var description: String {
        switch self {
        case .unreadable(let why): "cannot be read: \(why)"
        case .tooLarge(let limit): "is larger than \(limit) bytes: is it a configuration?"
        case .notYAML(let why): "is not YAML: \(why)"
        case .notAnAssignment(let text): "'\(text)' must be KEY=VALUE, such as node.name=n1"
        case .unknownKey(let key, let nearest?): "unknown key \(key): did you mean \(nearest)?"
        case .unknownKey(let key, nil): "unknown key \(key)"
        case .repeatedKey(let key): "\(key) is given twice"
        case .missing(let key, let expected): "\(key) is missing: give \(expected)"
        case .wrongShape(let key, let expected): "\(key) must be \(expected)"
        case .invalid(let key, let found, let expected): "\(key) is '\(found)', must be \(expected)"
        case .outOfRange(let key, let found, let range): "\(key) is \(found), must be \(range)"
        case .contradiction(let text): text
        }
    }
}

/// Everything that is wrong with one configuration, in the order of the file.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file, as it was named.
    package var file: String
    /// What must be changed; never empty.
    package var problems: [ConfigurationProblem]

    /// The problems of `file`, put in order.
    package init(file: String, problems: [ConfigurationProblem]) {
        self.file = file
        self.problems = problems.enumerated()
            .sorted { ($0.element.origin, $0.offset) < ($1.element.origin, $1.offset) }
            .map(\.element)
    }

    /// One line for each problem: `file:line: what is wrong`.
    package var description: String {
        problems.map { problem in
            switch problem.origin {
            case .file(let line): "\(file):\(line): \(problem.reason)"
            case .commandLine: "--set: \(problem.reason)"
            case .unset: "\(file): \(problem.reason)"
            }
        }.joined(separator: "\n")
    }
}
