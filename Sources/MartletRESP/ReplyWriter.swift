// The server's side of an answer: values in, RESP2 or RESP3 out, as the connection agreed by HELLO.
// Knows what each protocol can say and how the older one says it; keeps no order and no state but
// its bytes: who opens an aggregate of n writes n values after it.
public import MartletBase

/// The protocol that a connection speaks.
public enum RESPVersion: Int, Hashable, Sendable {
    /// What every connection starts with.
    case resp2 = 2
    /// After `HELLO 3`.
    case resp3 = 3
}

/// Appends replies one behind the other to one array, to be sent as one write per read burst.
public struct ReplyWriter: Sendable {
    /// What has been written and not yet taken.
    public private(set) var bytes: Bytes = []
    /// The protocol of the replies from here on.
    public var version: RESPVersion

    /// An empty writer that speaks `version`.
    public init(version: RESPVersion = .resp2) {
        self.version = version
    }

    /// Whether there is nothing to send.
    public var isEmpty: Bool { bytes.isEmpty }

    /// How many bytes there are to send.
    public var count: Int { bytes.count }

    /// Hands the bytes over and starts anew without their memory.
    public mutating func take() -> Bytes {
        let taken = bytes
        bytes = []
        return taken
    }

    /// Forgets what was written and keeps the memory, for the next burst.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Appends replies that were encoded before, in this connection's protocol.
    public mutating func writeEncoded(_ encoded: Bytes) {
        bytes.append(contentsOf: encoded)
    }
}

extension ReplyWriter {
    /// `+OK`.
    public mutating func writeOK() {
        bytes.append("+OK\r\n")
    }

    /// A status; line ends within it become spaces.
    public mutating func writeSimple(_ text: String) {
        bytes.append(UInt8(ascii: "+"))
        bytes.appendLine(text)
        bytes.appendLineEnd()
    }

    /// An error: a code in capitals, such as `ERR`, and what happened; line ends become spaces.
    public mutating func writeError(_ message: String, code: String = "ERR") {
        bytes.append(UInt8(ascii: "-"))
        bytes.appendLine(code)
        bytes.append(UInt8(ascii: " "))
        bytes.appendLine(message)
        bytes.appendLineEnd()
    }

    /// The last reply of a connection whose bytes could not be read.
    public mutating func writeError(_ error: RESPError) {
        writeError(error.description)
    }

    /// A whole number.
    public mutating func writeInteger(_ value: Int) {
        switch value {
        case 0: bytes.append(":0\r\n")
        case 1: bytes.append(":1\r\n")
        default: bytes.appendLengthLine(":", value)
        }
    }

    /// A number; RESP2 has it as a bulk string of the same digits.
    public mutating func writeDouble(_ value: Double) {
        let text = Self.text(of: value)
        guard version == .resp3 else { return writeBulk(text) }
        bytes.append(UInt8(ascii: ","))
        bytes.append(contentsOf: text.utf8)
        bytes.appendLineEnd()
    }

    /// True or false; 1 or 0 in RESP2.
    public mutating func writeBoolean(_ value: Bool) {
        switch (version, value) {
        case (.resp2, true): bytes.append(":1\r\n")
        case (.resp2, false): bytes.append(":0\r\n")
        case (.resp3, true): bytes.append("#t\r\n")
        case (.resp3, false): bytes.append("#f\r\n")
        }
    }

    /// A run of bytes.
    public mutating func writeBulk(_ value: Bytes) {
        bytes.appendBulk(value[...])
    }

    /// A run of bytes that is a part of others.
    public mutating func writeBulk(_ value: ArraySlice<UInt8>) {
        bytes.appendBulk(value)
    }

    /// The UTF-8 of `text` as a run of bytes.
    public mutating func writeBulk(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            bytes.appendLengthLine("$", utf8.count)
            unsafe bytes.append(contentsOf: utf8)
            bytes.appendLineEnd()
        }
    }

    /// Text for people, shown by clients as it stands; a bulk string in RESP2.
    public mutating func writeVerbatim(_ text: String) {
        writeVerbatim(Bytes(text: text), format: "txt")
    }

    private mutating func writeVerbatim(_ text: Bytes, format: String) {
        guard version == .resp3 else { return writeBulk(text) }
        bytes.appendLengthLine("=", format.utf8.count + 1 + text.count)
        bytes.append(contentsOf: format.utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: text)
        bytes.appendLineEnd()
    }

    /// No value where a bulk string could stand.
    public mutating func writeNull() {
        bytes.append(version == .resp3 ? "_\r\n" : "$-1\r\n")
    }

    /// No value where an array could stand.
    public mutating func writeNullArray() {
        bytes.append(version == .resp3 ? "_\r\n" : "*-1\r\n")
    }

    /// The shortest decimal text that reads back as `value`, as Redis spells it.
    private static func text(of value: Double) -> String {
        if value.isNaN { return "nan" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension ReplyWriter {
    /// Opens an array of the next `count` values.
    public mutating func writeArrayHeader(_ count: Int) {
        bytes.appendLengthLine("*", count)
    }

    /// Opens a map of the next `count` pairs, key before value; a flat array in RESP2.
    public mutating func writeMapHeader(_ count: Int) {
        if version == .resp3 {
            bytes.appendLengthLine("%", count)
        } else {
            bytes.appendLengthLine("*", 2 * count)
        }
    }

    /// Opens a set of the next `count` values; an array in RESP2.
    public mutating func writeSetHeader(_ count: Int) {
        bytes.appendLengthLine(version == .resp3 ? "~" : "*", count)
    }

    /// Opens a message out of turn of the next `count` values; an array in RESP2.
    public mutating func writePushHeader(_ count: Int) {
        bytes.appendLengthLine(version == .resp3 ? ">" : "*", count)
    }
}

extension ReplyWriter {
    /// A whole value with all that is in it, each part as the protocol can say it.
    public mutating func write(_ value: RESPValue) {
        switch value {
        case .simple(let text): writeSimple(text)
        case .error(let error):
            bytes.append(UInt8(ascii: "-"))
            bytes.appendLine(error.description)
            bytes.appendLineEnd()
        case .integer(let number): writeInteger(Int(number))
        case .bulk(let value): writeBulk(value)
        case .null: writeNull()
        case .double(let number): writeDouble(number)
        case .boolean(let flag): writeBoolean(flag)
        case .bigNumber(let digits): writeBigNumber(digits)
        case .verbatim(let format, let text): writeVerbatim(text, format: format)
        case .array(let values):
            writeArrayHeader(values.count)
            for value in values { write(value) }
        case .set(let values):
            writeSetHeader(values.count)
            for value in values { write(value) }
        case .push(let values):
            writePushHeader(values.count)
            for value in values { write(value) }
        case .map(let pairs):
            writeMapHeader(pairs.count)
            for pair in pairs {
                write(pair.key)
                write(pair.value)
            }
        }
    }

    private mutating func writeBigNumber(_ digits: String) {
        guard version == .resp3 else { return writeBulk(digits) }
        bytes.append(UInt8(ascii: "("))
        bytes.appendLine(digits)
        bytes.appendLineEnd()
    }
}
