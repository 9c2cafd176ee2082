// What the papers for newcomers name is there.
import Foundation
import Testing

@Test("Every file that ARCHITECTURE.md and CONTRIBUTING.md name exists")
func papersNameFilesThatExist() throws {
    let places = SourceTree.files.map { "/\($0.path)" }
    var count = 0
    for paper in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = try String(
            contentsOf: SourceTree.root.appending(path: paper), encoding: .utf8)
        // What stands between two backticks has an odd number.
        for (index, name) in text.split(separator: "`").enumerated()
        where index % 2 == 1 && name.hasSuffix(".swift") && !name.contains("…") {
            count += 1
            let isThere = places.contains {
                $0.hasSuffix("/\(name)") || $0.hasSuffix("/Martlet\(name)")
            }
            #expect(isThere, "\(paper) names \(name)")
        }
    }
    #expect(count > 40)
}

@Test("The code cites what a reader has: papers by name, and files of the project")
func nothingForeignIsCited() {
    for file in SourceTree.files where file.path != "Tests/HouseTests/PaperTests.swift" {
        for (index, line) in file.lines.enumerated() where line.contains("DESIGN") {
            Issue.record("\(file.violation(index + 1, "names a document that is not here"))")
        }
    }
}
