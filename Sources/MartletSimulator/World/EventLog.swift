// What happened, as one 64-bit number: equal numbers mean equal runs. Lines are made only when
// somebody reads them.
internal import MartletBase

/// A line of the log.
package struct LoggedLine: Sendable {
    /// When, what, at whom.
    package let text: String
    /// The log's hash up to and with it: where it differs, so does something that was carried.
    package let hash: UInt64

    /// The line after its hash, so that two runs part at the first event that is not the same even
    /// where its text is.
    package var marked: String { "\(EventLog.hexadecimal(hash)) \(text)" }
}

/// A rolling hash over everything that happens, in order, and optionally its text.
struct EventLog {
    private(set) var hash: UInt64 = 0
    private(set) var count = 0
    private let line: ((LoggedLine) -> Void)?

    init(logging: ((LoggedLine) -> Void)?) {
        line = logging
    }

    /// Notes one event: when, at whom, of which kind, with a digest of what it carried.
    mutating func note(
        _ at: Instant, _ subject: Int, _ kind: Kind, _ payload: UInt64 = 0,
        _ text: @autoclosure () -> String = ""
    ) {
        count += 1
        hash = StableHash.mix(hash ^ at.nanoseconds)
        hash = StableHash.mix(hash ^ UInt64(truncatingIfNeeded: subject) << 8 ^ kind.rawValue)
        hash = StableHash.mix(hash ^ payload)
        guard let line else { return }
        let detail = text()
        let head = "\(Self.seconds(at)) \(kind) \(subject + 1)"
        line(LoggedLine(text: detail.isEmpty ? head : "\(head) \(detail)", hash: hash))
    }

    /// A line that belongs to the event before it and is no part of the hash.
    func tell(_ text: @autoclosure () -> String) {
        line?(LoggedLine(text: text(), hash: hash))
    }

    /// What an event is; the raw values are part of the hash.
    enum Kind: UInt64 {
        case wakes = 1
        case synced, starts, frame, datagram, linkOpened, linkClosed, lost, fault, healed
        case request, answer, disconnected, phase, state
        case blocks, job
    }

    /// Sixteen digits.
    static func hexadecimal(_ hash: UInt64) -> String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Seconds and microseconds since the start.
    static func seconds(_ at: Instant) -> String {
        let micros = at.nanoseconds / 1_000
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)."
            + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
