// All the slips that could be made in one file. Every kind is found by itself; which of them are
// tried, and which of them do not compile, is seen later.

/// Finds mutations in one file.
struct MutationFinder {
    private let file: String
    private let source: SourceText
    private var found: [Mutation] = []

    private static let comparisons = [
        "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    ]
    private static let arithmetics = ["+": "-", "-": "+", "&+": "&-", "&-": "&+"]
    private static let logics = ["&&": "||", "||": "&&"]
    private static let extremes = ["min": "max", "max": "min"]
    /// Calls by which code says what it holds for true, or that it was reached.
    private static let assertions: Set<String> = ["invariant", "precondition", "occurred"]
    /// Words that begin what is no call and no assignment.
    private static let declarations: Set<String> = [
        "return", "if", "guard", "while", "let", "var", "else", "case", "throw", "switch", "for",
        "default", "func", "init", "static", "defer", "do", "repeat", "public", "package",
        "private", "fileprivate", "internal", "extension", "struct", "enum", "final", "class",
        "import", "mutating", "typealias", "break", "continue", "fallthrough", "subscript",
        "invariant", "protocol", "lazy", "weak", "unowned", "convenience", "nonisolated", "get",
        "set", "indirect", "deinit", "associatedtype", "operator", "catch", "consuming",
        "borrowing", "override", "precondition", "fatalError", "some", "where", "unsafe",
    ]

    /// The mutations of a file with these bytes.
    static func mutations(of file: String, _ bytes: [UInt8]) -> [Mutation] {
        var finder = MutationFinder(file: file, source: SourceText(bytes))
        for index in finder.source.tokens.indices where !finder.isAssertion(index) {
            finder.look(at: index)
        }
        return finder.found
    }

    private init(file: String, source: SourceText) {
        (self.file, self.source) = (file, source)
    }

    private mutating func look(at index: Int) {
        let token = source.tokens[index]
        switch token.kind {
        case .sign where token.isBinary: changeOperator(index)
        case .number: changeNumber(index)
        case .word:
            switch token.text {
            case "true", "false": changeTruth(index)
            case "if", "while", "guard": forceConditions(index)
            case "func": returnEarly(index)
            case "min", "max": changeExtreme(index)
            default: break
            }
            dropStatement(index)
            swapArguments(index)
        default: break
        }
    }

    /// Whether the token belongs to an assertion, a check of invariants or a mark: none of them does
    /// anything.
    private func isAssertion(_ index: Int) -> Bool {
        if Self.assertions.contains(source.tokens[index].text) { return true }
        var place = source.enclosing[index]
        while let bracket = place {
            if bracket > 0, Self.assertions.contains(source.tokens[bracket - 1].text) {
                return true
            }
            if bracket > 2, source.tokens[bracket - 3].text == "checkInvariants" { return true }
            place = source.enclosing[bracket]
        }
        return false
    }

    private mutating func add(_ kind: Mutation.Kind, _ range: Range<Int>, changed: String) {
        let original = source.text(range)
        let edit = Mutation.Edit.choice(range, original, changed)
        add(kind, range, original, changed, [edit])
    }

    private mutating func add(
        _ kind: Mutation.Kind, _ range: Range<Int>, _ original: String, _ changed: String,
        _ edits: [Mutation.Edit]
    ) {
        let line = source.line(of: range.lowerBound)
        found.append(Mutation(kind, file, line: line, original, changed, edits))
    }

    // MARK: Expressions

    private mutating func changeOperator(_ index: Int) {
        let sign = source.tokens[index].text
        let tables: [(Mutation.Kind, [String: String])] = [
            (.comparison, Self.comparisons), (.arithmetic, Self.arithmetics),
            (.logic, Self.logics),
        ]
        for (kind, table) in tables {
            guard let other = table[sign], let operands = source.operands(of: index) else {
                continue
            }
            let left = source.text(source.bytes(of: operands.left))
            let right = source.text(source.bytes(of: operands.right))
            let whole = operands.left.lowerBound...operands.right.upperBound
            add(kind, source.bytes(of: whole), changed: "\(left) \(other) \(right)")
        }
    }

    private mutating func changeNumber(_ index: Int) {
        let token = source.tokens[index]
        // The place of a tuple's part is no number, and neither is a part of a fraction.
        if index > 0, source.tokens[index - 1].text.hasSuffix(".") { return }
        if index + 1 < source.tokens.count, source.tokens[index + 1].text == "." { return }
        guard let value = Int(token.text) else { return }
        add(.number, token.range, changed: "\(value + 1)")
        if value > 0 { add(.number, token.range, changed: "\(value - 1)") }
    }

    private mutating func changeTruth(_ index: Int) {
        let token = source.tokens[index]
        add(.truth, token.range, changed: token.text == "true" ? "false" : "true")
    }

    private mutating func changeExtreme(_ index: Int) {
        let token = source.tokens[index]
        guard let other = Self.extremes[token.text], index > 0, index + 1 < source.tokens.count,
            source.tokens[index + 1].text == "(", let end = source.partner[index + 1],
            ![".", "func"].contains(source.tokens[index - 1].text)
        else { return }
        let inside = source.text(source.bytes(of: (index + 1)...end))
        add(.minmax, source.bytes(of: index...end), changed: other + inside)
    }

    private mutating func swapArguments(_ index: Int) {
        guard index > 0, index + 1 < source.tokens.count, source.tokens[index + 1].text == "(",
            source.tokens[index + 1].range.lowerBound == source.tokens[index].range.upperBound,
            let end = source.partner[index + 1],
            !["func", "case", "init"].contains(source.tokens[index - 1].text),
            !["init", "min", "max"].contains(source.tokens[index].text)
        else { return }
        let values = source.parts((index + 2)..<end).map(value)
        for (first, second) in zip(values, values.dropFirst()) {
            guard let first, let second else { continue }
            let (one, other) = (source.text(first), source.text(second))
            if one == other || one.hasPrefix("&") || other.hasPrefix("&") { continue }
            let range = first.lowerBound..<second.upperBound
            let between = source.text(first.upperBound..<second.lowerBound)
            add(
                .swapped, range, source.text(range), other + between + one,
                [.choice(first, one, other), .choice(second, other, one)])
        }
    }

    /// The value of an argument, without its label; nil for none.
    private func value(of part: ClosedRange<Int>) -> Range<Int>? {
        var start = part.lowerBound
        if start + 1 <= part.upperBound, source.tokens[start + 1].text == ":",
            source.tokens[start].kind == .word
        {
            start += 2
        }
        guard start <= part.upperBound else { return nil }
        return source.bytes(of: start...part.upperBound)
    }

    // MARK: Statements

    private mutating func dropStatement(_ index: Int) {
        let token = source.tokens[index]
        guard token.startsLine, !Self.declarations.contains(token.text),
            source.beginsStatement(index), let bracket = source.enclosing[index],
            source.tokens[bracket].text == "{"
        else { return }
        let tokens = index...source.statementEnd(index)
        if tokens.contains(where: { source.tokens[$0].text == "occurred" }) { return }
        let isAssignment = tokens.contains {
            source.tokens[$0].isBinary && SourceText.precedence(source.tokens[$0].text) == 0
                && source.enclosing[$0] == bracket
        }
        guard isAssignment || [")", "}"].contains(source.tokens[tokens.upperBound].text) else {
            return
        }
        let range = source.bytes(of: tokens)
        let text = source.text(range)
        add(
            .dropped, range, text, "",
            [
                Mutation.Edit(
                    start: range.lowerBound, end: range.upperBound, text: "if !⌘ { \(text) }")
            ])
    }

    private mutating func forceConditions(_ index: Int) {
        let keyword = source.tokens[index].text
        var end = index + 1
        while end < source.tokens.count, source.tokens[end].text != "{",
            source.tokens[end].text != "else"
        {
            if ["(", "["].contains(source.tokens[end].text) { end = source.partner[end] ?? end }
            end += 1
        }
        for part in source.parts((index + 1)..<end) {
            let first = source.tokens[part.lowerBound].text
            if ["let", "var", "case", "#", "true", "_", "await"].contains(first) { continue }
            let range = source.bytes(of: part)
            if keyword != "while" { add(.condition, range, changed: "true") }
            add(.condition, range, changed: "false")
        }
    }

    private mutating func returnEarly(_ index: Int) {
        guard
            let brace = (index..<source.tokens.count).first(where: {
                source.tokens[$0].text == "{" && source.enclosing[$0] == source.enclosing[index]
            }), let end = source.partner[brace], end > brace + 1,
            source.tokens[index + 1].text != "checkInvariants",
            // Else it has no body, and the next one's was found.
            !(index + 1..<brace).contains(where: { source.tokens[$0].text == "func" })
        else { return }
        let arrow = (index..<brace).last {
            source.tokens[$0].text == "->" && source.enclosing[$0] == source.enclosing[index]
        }
        var values = [""]
        if let arrow {
            let type = source.text(source.bytes(of: (arrow + 1)...(brace - 1)))
            values = Self.values(of: type.components(upTo: " where "))
            // A body of one expression has no place for a statement before it.
            let first = source.tokens[brace + 1].text
            let isOne = source.statementEnd(brace + 1) == end - 1
            if isOne || ["switch", "if"].contains(first) { return }
        }
        let place = source.tokens[brace].range.upperBound
        let name = source.tokens[index + 1].text
        for value in values {
            add(
                .early, source.tokens[index].range, "func \(name)", "func \(name): return \(value)",
                [Mutation.Edit(start: place, end: place, text: " if ⌘ { return \(value) }; ")])
        }
    }

    /// What a function of this type could return instead.
    private static func values(of type: String) -> [String] {
        switch type {
        case "Bool": ["true", "false"]
        case "Int", "UInt64", "UInt32": ["0"]
        case "Duration": [".zero"]
        case _ where type.hasSuffix("?"): ["nil"]
        case _ where type.hasPrefix("["): ["[]"]
        default: []
        }
    }
}

extension String {
    /// What comes before `end`, or all of it.
    fileprivate func components(upTo end: String) -> String {
        var text = self[...]
        while !text.isEmpty, !text.hasPrefix(end) { text = text.dropFirst() }
        return String(self[..<text.startIndex]).trimmed
    }

    private var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " || $0 == "\n" }.reversed())
    }
}
