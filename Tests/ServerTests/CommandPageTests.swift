// The documentation and the table that dispatches commands say the same.
import Foundation
import MartletServer
import Testing

@Suite("Commands in the documentation")
struct CommandPageTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("COMMANDS.md is what the table says; MARTLET_WRITE_PAGES=1 in the environment writes it")
    func page() throws {
        let file = Self.root.appending(path: "COMMANDS.md")
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_PAGES"] != nil {
            try CommandPage.text.write(to: file, atomically: true, encoding: .utf8)
        }
        let written = try String(contentsOf: file, encoding: .utf8)
        let differing = zip(
            written.split(separator: "\n"), CommandPage.text.split(separator: "\n")
        ).first { $0 != $1 }
        #expect(written == CommandPage.text, "\(differing.map { "\($0)" } ?? "lines are missing")")
    }

    @Test("The README names every command, and none that is not there")
    func readme() throws {
        let readme = try String(
            contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let section = try #require(
            readme.components(separatedBy: "### Commands\n").last?
                .components(separatedBy: "\n##").first)
        let table = section.split(separator: "\n").filter { $0.hasPrefix("|") }.joined()
        let named = table.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
        let list = try #require(try TestClient().ask("COMMAND LIST")?.elements)
        let names = list.compactMap { $0.text?.uppercased() }
        #expect(named.sorted() == names.sorted())
    }
}
