// The bytes of answers, their evidence and their errors; the grammar is drawn in
// `ClientMessages+Coding`.
//
//     evidence = coordinator:u64  count  (node:u64  stands-in:(0 | 1 u64)  act:u8)*
//     error    = kind:u8  fields of the kind
internal import MartletBase
internal import MartletVersions

extension Dot {
    func encode(into writer: inout ByteWriter) {
        writer.write(actor.node.rawValue)
        writer.writeVarint(UInt64(actor.incarnation))
        writer.writeVarint(counter)
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let node = NodeID(rawValue: try reader.readUInt64())
        let incarnation = UInt32(clamping: try reader.readSmall())
        let counter = try reader.readVarint()
        guard counter > 0, counter <= Dot.counterLimit else {
            throw reader.error(.invalid("counter"))
        }
        self.init(actor: Actor(node: node, incarnation: incarnation), counter: counter)
    }
}

extension Evidence {
    func encode(into writer: inout ByteWriter) {
        writer.write(coordinator.rawValue)
        writer.writeCount(witnesses.count)
        for witness in witnesses {
            writer.write(witness.node.rawValue)
            writer.writeOptional(witness.standsInFor) { $1.write($0.rawValue) }
            writer.write(witness.act.rawValue)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        self.init(coordinator: NodeID(rawValue: try reader.readUInt64()))
        for _ in 0..<(try reader.readCount(minimumSize: 10)) {
            let node = NodeID(rawValue: try reader.readUInt64())
            let home = try reader.readFlag() ? NodeID(rawValue: try reader.readUInt64()) : nil
            guard let act = Witness.Act(rawValue: try reader.readUInt8()) else {
                throw reader.error(.invalid("act"))
            }
            witnesses.append(Witness(node: node, standsInFor: home, act: act))
        }
    }
}

extension RequestError {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .noTopology: writer.write(UInt8(0))
        case .invalidOptions(let text):
            writer.write(UInt8(1))
            writer.writePrefixed(text)
        case .unavailable(let needed, let reachable, let evidence):
            writer.write(UInt8(2))
            writer.writeCount(needed)
            writer.writeCount(reachable)
            evidence.encode(into: &writer)
        case .timedOut(let needed, let answered, let evidence):
            writer.write(UInt8(3))
            writer.writeCount(needed)
            writer.writeCount(answered)
            evidence.encode(into: &writer)
        case .overloaded: writer.write(UInt8(4))
        case .tooLarge(let what, let limit):
            writer.write(UInt8(5))
            writer.writePrefixed(what)
            writer.writeCount(limit)
        case .tooManySiblings(let limit):
            writer.write(UInt8(6))
            writer.writeCount(limit)
        case .clockSkew: writer.write(UInt8(7))
        case .storage(let text):
            writer.write(UInt8(8))
            writer.writePrefixed(text)
        case .late: writer.write(UInt8(9))
        case .ringChanged: writer.write(UInt8(10))
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        switch try reader.readUInt8() {
        case 0: self = .noTopology
        case 1: self = .invalidOptions(try reader.readPrefixedText())
        case 2:
            self = .unavailable(
                needed: try reader.readSmall(), reachable: try reader.readSmall(),
                evidence: try Evidence(from: &reader))
        case 3:
            self = .timedOut(
                needed: try reader.readSmall(), answered: try reader.readSmall(),
                evidence: try Evidence(from: &reader))
        case 4: self = .overloaded
        case 5:
            self = .tooLarge(what: try reader.readPrefixedText(), limit: try reader.readSmall())
        case 6: self = .tooManySiblings(limit: try reader.readSmall())
        case 7: self = .clockSkew
        case 8: self = .storage(try reader.readPrefixedText())
        case 9: self = .late
        case 10: self = .ringChanged
        default: throw reader.error(.invalid("error kind"))
        }
    }
}

extension ClientAnswer {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .read(let answer):
            writer.write(UInt8(0))
            answer.object.encode(into: &writer)
            answer.evidence.encode(into: &writer)
        case .written(let answer):
            writer.write(UInt8(1))
            answer.dot.encode(into: &writer)
            writer.writeOptional(answer.context) { $0.encode(into: &$1) }
            writer.writeCount(answer.siblingCount)
            writer.write(answer.replacedValue)
            answer.evidence.encode(into: &writer)
        case .failed(let error):
            writer.write(UInt8(2))
            error.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        switch try reader.readUInt8() {
        case 0:
            let object = try Object(from: &reader)
            self = .read(ReadAnswer(object: object, evidence: try Evidence(from: &reader)))
        case 1:
            let dot = try Dot(from: &reader)
            let context = try reader.readFlag() ? try Context(from: &reader) : nil
            let siblingCount = try reader.readSmall()
            let replacedValue = try reader.readFlag()
            self = .written(
                WriteAnswer(
                    dot: dot, context: context, siblingCount: siblingCount,
                    replacedValue: replacedValue, evidence: try Evidence(from: &reader)))
        case 2: self = .failed(try RequestError(from: &reader))
        default: throw reader.error(.invalid("answer kind"))
        }
    }
}
