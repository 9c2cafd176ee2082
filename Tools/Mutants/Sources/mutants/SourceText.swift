// A file with its brackets matched, and how far an expression or a statement around a token goes.
// It judges by tokens alone: what it gets wrong does not compile, and is dropped then.

/// One file, for finding mutations.
struct SourceText {
    let bytes: [UInt8]
    let tokens: [Token]
    /// For each bracket the token of the one that it belongs to.
    let partner: [Int: Int]
    /// For each token the bracket that it is in; nil outside all.
    let enclosing: [Int?]
    private let lineStarts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        tokens = Tokenizer.tokens(of: bytes)
        var open: [Int] = []
        var partner: [Int: Int] = [:]
        var enclosing: [Int?] = []
        for (index, token) in tokens.enumerated() {
            let isClosing = token.kind == .mark && [")", "]", "}"].contains(token.text)
            if isClosing, let start = open.popLast() {
                partner[index] = start
                partner[start] = index
            }
            enclosing.append(open.last)
            if token.kind == .mark, ["(", "[", "{"].contains(token.text) { open.append(index) }
        }
        (self.partner, self.enclosing) = (partner, enclosing)
        lineStarts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    }

    /// The line of a byte, from 1.
    func line(of offset: Int) -> Int {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// What the file says there.
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The bytes from the first of these tokens to the last.
    func bytes(of tokens: ClosedRange<Int>) -> Range<Int> {
        self.tokens[tokens.lowerBound].range
            .lowerBound..<self.tokens[tokens.upperBound].range.upperBound
    }

    /// Whether a statement ends before this token.
    func beginsStatement(_ index: Int) -> Bool {
        guard index > 0, tokens[index].startsLine else { return index == 0 }
        if let bracket = enclosing[index], tokens[bracket].text != "{" { return false }
        let token = tokens[index]
        if token.isBinary || (token.kind == .sign && token.text.hasPrefix(".")) { return false }
        return !tokens[index - 1].isBinary && tokens[index - 1].text != ","
    }

    // MARK: Expressions

    /// How tightly operators bind; what is not listed binds as a comparison does.
    static func precedence(_ sign: String) -> Int {
        switch sign {
        case "=", "->", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "&+=", "&-=", "<<=", ">>=": 0
        case "?": 1
        case "||": 2
        case "&&": 3
        case "??": 5
        case "as", "is": 6
        case "..<", "...": 7
        case "+", "-", "&+", "&-", "|", "^": 8
        case "*", "/", "%", "&*", "&": 9
        case "<<", ">>", "&<<", "&>>": 10
        default: 4
        }
    }

    private static let stops: Set<String> = [
        "return", "if", "guard", "while", "let", "var", "where", "in", "else", "case", "try",
        "throw", "switch", "for", "default", "func", "init", "static", "defer", "do", "repeat",
    ]

    /// The operands of the binary operator at `index`: the tokens of each; nil where it has none.
    func operands(of index: Int) -> (left: ClosedRange<Int>, right: ClosedRange<Int>)? {
        let level = Self.precedence(tokens[index].text)
        var first = index
        while let before = step(back: first), !endsOperand(before, below: level) { first = before }
        var last = index
        while let next = step(on: last, inCondition: isCondition(index)),
            !endsOperand(next.start, below: level + 1)
        {
            last = next.end
        }
        guard first < index, last > index else { return nil }
        return (first...(index - 1), (index + 1)...last)
    }

    private func endsOperand(_ index: Int, below level: Int) -> Bool {
        let token = tokens[index]
        if token.isBinary { return Self.precedence(token.text) < level }
        return token.kind == .word && Self.stops.contains(token.text)
    }

    /// The token before, or the opening bracket of what ends there; nil where a statement or the
    /// bracket around begins.
    private func step(back index: Int) -> Int? {
        guard index > 0, !beginsStatement(index) else { return nil }
        let before = index - 1
        guard tokens[before].kind == .mark else { return before }
        switch tokens[before].text {
        case ")", "]", "}": return partner[before]
        case "`", "\\", "#", "@": return before
        default: return nil
        }
    }

    /// The token after, up to the closing bracket of what begins there.
    private func step(on index: Int, inCondition: Bool) -> (start: Int, end: Int)? {
        let next = index + 1
        guard next < tokens.count, !beginsStatement(next) else { return nil }
        guard tokens[next].kind == .mark else { return (next, next) }
        switch tokens[next].text {
        case "(", "[": return partner[next].map { (next, $0) }
        case "{": return inCondition ? nil : partner[next].map { (next, $0) }
        case "`", "\\", "#", "@": return (next, next)
        default: return nil
        }
    }

    /// Whether the token stands in the condition of a statement, where a brace opens its body.
    private func isCondition(_ index: Int) -> Bool {
        var place = index
        while place > 0, !beginsStatement(place) {
            place -= 1
            let token = tokens[place]
            if token.kind == .mark {
                if [")", "]", "}"].contains(token.text), let start = partner[place] {
                    place = start
                    continue
                }
                if ["(", "[", "{"].contains(token.text) { return false }
            }
            if ["if", "while", "for", "switch", "guard", "where", "catch"].contains(token.text) {
                return true
            }
        }
        return false
    }

    // MARK: Statements

    /// The last token of the statement that begins at `index`.
    func statementEnd(_ index: Int) -> Int {
        var last = index
        while let next = step(on: last, inCondition: false) { last = next.end }
        // A comma can go on only in a condition, and those are not asked for.
        return last
    }

    /// The parts between commas of the tokens in `range`.
    func parts(_ range: Range<Int>) -> [ClosedRange<Int>] {
        var parts: [ClosedRange<Int>] = []
        var start = range.lowerBound
        var index = start
        while index < range.upperBound {
            if tokens[index].text == ",", tokens[index].kind == .mark {
                if index > start { parts.append(start...(index - 1)) }
                start = index + 1
            } else if ["(", "[", "{"].contains(tokens[index].text), let end = partner[index] {
                index = end
            }
            index += 1
        }
        if start < range.upperBound { parts.append(start...(range.upperBound - 1)) }
        return parts
    }
}
