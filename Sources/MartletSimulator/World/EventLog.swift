// What happened, as one 64-bit number: equal numbers mean equal runs. Lines are made only when
// somebody reads them.
internal import MartletBase

/// A rolling hash over everything that happens, in order, and optionally its text.
struct EventLog {
    private(set) var hash: UInt64 = 0
    private(set) var count = 0
    private let line: ((String) -> Void)?

    init(logging: ((String) -> Void)?) {
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
        line(
            "\(Self.seconds(at)) \(kind) \(subject + 1)\(detail.isEmpty ? "" : " ")\(detail)")
    }

    /// A line that belongs to the event before it and is no part of the hash.
    func tell(_ text: @autoclosure () -> String) {
        line?(text())
    }

    /// What an event is; the raw values are part of the hash.
    enum Kind: UInt64 {
        case wakes = 1
        case synced, starts, frame, datagram, linkOpened, linkClosed, lost, fault, healed
        case request, answer, disconnected, phase, state
        case blocks, job
    }

    /// Seconds and microseconds since the start.
    static func seconds(_ at: Instant) -> String {
        let micros = at.nanoseconds / 1_000
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)."
            + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
