// Bytes as Redis writes them for people.

/// Texts of sizes.
package enum MemoryText {
    /// `bytes` as in `1.50M`.
    package static func short(_ bytes: Int) -> String {
        var (unit, divisor) = ("K", 1 << 10)
        if bytes < divisor { return "\(bytes)B" }
        for larger in ["M", "G", "T"] where bytes >= divisor << 10 {
            (unit, divisor) = (larger, divisor << 10)
        }
        let hundredths = (Double(bytes) / Double(divisor) * 100).rounded()
        let whole = Int(hundredths)
        let rest = whole % 100
        return "\(whole / 100).\(rest < 10 ? "0" : "")\(rest)\(unit)"
    }
}
