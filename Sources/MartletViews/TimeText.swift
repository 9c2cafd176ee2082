// Moments of wall time as text: ISO 8601, in UTC, to the millisecond.
internal import FoundationEssentials

/// Texts of times.
package enum TimeText {
    /// The time `milliseconds` after 1970 began; their number where no calendar has that year,
    /// which damaged bytes may claim.
    package static func utc(_ milliseconds: UInt64) -> String {
        if milliseconds >= 253_402_300_800_000 { return "\(milliseconds) ms" }
        return Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// How far one clock is from another, as in "2 h 5 min ahead of".
    package static func ahead(_ milliseconds: Int64) -> String {
        let seconds = (milliseconds.magnitude + 500) / 1_000
        let units = [
            (seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"),
        ]
        let largest = units.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        let text =
            largest.isEmpty
            ? "\(seconds) s" : largest.map { "\($0.0) \($0.1)" }.joined(separator: " ")
        return text + (milliseconds < 0 ? " behind" : " ahead of")
    }
}
