// Runs as JUnit XML, for whatever gathers test results: one test case for each scenario and seed.
//
//     <testsuites> <testsuite name="martlet simulate" tests= failures= skipped= time=>
//       <testcase classname="SCENARIO" name="seed N" time="SIMULATED SECONDS">
//         <failure message="PROMISE" type="broken promise">witness, faults, command</failure>
//         <skipped message="vacuous: what never occurred"/>
internal import MartletBase

/// Gathers runs and writes them as one JUnit file. `time` is simulated, so that equal runs give
/// equal bytes.
package struct JUnitReport {
    private var cases: [String] = []
    private var failures = 0
    private var skipped = 0
    private var time = Duration.zero

    /// A report of no runs.
    package init() {}

    /// Adds one run; `command` repeats it.
    package mutating func add(_ report: SimulationReport, command: String) {
        time += report.simulatedTime
        let head =
            "    <testcase classname=\"\(Self.escaped(report.scenario))\" "
            + "name=\"seed \(report.seed)\" time=\"\(Self.seconds(report.simulatedTime))\""
        switch report.verdict {
        case .passed: cases.append("\(head)/>")
        case .failed(let promise):
            failures += 1
            let text = report.text(wall: nil, command: command)
            cases.append(
                """
                \(head)>
                      <failure type="broken promise" message="\(Self.escaped(promise.rawValue))">\
                \(Self.escaped(text))</failure>
                    </testcase>
                """)
        case .vacuous:
            skipped += 1
            cases.append(
                """
                \(head)>
                      <skipped message="\(Self.escaped(report.headline))"/>
                    </testcase>
                """)
        }
    }

    /// The file's text.
    package var xml: String {
        let counts =
            "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" "
            + "skipped=\"\(skipped)\" time=\"\(Self.seconds(time))\""
        let lines =
            [
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                "<testsuites \(counts)>", "  <testsuite name=\"martlet simulate\" \(counts)>",
            ] + cases + ["  </testsuite>", "</testsuites>", ""]
        return lines.joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String { MarkupText.escaped(text) }

    /// With exactly three decimals, in any locale.
    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
