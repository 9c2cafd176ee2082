// The project's own files as text, for the tests that hold its rules. No compiler: where a rule
// cannot be seen in text alone, the test that checks it says how near it comes.
import Foundation

/// A line that breaks a rule.
struct Violation: CustomStringConvertible {
    var file: String
    var line: Int
    var rule: String

    var description: String { "\(file):\(line): \(rule)" }
}

/// One file of the project.
struct SourceFile: Sendable {
    /// The path from the package's root.
    let path: String
    /// The lines as written.
    let lines: [String]
    /// The same lines with comments and the insides of string literals blanked.
    let code: [String]

    /// The target or test target that the file belongs to.
    var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
    var isSwift: Bool { path.hasSuffix(".swift") }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = CodeScanner.blank(text)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The lines, counted from 1, whose code holds `word` with no identifier running on from it.
    func lines(with word: String) -> [Int] {
        code.indices.filter { code[$0].holds(word) }.map { $0 + 1 }
    }

    func violation(_ line: Int, _ rule: String) -> Violation {
        Violation(file: path, line: line, rule: rule)
    }
}

enum SourceTree {
    /// The package's root, found from where this file was compiled.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift, C and header file under Sources and Tests, by path.
    static let files: [SourceFile] = ["Sources", "Tests"].flatMap(load)
    static let sources = files.filter { $0.path.hasPrefix("Sources/") }
    static let tests = files.filter { $0.path.hasPrefix("Tests/") }

    private static func load(_ folder: String) -> [SourceFile] {
        let start = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: start.path)?.compactMap { $0 as? String }
        return (names ?? []).sorted().compactMap { name in
            guard ["swift", "c", "h"].contains(name.split(separator: ".").last ?? ""),
                let text = try? String(contentsOf: start.appending(path: name), encoding: .utf8)
            else { return nil }
            return SourceFile(path: "\(folder)/\(name)", text: text)
        }
    }
}

extension String {
    /// Whether the text holds `word`, and where `word` begins or ends like an identifier, no
    /// identifier runs on from it.
    func holds(_ word: String) -> Bool {
        guard contains(word) else { return false }
        let text = Array(utf8)
        let pattern = Array(word.utf8)
        for start in 0...(text.count - pattern.count)
        where text[start..<start + pattern.count].elementsEqual(pattern) {
            let end = start + pattern.count
            let runsIn =
                start > 0 && isIdentifier(pattern[0]) && isIdentifier(text[start - 1])
            let runsOut =
                end < text.count && isIdentifier(pattern[pattern.count - 1])
                && isIdentifier(text[end])
            if !runsIn, !runsOut { return true }
        }
        return false
    }

    var trimmed: String { trimmingCharacters(in: .whitespaces) }
}

func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
    default: false
    }
}
