// The names of files that come in a numbered sequence: segments of the log, tables, manifests.
internal import MartletBase

/// One such sequence: `prefix`, at least ten digits, `suffix`.
struct NumberedFiles {
    let prefix: String
    let suffix: String

    private static let digitCount = 10
    /// No sequence comes near: numbers above are in names that this engine never gave.
    static let numberLimit: UInt64 = 1 << 48

    /// The name of file `number`.
    func name(_ number: UInt64) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, Self.digitCount - digits.count))
        return prefix + zeros + digits + suffix
    }

    /// The number in a name of this sequence; nil for the names of other files.
    func number(_ name: String) -> UInt64? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix),
            let number = UInt64(name.dropFirst(prefix.count).dropLast(suffix.count)),
            (1...Self.numberLimit).contains(number), self.name(number) == name
        else { return nil }
        return number
    }
}
