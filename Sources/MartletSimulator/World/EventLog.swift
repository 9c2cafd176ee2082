// What happened, as one 64-bit number: equal numbers mean equal runs. Lines are made only when
// somebody reads them.
internal import MartletBase

/// A line of the log.
package struct LoggedLine: Sendable {
    /// Seconds since the run's start, the node (`--` where it is about no single one), and what.
    package let text: String
    /// The log's hash up to and with it: where it differs, so does something that was carried.
    package let hash: UInt64

    /// The line after its hash, so that two runs part at the first event that is not the same even
    /// where its text is.
    package var marked: String { "\(EventLog.hexadecimal(hash)) \(text)" }

    /// Whether it is of what was there when a promise was found broken, not of how that came.
    package let isAftermath: Bool
}

/// A rolling hash over everything that happens, in order, and optionally its text.
struct EventLog {
    private(set) var hash: UInt64 = 0
    private(set) var count = 0
    /// Whether what is noted is no longer part of what led to a broken promise.
    var isAftermath = false
    private let line: ((LoggedLine) -> Void)?
    /// Whether only one key is told about, and what says nothing of keys is left out.
    private let isOfOneKey: Bool

    private let names: [String]

    /// A log of what happens at those of these `names`.
    init(logging: ((LoggedLine) -> Void)?, names: [String], ofOneKey: Bool = false) {
        line = logging
        self.names = names
        isOfOneKey = ofOneKey
    }

    /// Whether anybody reads it, and words are worth finding.
    var isRead: Bool { line != nil }

    /// Notes one event: when, at whom, of which kind, with a digest of what it carried. Where there
    /// are no words for it, the hash alone takes it in.
    mutating func note(
        _ at: Instant, _ subject: Int, _ kind: Kind, _ payload: UInt64 = 0,
        _ words: @autoclosure () -> String? = nil
    ) {
        count += 1
        hash = StableHash.mix(hash ^ at.nanoseconds)
        hash = StableHash.mix(hash ^ UInt64(truncatingIfNeeded: subject) << 8 ^ kind.rawValue)
        hash = StableHash.mix(hash ^ payload)
        if isRead, !isOfOneKey || kind.isToldWithEveryKey, let words = words() {
            tell(at, subject, words)
        }
    }

    /// A line of its own on what an event brings, which is no part of the hash; none without words.
    func tell(_ at: Instant, _ subject: Int, _ words: @autoclosure () -> String?) {
        guard let line, let words = words() else { return }
        let name = subject < 0 ? "--" : names[subject]
        line(
            LoggedLine(
                text: "\(Self.seconds(at)) \(name) \(words)", hash: hash, isAftermath: isAftermath))
    }

    /// What an event is; the raw values are part of the hash.
    enum Kind: UInt64 {
        case wakes = 1
        case synced, starts, frame, datagram, linkOpened, linkClosed, lost, fault, healed
        case request, answer, disconnected, phase, state
        case blocks, job
        case ring

        /// Whether its words say which key it is about, or what befell the nodes around it.
        fileprivate var isToldWithEveryKey: Bool {
            switch self {
            case .starts, .fault, .healed, .request, .answer, .disconnected, .phase, .state, .ring:
                true
            case .wakes, .synced, .frame, .datagram, .linkOpened, .linkClosed, .lost, .blocks,
                .job:
                false
            }
        }
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
