// The files that `martlet simulate` leaves when asked to: JUnit XML of all runs, and the page of
// one of them.
internal import ArgumentParser
internal import Foundation
internal import MartletSimulator

/// Options that name those files, and what goes into them.
struct SimulationFiles: ParsableArguments {
    /// Where the page goes.
    @Option(
        help: ArgumentHelp(
            """
            Write a page of the run; of several, the first that did not pass, else the last; of \
            a case that is made small, the smallest.
            """,
            valueName: "file"))
    var html: String?

    /// Where the test results go.
    @Option(
        help: ArgumentHelp(
            "Write JUnit XML, a test case for each scenario and seed.", valueName: "file"))
    var junit: String?

    /// What one call gathers for its files.
    struct Contents {
        private var junit = JUnitReport()
        private var page: String?

        /// Takes in a run; `command` repeats it.
        mutating func add(_ report: SimulationReport, command: String) {
            junit.add(report, command: command)
        }

        /// Makes the page of a run.
        mutating func show(_ report: SimulationReport, _ trace: Trace, command: String) {
            page = report.page(trace, command: command)
        }

        fileprivate func write(_ files: SimulationFiles) throws {
            if let path = files.junit { try SimulationFiles.write(junit.xml, to: path) }
            if let path = files.html, let page { try SimulationFiles.write(page, to: path) }
        }
    }

    /// Whether any file is asked for.
    var areAny: Bool { html != nil || junit != nil }

    /// To be handed to the run that is shown, of which `key` is wanted; nil when nobody will look
    /// at it.
    func trace(of key: String?) -> Trace? { html == nil ? nil : Trace(of: key) }

    /// Writes the files that were asked for.
    func write(_ contents: Contents) throws { try contents.write(self) }

    /// Writes those of one run, traced if a page is wanted; `command` repeats it.
    func write(_ report: SimulationReport, _ trace: Trace?, command: String) throws {
        var contents = Contents()
        contents.add(report, command: command)
        if let trace { contents.show(report, trace, command: command) }
        try write(contents)
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw ValidationError("\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
