// The names of table files. It knows no bytes.
internal import MartletBase

enum TableFormat {
    /// The file of table `number`.
    static func fileName(_ number: UInt64) -> String {
        let digits = String(number)
        return "table-" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
            + ".mtab"
    }

    /// The number in a table's name; nil for the names of other files.
    static func number(_ name: String) -> UInt64? {
        guard name.hasPrefix("table-"), name.hasSuffix(".mtab"),
            let number = UInt64(name.dropFirst(6).dropLast(5)),
            number > 0, number <= LogFormat.segmentNumberLimit, fileName(number) == name
        else { return nil }
        return number
    }
}
