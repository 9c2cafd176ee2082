// The bytes of what nodes say to each other: of which a frame has one or more.
//
//     message     = kind:u8  body    kinds from 16 on; those below belong to the link (see `Frame`)
//     put replies = count:varint  (operation:varint  outcome)*
//     removed     = key: length-prefixed bytes  context  watermark:u64
//
// Objects that were found missing are in `ExchangeParcel+Coding`.
public import MartletBase
internal import MartletRing
internal import MartletVersions

extension PeerMessage {
    fileprivate enum Kind: UInt8 {
        case put = 16
        case putReplies = 17
        case get = 18
        case getReply = 19
        case forward = 20
        case forwardReply = 21
        case pushPull = 22
        case topology = 23
        case exchange = 24
        case parcel = 25
        case removed = 26
        case topologyWanted = 27
        case decree = 28
        case moved = 29
        case handover = 30
    }

    /// Appends the message's bytes.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .replication(let message): message.encode(into: &writer)
        case .pushPull(let message):
            writer.write(Kind.pushPull.rawValue)
            message.encode(into: &writer)
        case .topology(let topology):
            writer.write(Kind.topology.rawValue)
            topology.encode(into: &writer)
        case .topologyWanted(let epoch):
            writer.write(Kind.topologyWanted.rawValue)
            writer.writeVarint(epoch)
        case .decree(let message):
            writer.write(Kind.decree.rawValue)
            message.encode(into: &writer)
        case .moved(let report):
            writer.write(Kind.moved.rawValue)
            report.encode(into: &writer)
        case .handover(let message):
            writer.write(Kind.handover.rawValue)
            message.encode(into: &writer)
        case .exchange(let message):
            writer.write(Kind.exchange.rawValue)
            message.encode(into: &writer)
        }
    }

    /// Reads one message, which others may follow.
    public init(from reader: inout ByteReader) throws(FormatError) {
        guard let kind = Kind(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("message kind"))
        }
        switch kind {
        case .pushPull: self = .pushPull(try PushPull(from: &reader))
        case .topology: self = .topology(try Topology(from: &reader))
        case .topologyWanted: self = .topologyWanted(newerThan: try reader.readVarint())
        case .decree: self = .decree(try DecreeMessage(from: &reader))
        case .moved: self = .moved(try MoveReport(from: &reader))
        case .handover: self = .handover(try HandoverMessage(from: &reader))
        case .exchange: self = .exchange(try ExchangeMessage(from: &reader))
        default: self = .replication(try ReplicationMessage(kind, from: &reader))
        }
    }
}

extension ReplicationMessage {
    private static let minimumReplySize = 2

    fileprivate func encode(into writer: inout ByteWriter) {
        switch self {
        case .put(let put):
            writer.write(PeerMessage.Kind.put.rawValue)
            put.encode(into: &writer)
        case .putReplies(let replies):
            writer.write(PeerMessage.Kind.putReplies.rawValue)
            writer.writeCount(replies.count)
            for reply in replies { reply.encode(into: &writer) }
        case .get(let get):
            writer.write(PeerMessage.Kind.get.rawValue)
            get.encode(into: &writer)
        case .getReply(let reply):
            writer.write(PeerMessage.Kind.getReply.rawValue)
            reply.encode(into: &writer)
        case .forward(let forward):
            writer.write(PeerMessage.Kind.forward.rawValue)
            forward.encode(into: &writer)
        case .forwardReply(let reply):
            writer.write(PeerMessage.Kind.forwardReply.rawValue)
            reply.encode(into: &writer)
        case .parcel(let parcel):
            writer.write(PeerMessage.Kind.parcel.rawValue)
            parcel.encode(into: &writer)
        case .removed(let removed):
            writer.write(PeerMessage.Kind.removed.rawValue)
            removed.encode(into: &writer)
        }
    }

    fileprivate init(
        _ kind: PeerMessage.Kind, from reader: inout ByteReader
    ) throws(FormatError) {
        switch kind {
        case .put: self = .put(try ReplicaPut(from: &reader))
        case .putReplies:
            var replies: [ReplicaPutReply] = []
            for _ in 0..<(try reader.readCount(minimumSize: Self.minimumReplySize)) {
                replies.append(try ReplicaPutReply(from: &reader))
            }
            self = .putReplies(replies)
        case .get: self = .get(try ReplicaGet(from: &reader))
        case .getReply: self = .getReply(try ReplicaGetReply(from: &reader))
        case .forward: self = .forward(try Forward(from: &reader))
        case .forwardReply: self = .forwardReply(try ForwardReply(from: &reader))
        case .parcel: self = .parcel(try Parcel(from: &reader))
        case .removed: self = .removed(try RemovedVersions(from: &reader))
        case .pushPull, .topology, .topologyWanted, .decree, .moved, .handover, .exchange:
            throw reader.error(.invalid("message kind"))
        }
    }
}

extension Forward {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(operation.rawValue)
        request.encode(into: &writer)
        writer.write(patience)
        writer.write(startBy.nanoseconds)
        writer.write(date.bits)
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            operation: try OperationID(from: &reader), request: try ClientRequest(from: &reader),
            patience: try reader.readDuration(),
            startBy: Instant(nanoseconds: try reader.readUInt64()),
            date: HybridTimestamp(bits: try reader.readUInt64()))
    }
}

extension ForwardReply {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(operation.rawValue)
        answer.encode(into: &writer)
        writer.write(shown.nanoseconds)
        writer.write(timestamp.bits)
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            operation: try OperationID(from: &reader), answer: try ClientAnswer(from: &reader),
            shown: Instant(nanoseconds: try reader.readUInt64()),
            timestamp: HybridTimestamp(bits: try reader.readUInt64()))
    }
}

extension RemovedVersions {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writePrefixed(key)
        known.encode(into: &writer)
        writer.write(watermark.bits)
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            key: try reader.readPrefixed(), known: try Context(from: &reader),
            watermark: HybridTimestamp(bits: try reader.readUInt64()))
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
        writer.writeVarint(epoch)
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
            durable: durable, patience: try reader.readDuration(),
            epoch: try reader.readVarint())
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
        writer.writeVarint(epoch)
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            operation: try OperationID(from: &reader), key: try reader.readPrefixed(),
            summaryAllowed: try reader.readFlag(), epoch: try reader.readVarint())
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
