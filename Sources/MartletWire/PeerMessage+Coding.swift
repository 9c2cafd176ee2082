// The bytes of what nodes say to each other: the payload of a frame.
//
//     message = kind:u8  body        kinds from 16 on; those below belong to the link (see `Frame`)
public import MartletBase
internal import MartletRing
internal import MartletVersions

extension PeerMessage {
    private enum Kind: UInt8 {
        case replicaPut = 16
        case replicaPutReply = 17
        case replicaGet = 18
        case replicaGetReply = 19
        case forward = 20
        case forwardReply = 21
        case pushPull = 22
        case topology = 23
        case exchange = 24
    }

    /// Appends the message's bytes.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .replicaPut(let message):
            writer.write(Kind.replicaPut.rawValue)
            message.encode(into: &writer)
        case .replicaPutReply(let message):
            writer.write(Kind.replicaPutReply.rawValue)
            message.encode(into: &writer)
        case .replicaGet(let message):
            writer.write(Kind.replicaGet.rawValue)
            message.encode(into: &writer)
        case .replicaGetReply(let message):
            writer.write(Kind.replicaGetReply.rawValue)
            message.encode(into: &writer)
        case .forward(let message):
            writer.write(Kind.forward.rawValue)
            writer.writeVarint(message.operation.rawValue)
            message.request.encode(into: &writer)
            writer.write(message.patience)
            writer.write(message.startBy.nanoseconds)
            writer.write(message.date.bits)
        case .forwardReply(let message):
            writer.write(Kind.forwardReply.rawValue)
            writer.writeVarint(message.operation.rawValue)
            message.answer.encode(into: &writer)
            writer.write(message.shown.nanoseconds)
            writer.write(message.timestamp.bits)
        case .pushPull(let message):
            writer.write(Kind.pushPull.rawValue)
            message.encode(into: &writer)
        case .topology(let topology):
            writer.write(Kind.topology.rawValue)
            topology.encode(into: &writer)
        case .exchange(let message):
            writer.write(Kind.exchange.rawValue)
            message.encode(into: &writer)
        }
    }

    /// Reads one whole message; trailing bytes are an error.
    public init(from reader: inout ByteReader) throws(FormatError) {
        guard let kind = Kind(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("message kind"))
        }
        switch kind {
        case .replicaPut: self = .replicaPut(try ReplicaPut(from: &reader))
        case .replicaPutReply: self = .replicaPutReply(try ReplicaPutReply(from: &reader))
        case .replicaGet: self = .replicaGet(try ReplicaGet(from: &reader))
        case .replicaGetReply: self = .replicaGetReply(try ReplicaGetReply(from: &reader))
        case .forward:
            self = .forward(
                Forward(
                    operation: try OperationID(from: &reader),
                    request: try ClientRequest(from: &reader),
                    patience: try reader.readDuration(),
                    startBy: Instant(nanoseconds: try reader.readUInt64()),
                    date: HybridTimestamp(bits: try reader.readUInt64())))
        case .forwardReply:
            self = .forwardReply(
                ForwardReply(
                    operation: try OperationID(from: &reader),
                    answer: try ClientAnswer(from: &reader),
                    shown: Instant(nanoseconds: try reader.readUInt64()),
                    timestamp: HybridTimestamp(bits: try reader.readUInt64())))
        case .pushPull: self = .pushPull(try PushPull(from: &reader))
        case .topology: self = .topology(try Topology(from: &reader))
        case .exchange: self = .exchange(try ExchangeMessage(from: &reader))
        }
        try reader.expectEnd()
    }
}

extension OperationID {
    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(rawValue: try reader.readVarint())
    }
}

extension ReplicaPut {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(operation.rawValue)
        writer.writePrefixed(key)
        object.encode(into: &writer)
        writer.write(purpose.rawValue)
        writer.writeOptional(heldFor) { $1.write($0.rawValue) }
        writer.write(durable)
        writer.write(patience)
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let operation = try OperationID(from: &reader)
        let key = try reader.readPrefixed()
        let object = try Object(from: &reader)
        guard let purpose = Purpose(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("purpose"))
        }
        let heldFor = try reader.readFlag() ? NodeID(rawValue: try reader.readUInt64()) : nil
        let durable = try reader.readFlag()
        self.init(
            operation: operation, key: key, object: object, purpose: purpose, heldFor: heldFor,
            durable: durable, patience: try reader.readDuration())
    }
}

extension ReplicaPutReply {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(operation.rawValue)
        switch outcome {
        case .stored: writer.write(true)
        case .refused(let error):
            writer.write(false)
            error.encode(into: &writer)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let operation = try OperationID(from: &reader)
        let outcome: Outcome =
            try reader.readFlag() ? .stored : .refused(try RequestError(from: &reader))
        self.init(operation: operation, outcome: outcome)
    }
}

extension ReplicaGet {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(operation.rawValue)
        writer.writePrefixed(key)
        writer.write(summaryAllowed)
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            operation: try OperationID(from: &reader), key: try reader.readPrefixed(),
            summaryAllowed: try reader.readFlag())
    }
}

extension ReplicaGetReply {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(operation.rawValue)
        writer.write(watermark.bits)
        switch outcome {
        case .object(let object):
            writer.write(UInt8(0))
            object.encode(into: &writer)
        case .summary(let context, let dots):
            writer.write(UInt8(1))
            context.encode(into: &writer)
            writer.writeCount(dots.count)
            for dot in dots { dot.encode(into: &writer) }
        case .refused(let error):
            writer.write(UInt8(2))
            error.encode(into: &writer)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let operation = try OperationID(from: &reader)
        let watermark = HybridTimestamp(bits: try reader.readUInt64())
        let outcome: Outcome
        switch try reader.readUInt8() {
        case 0: outcome = .object(try Object(from: &reader))
        case 1:
            let context = try Context(from: &reader)
            var dots: [Dot] = []
            for _ in 0..<(try reader.readCount(minimumSize: 10)) {
                dots.append(try Dot(from: &reader))
            }
            outcome = .summary(context, dots)
        case 2: outcome = .refused(try RequestError(from: &reader))
        default: throw reader.error(.invalid("reply kind"))
        }
        self.init(operation: operation, outcome: outcome, watermark: watermark)
    }
}
