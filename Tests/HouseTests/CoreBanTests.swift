// What the core must not know: clocks, chance, IO, tasks, and whatever differs between processes.
import Foundation
import Testing

private let coreTargets: Set<String> = [
    "MartletBase", "MartletVersions", "MartletRing", "MartletStorage", "MartletWire",
    "MartletMembership", "MartletConsensus", "MartletReplication", "MartletAntiEntropy",
    "MartletHandover", "MartletNode",
]

private let coreFiles = SourceTree.sources.filter { coreTargets.contains($0.target) && $0.isSwift }

/// Words that the core's code may not hold, and why.
private let bans: [(word: String, reason: String)] = [
    ("Foundation", "the core is free of Foundation"),
    ("Glibc", "the core does no IO"),
    ("Dispatch", "the core has no threads"),
    ("NIOCore", "the core has no network"),
    ("Date(", "time comes in as an argument"),
    ("ContinuousClock", "time comes in as an argument"),
    ("SuspendingClock", "time comes in as an argument"),
    ("clock_gettime", "time comes in as an argument"),
    (".random(in:", "randomness comes in as a SeededRandom"),
    (".random()", "randomness comes in as a SeededRandom"),
    (".shuffled()", "randomness comes in as a SeededRandom"),
    (".shuffle()", "randomness comes in as a SeededRandom"),
    (".randomElement()", "randomness comes in as a SeededRandom"),
    ("SystemRandomNumberGenerator", "randomness comes in as a SeededRandom"),
    ("async", "the core is synchronous"),
    ("await", "the core is synchronous"),
    ("Task", "the core has no tasks"),
    ("hashValue", "hashes differ between processes"),
    ("ObjectIdentifier", "addresses differ between processes"),
    ("print(", "the core tells what happens by effects"),
]

@Test("The core knows no clock, chance, thread or IO", arguments: bans.map(\.word))
func coreIsFreeOf(word: String) {
    let reason = bans.first { $0.word == word }?.reason ?? ""
    for file in coreFiles {
        for line in file.lines(with: word) {
            Issue.record("\(file.violation(line, "`\(word)`: \(reason)"))")
        }
    }
}

@Test("The core declares no actors")
func coreHasNoActors() {
    for file in coreFiles {
        for (index, line) in file.code.enumerated() {
            let words = line.split(whereSeparator: { $0 == " " })
            guard let keyword = words.firstIndex(of: "actor"),
                words[..<keyword].allSatisfy({ modifiers.contains($0) }),
                words.last == "{"
            else { continue }
            Issue.record("\(file.violation(index + 1, "an actor: the core is synchronous"))")
        }
    }
}

private let modifiers: Set<Substring> = ["package", "public", "internal", "private", "distributed"]

/// Text cannot tell the type of every expression. This finds walks over names that the target
/// declares as dictionaries or sets and under no other type; a walk whose order cannot be seen says
/// so in a comment, `any order: why`, on its line or the one above.
@Test("The core never walks a dictionary or set in its own order", arguments: coreTargets.sorted())
func unorderedWalks(target: String) {
    let files = coreFiles.filter { $0.target == target }
    let names = unorderedNames(in: files)
    for file in files {
        for (index, line) in file.code.enumerated() {
            let above = index > 0 ? file.lines[index - 1] : ""
            if file.lines[index].contains("any order: ") || above.contains("any order: ") {
                continue
            }
            for name in names where walks(line, over: name) {
                let rule = "walks `\(name)`, whose order differs between processes: sort it"
                Issue.record("\(file.violation(index + 1, rule))")
            }
        }
    }
}

@Test("A walk in a dictionary's own order is found")
func unorderedWalksAreFound() {
    let text = """
        var counts: [NodeID: Int] = [:]
        for (node, count) in counts {
        for node in counts.keys.sorted() {
        let total = counts.values.reduce(0, +)
        let lines = counts.map { "\\($0)" }
        """
    let file = SourceFile(path: "Sample.swift", text: text)
    #expect(unorderedNames(in: [file]) == ["counts"])
    #expect(file.code.map { walks($0, over: "counts") } == [false, true, false, false, true])
}

/// Names declared as `[Key: Value]` or `Set<…>` somewhere in `files`, and as nothing else.
private func unorderedNames(in files: [SourceFile]) -> [String] {
    var unordered: Set<String> = []
    var others: Set<String> = []
    for line in files.flatMap(\.code) {
        for (name, type) in declarations(in: line) {
            if isUnordered(type) { unordered.insert(name) } else { others.insert(name) }
        }
    }
    return unordered.subtracting(others).sorted()
}

/// Each `name: type` of a line, and each `name = initialiser`.
private func declarations(in line: String) -> [(name: String, type: Substring)] {
    var found: [(String, Substring)] = []
    for keyword in ["var ", "let "] where line.holds(keyword) {
        guard let start = line.range(of: keyword)?.upperBound else { continue }
        let rest = line[start...]
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let type = rest[name.endIndex...].drop { $0 == ":" || $0 == "=" || $0 == " " }
        found.append((String(name), type))
    }
    return found
}

private func isUnordered(_ type: Substring) -> Bool {
    if type.hasPrefix("Set<") || type.hasPrefix("Dictionary") { return true }
    guard type.hasPrefix("[") else { return false }
    var depth = 0
    for character in type {
        if "[(<".contains(character) { depth += 1 }
        if "])>".contains(character) { depth -= 1 }
        if depth == 0 { return false }
        if depth == 1, character == ":" { return true }
    }
    return false
}

private func walks(_ line: String, over name: String) -> Bool {
    guard line.holds(name), !line.contains(".sorted") else { return false }
    for view in ["", ".keys", ".values"] {
        let walked = name + view
        for ending in [" {", " where "] where line.holds("in " + walked + ending) { return true }
        for ending in [" {", " where "] where line.holds("in self." + walked + ending) {
            return true
        }
        let steps = [
            "map", "compactMap", "flatMap", "forEach", "first", "prefix", "enumerated", "joined",
            "lazy", "randomElement", "popFirst", "reversed",
        ]
        for step in steps where line.holds("\(walked).\(step)") { return true }
        if line.holds("Array(\(walked))") { return true }
    }
    return false
}
