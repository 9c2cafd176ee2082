// Columns of text that line up. Knows nothing of what it shows.

/// A table under construction: a heading and rows of as many cells.
struct TextTable {
    /// Which side of its column a cell keeps to.
    enum Side {
        case left, right
    }

    private let columns: [(title: String, side: Side)]
    private var rows: [[String]] = []

    /// A table of these columns, still without rows.
    init(_ columns: [(title: String, side: Side)]) {
        self.columns = columns
    }

    /// Adds a row; there must be a cell for each column.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "\(cells.count) cells, \(columns.count) columns")
        rows.append(cells)
    }

    /// The heading and the rows. O(cells).
    var lines: [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in
            all.map { $0[column].count }.max() ?? 0
        }
        return all.map { cells in
            let padded = columns.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - cells[column].count)
                return columns[column].side == .left
                    ? cells[column] + padding : padding + cells[column]
            }
            let line = padded.joined(separator: "  ")
            return String(line.dropLast(line.reversed().prefix { $0 == " " }.count))
        }
    }
}

/// `number` with the given decimals, without locale.
func decimal(_ number: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let whole = Int((number.magnitude * scale).rounded())
    let digits = String(whole % Int(scale))
    let sign = number < 0 && whole > 0 ? "-" : ""
    if places == 0 { return "\(sign)\(whole)" }
    let padding = String(repeating: "0", count: places - digits.count)
    return "\(sign)\(whole / Int(scale)).\(padding)\(digits)"
}

/// A number of bytes for people.
func bytesText(_ count: Int) -> String {
    for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where count >= size {
        return "\(decimal(Double(count) / Double(size), 1)) \(unit)"
    }
    return "\(count) B"
}

/// `count` of a thing: `1 home`, `2 homes`.
func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
}
