// The shape of files: how they begin, how long they and their functions may be, and what never
// stands in them.
import Foundation
import Testing

private let fileLengthLimit = 500
private let lineLengthLimit = 100
private let functionLengthLimit = 70

@Test("Every file begins by saying what it is")
func filesBeginWithAComment() {
    for file in SourceTree.files where file.lines.first?.hasPrefix("// ") != true {
        Issue.record("\(file.violation(1, "the first line is no comment on what the file is"))")
    }
}

@Test("No file is longer than 500 lines, no line than 100 columns")
func filesAndLinesAreShort() {
    for file in SourceTree.files {
        if file.lines.count > fileLengthLimit + 1 {
            let rule = "\(file.lines.count - 1) lines, at most \(fileLengthLimit)"
            Issue.record("\(file.violation(fileLengthLimit + 1, rule))")
        }
        for (index, line) in file.lines.enumerated() where line.count > lineLengthLimit {
            let rule = "\(line.count) columns, at most \(lineLengthLimit)"
            Issue.record("\(file.violation(index + 1, rule))")
        }
    }
}

@Test("No function is longer than 70 lines")
func functionsAreShort() {
    for file in SourceTree.files where file.isSwift {
        for function in functions(in: file) where function.length > functionLengthLimit {
            let rule = "a function of \(function.length) lines, at most \(functionLengthLimit)"
            Issue.record("\(file.violation(function.line, rule))")
        }
    }
}

@Test("Functions are measured from their first line to their closing brace")
func functionsAreMeasured() {
    let text = """
        func one(
            of: [Int]
        ) -> Int {
            of.map { $0 }.count
        }
        protocol Bare { func none() }
        init() {}
        """
    let found = functions(in: SourceFile(path: "Sample.swift", text: text))
    #expect(found.map(\.line) == [1, 7])
    #expect(found.map(\.length) == [5, 1])
}

@Test("Nothing is left for later, and nothing points into one machine")
func nothingIsLeftForLater() {
    let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
    let places = ["work", "root", "home", "Users"].map { "/" + $0 + "/" }
    for file in SourceTree.files {
        for (index, line) in file.lines.enumerated() {
            for mark in marks where line.holds(mark) {
                Issue.record("\(file.violation(index + 1, "`\(mark)`: do it, or file an issue"))")
            }
            for place in places where line.contains(place) {
                Issue.record("\(file.violation(index + 1, "`\(place)`: a path of one machine"))")
            }
        }
    }
}

@Test("Only the command line prints")
func onlyTheCommandLinePrints() {
    for file in SourceTree.files where file.target != "martlet" {
        for word in ["print(", "debugPrint(", "dump("] {
            for line in file.lines(with: word) {
                Issue.record("\(file.violation(line, "`\(word)…)` outside Sources/martlet"))")
            }
        }
    }
}

/// At the level of the socket the number of `TCP_NODELAY` is `SO_DEBUG`, which only root may set.
@Test("Options of TCP are set at the level of TCP")
func tcpOptionsAreSetAtTheirLevel() {
    for file in SourceTree.files {
        for line in file.lines(with: ".socketOption(.tcp_") {
            Issue.record("\(file.violation(line, "`socketOption`: use `tcpOption`"))")
        }
    }
}

@Test("No test waits for time to pass")
func testsDoNotSleep() {
    for file in SourceTree.tests {
        for word in ["sleep(", "usleep(", "nanosleep(", "Task.sleep"] {
            for line in file.lines(with: word) {
                Issue.record("\(file.violation(line, "`\(word)…)`: wait for an event instead"))")
            }
        }
    }
}

/// Every function with a body: its first line, counted from 1, and its length in lines.
private func functions(in file: SourceFile) -> [(line: Int, length: Int)] {
    var found: [(line: Int, length: Int)] = []
    for (index, line) in file.code.enumerated() {
        let words = line.split { $0 == " " }
        let begins = words.contains { $0 == "func" || $0.hasPrefix("init(") || $0 == "deinit" }
        guard begins, line.holds("func") || words.first.map(isModifier) == true else { continue }
        if let end = lastLine(ofFunctionAt: index, in: file.code) {
            found.append((index + 1, end - index + 1))
        }
    }
    return found
}

private func isModifier(_ word: Substring) -> Bool {
    ["package", "public", "internal", "private", "fileprivate", "convenience", "deinit"]
        .contains(word) || word.hasPrefix("init(")
}

/// The line of the brace that closes the function, or nil when it has no body.
private func lastLine(ofFunctionAt start: Int, in code: [String]) -> Int? {
    var parentheses = 0
    var braces = 0
    for index in start..<code.count {
        if index > start, braces == 0, parentheses == 0, code[index].holds("func") { return nil }
        let line = index == start ? fromFunction(code[index]) : Substring(code[index])
        for character in line {
            switch character {
            case "(", "[": parentheses += 1
            case ")", "]": parentheses -= 1
            case "{": braces += 1
            case "}":
                braces -= 1
                if braces < 0 { return nil }
                if braces == 0, parentheses == 0 { return index }
            default: break
            }
        }
    }
    return nil
}

/// A line from its `func` or `init` on, without the braces of what surrounds it.
private func fromFunction(_ line: String) -> Substring {
    for word in ["func ", "init(", "deinit"] {
        if let range = line.range(of: word) { return line[range.lowerBound...] }
    }
    return line[...]
}
