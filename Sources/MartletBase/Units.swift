// Numbers with a unit, as people write them in configurations, on command lines and in scenarios.
// What is in range, each of these says for itself.
//
//     time = number ( "us" / "ms" / "s" / "m" / "h" )             250ms
//     size = number ( "B" / "KiB" / "MiB" / "GiB" / "TiB" )       16MiB

/// The units of one measure.
public struct Units: Sendable {
    /// What time is written in; amounts are nanoseconds.
    public static let time = Units([
        ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
        ("us", 1_000),
    ])
    /// What sizes are written in; amounts are bytes.
    public static let size = Units([
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ])

    /// The largest first.
    private let units: [(name: String, amount: Int)]

    private init(_ units: [(name: String, amount: Int)]) {
        self.units = units
    }

    /// The amount that `text` says in whole units; a bare zero needs none. Nil for anything else.
    public func whole(_ text: String) -> Int? {
        let (number, name) = Self.parts(of: text)
        guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(number) else {
            return nil
        }
        if name.isEmpty { return count == 0 ? 0 : nil }
        guard let unit = units.first(where: { $0.name == name }) else { return nil }
        let (amount, overflow) = count.multipliedReportingOverflow(by: unit.amount)
        return overflow ? nil : amount
    }

    /// The amount that `text` says in units and parts of one, such as `1.5ms`; nil for anything
    /// else.
    public func decimal(_ text: String) -> Double? {
        let (number, name) = Self.parts(of: text)
        guard let count = Double(number), let unit = units.first(where: { $0.name == name }) else {
            return nil
        }
        return count * Double(unit.amount)
    }

    /// `amount` in the largest unit that holds it whole; nil for zero, and where none does.
    public func spelled(_ amount: Int) -> String? {
        units.first { amount >= $0.amount && amount.isMultiple(of: $0.amount) }
            .map { "\(amount / $0.amount)\($0.name)" }
    }

    /// What stands before the letters at the end, and these.
    private static func parts(of text: String) -> (number: Substring, unit: Substring) {
        let count = text.utf8.reversed().prefix { byte in
            (0x61...0x7A).contains(byte | 0x20)
        }.count
        let cut = text.utf8.index(text.endIndex, offsetBy: -count)
        return (text[..<cut], text[cut...])
    }
}
