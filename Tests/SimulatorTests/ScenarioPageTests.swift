// Simulations/README.md has every key that the reader of scenario and case files knows: asked of
// the reader itself, which says what it knows when it is given what it does not.
import Foundation
import MartletSimulator
import Testing

@Suite("The page of scenario files")
struct ScenarioPageTests {
    /// Near to nothing, so that the reader lists what it knows.
    private static let unknown = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"

    private static func page() throws -> String {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(contentsOfFile: "\(root)/Simulations/README.md", encoding: .utf8)
    }

    /// What the reader says to `text`; nil when it takes it.
    private static func problem(_ text: String) -> String? {
        do {
            _ = try Scenario.load(text: text, name: "asked")
            return nil
        } catch {
            return error.problem
        }
    }

    /// The words behind `mark` in the answer to `text`.
    private static func known(_ text: String, after mark: String) -> [String] {
        guard let problem = problem(text), let range = problem.range(of: mark) else { return [] }
        return problem[range.upperBound...].split(separator: ", ").map(String.init)
    }

    /// The keys of what stands under `path`; none where that is no mapping.
    private static func keys(under path: String) -> [String] {
        known(path.replacing("*", with: "{\(unknown): 1}"), after: "it knows ")
    }

    @Test("Every key of a scenario, and of every part of it, is on the page")
    func keys() throws {
        let page = try Self.page()
        let outer = Self.keys(under: "*")
        #expect(outer.count > 20 && outer.contains("faults"))
        var parts = 0
        for key in outer {
            #expect(page.contains("`\(key)`"), "\(key)")
            for inner in Self.keys(under: "{\(key): *}") {
                parts += 1
                #expect(page.contains("`\(inner)`"), "\(key): \(inner)")
            }
        }
        #expect(parts > 20)
    }

    @Test("Every kind of fault with its keys is on the page")
    func faults() throws {
        let page = try Self.page()
        let kinds = Self.keys(under: "{faults: [*]}")
        #expect(kinds.count > 15)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        for kind in kinds {
            let row = try #require(rows.first { $0.hasPrefix("| `\(kind)` |") }, "\(kind)")
            for key in Self.keys(under: "{faults: [{\(kind): *}]}") {
                let isCommon = ["at", "for", "count", "chance"].contains(key)
                #expect(isCommon || row.contains("`\(key)`"), "\(kind): \(key)")
            }
        }
    }

    @Test("Everything that can be expected, and every key of a case, is on the page")
    func expectations() throws {
        let page = try Self.page()
        for occurrence in Occurrence.allCases {
            #expect(page.contains("`\(occurrence.name)`"), "\(occurrence.name)")
        }
        let reduction = "{name: a, seed: 1, verdict: passed, scenario: 'nodes: 3', reduction: *}"
        let text = reduction.replacing("*", with: "{\(Self.unknown): 1}")
        let error = #expect(throws: ScenarioError.self) { try SimulationCase.load(text: text) }
        let problem = try #require(error?.problem)
        let range = try #require(problem.range(of: "it knows "))
        for key in problem[range.upperBound...].split(separator: ", ") {
            #expect(page.contains("`\(key)`"), "\(key)")
        }
    }
}
