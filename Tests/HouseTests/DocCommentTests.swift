// Whatever another target can use says what it is: a doc comment on every `package` and `public`
// declaration, on the cases of such enums and on the requirements of such protocols.
import Testing

@Test("Everything that another target can use has a doc comment")
func declarationsAreDocumented() {
    for file in SourceTree.sources where file.isSwift {
        for line in undocumented(in: file) {
            let rule = "no doc comment above `\(file.code[line - 1].trimmed)`"
            Issue.record("\(file.violation(line, rule))")
        }
    }
}

@Test("A missing doc comment is found on every kind of declaration")
func missingCommentsAreFound() {
    let text = """
        /// A type.
        package enum Documented {
            case bare
            /// A case.
            case documented
            package var bareToo: Int {
                switch self {
                case .bare: 0
                case .documented: 1
                }
            }
        }
        package protocol Bare {
            func requirement()
            /// A requirement.
            @discardableResult
            func documented() -> Int
        }
        extension Bare {
            package static func helper() {}
            func internalHelper() {}
        }
        """
    #expect(undocumented(in: SourceFile(path: "Sample.swift", text: text)) == [3, 6, 13, 14, 20])
}

private enum Scope {
    case openEnum
    case openProtocol
    case other
}

private let declarators: Set<Substring> = [
    "struct", "enum", "class", "actor", "protocol", "func", "var", "let", "case", "typealias",
    "associatedtype", "macro",
]
private let requirements: Set<Substring> = ["func", "var", "associatedtype", "static"]

/// The lines, counted from 1, of declarations that lack their comment.
private func undocumented(in file: SourceFile) -> [Int] {
    var found: [Int] = []
    var scopes: [Scope] = []
    for (index, line) in file.code.enumerated() {
        let words = line.split { $0 == " " }.filter { !$0.hasPrefix("@") }
        let isOpen = words.first.map(isOpenAccess) ?? false
        if needsComment(words, isOpen: isOpen, in: scopes.last), !hasComment(file, above: index) {
            found.append(index + 1)
        }
        var opened: Scope = .other
        if isOpen, words.contains("enum") { opened = .openEnum }
        if isOpen, words.contains("protocol") { opened = .openProtocol }
        for character in line {
            if character == "{" {
                scopes.append(opened)
                opened = .other
            } else if character == "}" {
                _ = scopes.popLast()
            }
        }
    }
    return found
}

private func isOpenAccess(_ word: Substring) -> Bool {
    word == "package" || word == "public" || word == "open"
}

private func needsComment(_ words: [Substring], isOpen: Bool, in scope: Scope?) -> Bool {
    guard let first = words.first else { return false }
    if isOpen {
        if words.contains("import") || words.contains("extension") { return false }
        return words.contains { declarators.contains($0) || isInitializer($0) }
    }
    switch scope {
    case .openEnum: return first == "case" || words.starts(with: ["indirect", "case"])
    case .openProtocol:
        return requirements.contains(first) || isInitializer(first) || first == "mutating"
    case .other, nil: return false
    }
}

private func isInitializer(_ word: Substring) -> Bool {
    ["init(", "init?(", "init<", "subscript(", "subscript<"].contains { word.hasPrefix($0) }
}

/// Whether a doc comment stands above, with nothing but attributes between. What the command line
/// declares by a property wrapper carries its help text instead.
private func hasComment(_ file: SourceFile, above index: Int) -> Bool {
    let wrappers = ["@Option", "@Flag", "@Argument", "@OptionGroup"]
    if wrappers.contains(where: { file.code[index].trimmed.hasPrefix($0) }) { return true }
    var line = index - 1
    while let start = attribute(endingAt: line, in: file) {
        if wrappers.contains(where: { file.code[start].trimmed.hasPrefix($0) }) { return true }
        line = start - 1
    }
    return line >= 0 && file.lines[line].trimmed.hasPrefix("///")
}

/// The first line of the attribute whose last line is `end`; nil when that is no attribute.
private func attribute(endingAt end: Int, in file: SourceFile) -> Int? {
    var open = 0
    var line = end
    while line >= 0 {
        let code = file.code[line]
        open += code.count { $0 == ")" } - code.count { $0 == "(" }
        if open <= 0 { return code.trimmed.hasPrefix("@") ? line : nil }
        line -= 1
    }
    return nil
}
