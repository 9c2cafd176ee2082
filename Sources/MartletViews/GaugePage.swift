// The page of the documentation that says which numbers a node tells, made from their table.

/// The text of FIGURES.md.
package enum GaugePage {
    /// All of it.
    package static var text: String {
        let parts = Gauge.Section.allCases.map { section in
            (section, GaugeTable.rows.filter { $0.section == section }.compactMap(\.gauge))
        }
        return
            ([introduction]
            + parts.filter { !$0.1.isEmpty }.map { section, gauges in
                "## \(section.rawValue)\n\n| name | kind | unit | what it is |\n|---|---|---|---|\n"
                    + gauges.map(row).joined()
            }).joined(separator: "\n")
    }

    private static let introduction = """
        # Figures

        The numbers that a node tells of itself in `INFO`, section by section. A counter counts \
        from the start
        of the process and never falls; a level rises and falls. `MARTLET.STATUS` and `martlet \
        status --json`
        have the same numbers. Made from the table that `INFO` is made from; a test holds the two \
        together.

        """

    private static func row(_ gauge: Gauge) -> String {
        "| `\(gauge.name)` | \(gauge.kind.rawValue) | \(gauge.unit.rawValue) | \(gauge.help). |\n"
    }
}
