// The bytes of requests and answers inside `Forward` and `ForwardReply`.
//
//     request  = key  0 read-options | 1 mutation write-options
//     answer   = 0 read | 1 written | 2 failed
//     options  = each knob: 0 | 1 value;  quorum = 0 count:varint | 1 (majority) | 2 (all)
//     duration = microseconds:varint
public import MartletBase
internal import MartletVersions

extension ByteWriter {
    /// A duration in whole microseconds; what is longer than a day becomes a day.
    public mutating func write(_ duration: Duration) {
        writeVarint(min(duration.nanoseconds / 1_000, ByteReader.durationLimitMicroseconds))
    }

    /// Zero, or one and what `body` writes.
    mutating func writeOptional<Value>(
        _ value: Value?, _ body: (Value, inout ByteWriter) -> Void
    ) {
        write(value != nil)
        if let value { body(value, &self) }
    }
}

extension ByteReader {
    fileprivate static let durationLimitMicroseconds: UInt64 = 86_400_000_000

    /// A duration; above a day is invalid.
    public mutating func readDuration() throws(FormatError) -> Duration {
        let microseconds = try readVarint()
        guard microseconds <= Self.durationLimitMicroseconds else {
            throw error(.invalid("duration"))
        }
        return .microseconds(Int64(microseconds))
    }

    mutating func readOptional<Value>(
        _ body: (inout ByteReader) throws(FormatError) -> Value
    ) throws(FormatError) -> Value? {
        try readFlag() ? try body(&self) : nil
    }

    /// A small number: a count of replicas, siblings, or a limit.
    mutating func readSmall() throws(FormatError) -> Int {
        let value = try readVarint()
        guard value <= UInt64(UInt32.max) else { throw error(.invalid("number")) }
        return Int(value)
    }
}

extension Quorum {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .count(let count):
            writer.write(UInt8(0))
            writer.writeCount(count)
        case .majority: writer.write(UInt8(1))
        case .all: writer.write(UInt8(2))
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        switch try reader.readUInt8() {
        case 0: self = .count(try reader.readSmall())
        case 1: self = .majority
        case 2: self = .all
        default: throw reader.error(.invalid("quorum"))
        }
    }

    static func encode(_ quorum: Quorum, _ writer: inout ByteWriter) {
        quorum.encode(into: &writer)
    }

    static func decode(_ reader: inout ByteReader) throws(FormatError) -> Quorum {
        try Quorum(from: &reader)
    }
}

extension ReadOptions {
    func encode(into writer: inout ByteWriter) {
        writer.writeOptional(n) { $1.writeCount($0) }
        writer.writeOptional(r, Quorum.encode)
        writer.writeOptional(pr, Quorum.encode)
        writer.writeOptional(timeout) { $1.write($0) }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        self.init()
        n = try reader.readOptional { (r: inout ByteReader) throws(FormatError) in try r.readSmall()
        }
        r = try reader.readOptional(Quorum.decode)
        pr = try reader.readOptional(Quorum.decode)
        timeout = try reader.readOptional { (r: inout ByteReader) throws(FormatError) in
            try r.readDuration()
        }
    }
}

extension WriteOptions {
    func encode(into writer: inout ByteWriter) {
        writer.writeOptional(n) { $1.writeCount($0) }
        writer.writeOptional(w, Quorum.encode)
        writer.writeOptional(pw, Quorum.encode)
        writer.writeOptional(dw, Quorum.encode)
        writer.writeOptional(timeout) { $1.write($0) }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        self.init()
        n = try reader.readOptional { (r: inout ByteReader) throws(FormatError) in try r.readSmall()
        }
        w = try reader.readOptional(Quorum.decode)
        pw = try reader.readOptional(Quorum.decode)
        dw = try reader.readOptional(Quorum.decode)
        timeout = try reader.readOptional { (r: inout ByteReader) throws(FormatError) in
            try r.readDuration()
        }
    }
}

extension Mutation {
    func encode(into writer: inout ByteWriter) {
        switch content {
        case .tombstone: writer.write(false)
        case .value(let value):
            writer.write(true)
            writer.writePrefixed(value)
        }
        writer.writeOptional(expiry) { $1.write($0.milliseconds) }
        switch causality {
        case .coordinator: writer.write(false)
        case .seen(let context):
            writer.write(true)
            context.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let content: Sibling.Content =
            try reader.readFlag() ? .value(try reader.readPrefixed()) : .tombstone
        let expiry = try reader.readFlag() ? WallTime(milliseconds: try reader.readUInt64()) : nil
        let causality: Causality =
            try reader.readFlag() ? .seen(try Context(from: &reader)) : .coordinator
        self.init(content: content, expiry: expiry, causality: causality)
    }
}

extension ClientRequest {
    func encode(into writer: inout ByteWriter) {
        writer.writePrefixed(key)
        switch operation {
        case .get(let options):
            writer.write(UInt8(0))
            options.encode(into: &writer)
        case .put(let mutation, let options):
            writer.write(UInt8(1))
            mutation.encode(into: &writer)
            options.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let key = try reader.readPrefixed()
        switch try reader.readUInt8() {
        case 0: self.init(key: key, operation: .get(try ReadOptions(from: &reader)))
        case 1:
            let mutation = try Mutation(from: &reader)
            self.init(key: key, operation: .put(mutation, try WriteOptions(from: &reader)))
        default: throw reader.error(.invalid("operation"))
        }
    }
}
