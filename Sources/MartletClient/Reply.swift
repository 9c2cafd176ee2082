// A reply to a raw command, as a public value.
internal import MartletBase
internal import MartletRESP

/// What a node replied to a command, as RESP3 has it.
public enum Reply: Hashable, Sendable {
    /// A status line, such as `OK`.
    case status(String)
    /// A run of bytes.
    case bytes([UInt8])
    /// A signed whole number.
    case integer(Int64)
    /// A number.
    case double(Double)
    /// True or false.
    case boolean(Bool)
    /// A whole number of any size, as its digits.
    case bigNumber(String)
    /// No value.
    case null
    /// Values in order.
    case array([Reply])
    /// Pairs in the order sent.
    case map([Pair])
    /// Values that differ from each other, in the order sent.
    case set([Reply])
    /// An error within a reply; a reply that is an error as a whole is thrown.
    case error(String)

    /// A key and its value.
    public struct Pair: Hashable, Sendable {
        /// Any reply may be a key.
        public var key: Reply
        /// What it maps to.
        public var value: Reply

        /// The pair of both.
        public init(_ key: Reply, _ value: Reply) {
            self.key = key
            self.value = value
        }
    }

    /// The text of a status or of bytes, with replacement characters where they are not UTF-8; nil
    /// for any other kind.
    public var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The value of a map at a key of bytes or text; nil where there is none. O(pairs).
    public subscript(key: String) -> Reply? {
        guard case .map(let pairs) = self else { return nil }
        return pairs.first { $0.key.text == key }?.value
    }
}

extension Reply {
    init(_ value: RESPValue) {
        switch value {
        case .simple(let text): self = .status(text)
        case .error(let error): self = .error(error.description)
        case .integer(let number): self = .integer(number)
        case .bulk(let bytes), .verbatim(_, let bytes): self = .bytes(bytes)
        case .null: self = .null
        case .array(let values), .push(let values): self = .array(values.map(Reply.init))
        case .map(let pairs):
            self = .map(pairs.map { Pair(Reply($0.key), Reply($0.value)) })
        case .set(let values): self = .set(values.map(Reply.init))
        case .double(let number): self = .double(number)
        case .boolean(let flag): self = .boolean(flag)
        case .bigNumber(let digits): self = .bigNumber(digits)
        }
    }
}
