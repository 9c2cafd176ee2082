// Moments of wall time as text: ISO 8601, in UTC, to the millisecond.
internal import FoundationEssentials

/// Texts of times.
package enum TimeText {
    /// The time `milliseconds` after 1970 began.
    package static func utc(_ milliseconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
