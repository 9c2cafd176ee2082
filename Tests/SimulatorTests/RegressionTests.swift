// Every case that ever broke a promise, as Simulations/regressions keeps it, played again.
import Foundation
import MartletSimulator
import Testing

@Suite("Regressions")
struct RegressionTests {
    static let directory =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        + "/Simulations/regressions"

    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.sorted()

    @Test("What once broke a promise no longer does", arguments: files)
    func fixedStaysFixed(file: String) throws {
        let text = try String(contentsOfFile: "\(Self.directory)/\(file)", encoding: .utf8)
        let kept = try SimulationCase.load(text: text, source: file)
        let report = kept.replayed()
        #expect(kept.difference(from: report) == nil, "\(kept.note)\n\(report)")
    }

    @Test("Every case is there and says what it is kept for")
    func casesAreKept() throws {
        #expect(Self.files.count >= 4)
        for file in Self.files {
            let text = try String(contentsOfFile: "\(Self.directory)/\(file)", encoding: .utf8)
            #expect(try SimulationCase.load(text: text, source: file).note != "", "\(file)")
        }
    }
}
