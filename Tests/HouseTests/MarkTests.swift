// Every name of a rare branch is at a branch, and there are no more of them than a word has bits.
import Testing

private let nameFiles = SourceTree.sources.filter { $0.path.hasSuffix("Mark.swift") }
    .filter { $0.code.contains { $0.contains(": Int, MarkName") } }

@Test("Every rare branch that has a name has a mark")
func everyNameHasMark() {
    #expect(nameFiles.count == 7)
    for file in nameFiles {
        let names = file.code.enumerated().compactMap { index, line in
            line.split(separator: " ").starts(with: ["case"])
                ? (index + 1, String(line.split(separator: " ")[1])) : nil
        }
        #expect(names.count <= 64, "\(file.path)")
        let others = SourceTree.sources.filter { $0.target == file.target && $0.path != file.path }
        for (line, name) in names
        where !others.contains(where: { !$0.lines(with: ".\(name)").isEmpty }) {
            Issue.record("\(file.violation(line, "`\(name)` names a branch that has no mark"))")
        }
    }
}
