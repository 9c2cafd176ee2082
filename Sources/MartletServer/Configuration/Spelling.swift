// How the values of settings are spelled: one small grammar for each kind, with its range and with
// the words that an error needs. Reads text; knows no key. Durations and sizes are those of
// `Units`.
//
//     percent  = number "%"                                       2%
//     quorum   = "one" / "quorum" / "all" / number
//     endpoint = IPv4 ":" port / "[" IPv6 "]" ":" port
internal import MartletBase
internal import MartletWire
internal import NIOCore

/// The grammar of one kind of value.
struct Spelling<Value> {
    /// What an error says must be there: "a duration of 1ms to 60s, such as 250ms".
    let expected: String
    /// The same without the kind; nil where every value that reads is allowed.
    var range: String?
    /// The value that a text spells; nil when it spells none.
    let parse: (String) -> Value?
    /// Whether a value is within the range.
    var accepts: (Value) -> Bool = { _ in true }
}

extension Spelling where Value == String {
    /// A name without blanks or control characters.
    static var name: Spelling {
        Spelling(
            expected: "1 to 255 bytes of letters, digits, '.', '_' or '-'",
            parse: { text in
                let isName = text.utf8.allSatisfy { byte in
                    UnicodeScalar(byte).properties.isAlphabetic && byte < 0x80
                        || (0x30...0x39).contains(byte) || ".-_".utf8.contains(byte)
                }
                return isName && (1...255).contains(text.utf8.count) ? text : nil
            })
    }

    /// A path of the file system.
    static var path: Spelling {
        Spelling(
            expected: "the path of a directory",
            parse: { $0.isEmpty || $0.utf8.contains(0) ? nil : $0 })
    }
}

extension Spelling where Value == Int {
    /// A whole number within `bounds`.
    static func integer(_ bounds: ClosedRange<Int>) -> Spelling {
        let range = "\(bounds.lowerBound) to \(bounds.upperBound)"
        return Spelling(
            expected: "a whole number from \(range)", range: range, parse: { Int($0) },
            accepts: bounds.contains)
    }

    /// A number of bytes within `bounds`.
    static func size(_ bounds: ClosedRange<Int>) -> Spelling {
        let range = "\(spelled(bytes: bounds.lowerBound)) to \(spelled(bytes: bounds.upperBound))"
        return Spelling(
            expected: "a size of \(range), such as 16MiB", range: range,
            parse: Units.size.whole, accepts: bounds.contains)
    }
}

extension Spelling where Value == Double {
    /// A share from 0 to 1.
    static var share: Spelling {
        Spelling(
            expected: "a number from 0 to 1, such as 0.05", range: "0 to 1",
            parse: { text in
                let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
                return isDecimal ? Double(text) : nil
            }, accepts: (0...1).contains)
    }
}

extension Spelling where Value == Double {
    /// A whole number of hundredths within `bounds`.
    static func percentage(_ bounds: ClosedRange<Int>) -> Spelling {
        let range = "\(bounds.lowerBound)% to \(bounds.upperBound)%"
        return Spelling(
            expected: "a percentage of \(range), such as 2%", range: range,
            parse: { text in
                guard text.hasSuffix("%"), text.utf8.dropLast().allSatisfy({ 0x30...0x39 ~= $0 })
                else { return nil }
                return Int(text.dropLast()).map { Double($0) / 100 }
            },
            accepts: { (Double(bounds.lowerBound) / 100...Double(bounds.upperBound) / 100) ~= $0 })
    }
}

extension Spelling where Value == Bool {
    /// `true` or `false`.
    static var flag: Spelling {
        Spelling(expected: "true or false", parse: { Bool($0) })
    }
}

extension Spelling where Value == Duration {
    /// A duration within `bounds`.
    static func duration(_ bounds: ClosedRange<Duration>) -> Spelling {
        let range = "\(spelled(bounds.lowerBound)) to \(spelled(bounds.upperBound))"
        return Spelling(
            expected: "a duration of \(range), such as 250ms", range: range,
            parse: { text in Units.time.whole(text).map { .nanoseconds($0) } },
            accepts: bounds.contains)
    }
}

extension Spelling where Value == Quorum {
    /// How many replicas, at least `least`.
    static func quorum(least: Int, most: Int) -> Spelling {
        let range = "\(least) to \(most)"
        return Spelling(
            expected: "one, quorum, all, or a number from \(range)", range: range,
            parse: { text in
                switch text {
                case "one": .count(1)
                case "quorum": .majority
                case "all": .all
                default: Int(text).map { .count($0) }
                }
            },
            accepts: { quorum in
                guard case .count(let count) = quorum else { return true }
                return (least...most).contains(count)
            })
    }
}

extension Spelling where Value == Endpoint {
    /// An address of IP and port.
    static var endpoint: Spelling {
        Spelling(
            expected: "an IP address and a port from 1 to 65535, such as 127.0.0.1:7400 "
                + "(host names are not looked up)",
            parse: { text in
                guard let endpoint = Endpoint(text), endpoint.port > 0,
                    (try? SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port))) != nil
                else { return nil }
                return endpoint
            })
    }
}

extension Spelling where Value == NodeID {
    /// A node's identity.
    static var node: Spelling {
        Spelling(
            expected: "a node's identity of 16 hexadecimal digits, as 'martlet ring --json' shows",
            parse: { NodeID($0) })
    }
}

extension Spelling {
    /// One of a few words.
    static func choice(_ words: [(String, Value)]) -> Spelling {
        Spelling(
            expected: words.map(\.0).joined(separator: ", "),
            parse: { text in words.first { $0.0 == text }?.1 })
    }
}

/// `bytes` in the largest unit that holds it whole.
func spelled(bytes: Int) -> String { Units.size.spelled(bytes) ?? "0" }

/// `duration` in the largest unit that holds its whole microseconds.
func spelled(_ duration: Duration) -> String {
    Units.time.spelled(Int(duration.nanoseconds / 1_000 * 1_000)) ?? "0"
}

/// `quorum` as a file spells it.
func spelled(_ quorum: Quorum) -> String {
    switch quorum {
    case .count(let count): "\(count)"
    case .majority: "quorum"
    case .all: "all"
    }
}
