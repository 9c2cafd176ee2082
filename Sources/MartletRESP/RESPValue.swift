// A reply as the client sees it, in either protocol. How it was spelled on the wire (bulk or blob
// error, which of three nulls) is gone; what it said is here.
public import MartletBase

/// One whole reply.
public enum RESPValue: Hashable, Sendable {
    /// A status line.
    case simple(String)
    /// An error, short or blob.
    case error(RESPReplyError)
    /// A signed whole number.
    case integer(Int64)
    /// A run of bytes.
    case bulk(Bytes)
    /// No value: RESP2's null bulk and null array, RESP3's null.
    case null
    /// Values in order.
    case array([RESPValue])
    /// Pairs in the order sent.
    case map([RESPPair])
    /// Values in the order sent; the server promises that they differ.
    case set([RESPValue])
    /// A number, possibly infinite or not a number.
    case double(Double)
    /// True or false.
    case boolean(Bool)
    /// A whole number of any size, as its digits.
    case bigNumber(String)
    /// Text with its three-letter format, such as `txt` or `mkd`.
    case verbatim(format: String, Bytes)
    /// A message out of turn: it answers no request.
    case push([RESPValue])
}

/// A key and its value in a map reply.
public struct RESPPair: Hashable, Sendable {
    /// Any value may be a key.
    public var key: RESPValue
    /// What it maps to.
    public var value: RESPValue

    /// The pair of both.
    public init(_ key: RESPValue, _ value: RESPValue) {
        self.key = key
        self.value = value
    }
}

/// An error that the server replied with; the connection lives on.
public struct RESPReplyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The whole line: code, blank, message.
    public var description: String

    /// The error with this line.
    public init(_ description: String) {
        self.description = description
    }

    /// The first word, such as `ERR` or `WRONGTYPE`.
    public var code: Substring { description.prefix { $0 != " " } }
    /// What follows the code.
    public var message: Substring { description.dropFirst(code.count).drop { $0 == " " } }
}
