// What nodes say to each other, as bytes: it reads back, it stays what it was, and whatever else
// comes is a typed error.
import MartletBase
import MartletVersions
import MartletWire
import Testing

@Suite("Messages between nodes") struct PeerMessageTests {
    @Test("Every message reads back as it was", arguments: 0..<Sample.kindCount)
    func roundTrip(kind: Int) throws {
        for seed in 0..<200 as Range<UInt64> {
            var sample = Sample(seed: seed)
            let message = sample.message(kind: kind)
            #expect(try PeerMessage(bytes: message.encoded) == message, "seed \(seed)")
        }
    }

    @Test(
        "No message may be cut short or have something behind it", arguments: 0..<Sample.kindCount)
    func lengths(kind: Int) throws {
        var sample = Sample(seed: 7)
        let bytes = sample.message(kind: kind).encoded
        for length in 0..<bytes.count {
            #expect(throws: FormatError.self) { try PeerMessage(bytes: Bytes(bytes[..<length])) }
        }
        #expect(throws: FormatError.self) { try PeerMessage(bytes: bytes + [0]) }
    }

    @Test("Bent bytes are a message or a typed error", arguments: 0..<Sample.kindCount)
    func mutations(kind: Int) throws {
        for seed in 0..<400 as Range<UInt64> {
            var sample = Sample(seed: seed)
            var bytes = sample.message(kind: kind).encoded
            for _ in 0...sample.random.below(4) {
                let at = sample.random.below(bytes.count)
                switch sample.random.below(4) {
                case 0: bytes[at] ^= 1 << UInt8(sample.random.below(8))
                case 1: bytes[at] = UInt8(truncatingIfNeeded: sample.random.next())
                case 2: bytes.insert(0xFF, at: at)
                default: if bytes.count > 1 { bytes.remove(at: at) }
                }
            }
            do {
                let message = try PeerMessage(bytes: bytes)
                #expect(try PeerMessage(bytes: message.encoded) == message, "seed \(seed)")
            } catch {
                #expect(error is FormatError, "seed \(seed)")
            }
        }
    }

    @Test("Unknown kinds are refused")
    func unknownKinds() {
        for kind in [2, 15, 31, 255] as [UInt8] {
            #expect {
                try PeerMessage(bytes: [kind])
            } throws: {
                ($0 as? FormatError)?.reason == .invalid("message kind")
            }
        }
    }

    @Test("A duration of more than a day goes over the wire as a day")
    func longDurations() throws {
        for patience in [Duration.seconds(100_000), .seconds(Int64.max)] {
            let get = ClientRequest(key: [], operation: .get(ReadOptions()))
            let message = PeerMessage.replication(
                .forward(
                    Forward(
                        operation: OperationID(rawValue: 1), request: get, patience: patience,
                        startBy: .start, date: HybridTimestamp(bits: 0))))
            guard case .replication(.forward(let read)) = try PeerMessage(bytes: message.encoded)
            else {
                Issue.record("another message")
                return
            }
            #expect(read.patience == .seconds(86_400))
        }
    }

    @Test("The bytes of each kind are what they were", arguments: golden)
    func goldenBytes(name: String, message: ReplicationMessage, expected: String) throws {
        #expect(hexDigits(PeerMessage.replication(message).encoded) == expected, "\(name)")
    }
}

private let key = Bytes(text: "k")
private let dot = Dot(
    actor: Actor(node: NodeID(rawValue: 1), incarnation: 2), counter: 4)
private let object: Object = {
    var object = Object()
    object.record(
        Sibling(dot: dot, timestamp: HybridTimestamp(bits: 5), content: .value(Bytes(text: "v"))),
        seen: Context())
    return object
}()
private let evidence = Evidence(
    coordinator: NodeID(rawValue: 1),
    witnesses: [
        Witness(node: NodeID(rawValue: 1), act: .synced),
        Witness(node: NodeID(rawValue: 2), standsInFor: NodeID(rawValue: 3), act: .silent),
    ])
private let operation = OperationID(rawValue: 300)
private let options: WriteOptions = {
    var options = WriteOptions()
    options.w = .count(2)
    options.pw = .majority
    options.dw = .all
    options.timeout = .milliseconds(1)
    return options
}()

private let golden: [(String, ReplicationMessage, String)] = [
    (
        "put",
        .put(
            ReplicaPut(
                operation: operation, key: key, object: object, purpose: .hint,
                heldFor: NodeID(rawValue: 9), durable: true, patience: .milliseconds(2))),
        "10ac02016b0201010000000000000002040100040500000000000000010176"
            + "000201090000000000000001d00f" + "00"
    ),
    (
        "putReplies",
        .putReplies([
            ReplicaPutReply(operation: operation, outcome: .refused(.clockSkew)),
            ReplicaPutReply(operation: operation, outcome: .stored),
        ]),
        "1102" + "ac020007" + "ac0201"
    ),
    (
        "get",
        .get(ReplicaGet(operation: operation, key: key, summaryAllowed: true, epoch: 1)),
        "12ac02016b01" + "01"
    ),
    (
        "getReply",
        .getReply(
            ReplicaGetReply(
                operation: operation, outcome: .summary(object.context, [dot]),
                watermark: HybridTimestamp(bits: 6))),
        "13ac02060000000000000001" + "01010000000000000002040500000000000000"
            + "0101000000000000000204"
    ),
    (
        "forward",
        .forward(
            Forward(
                operation: operation,
                request: ClientRequest(
                    key: key,
                    operation: .put(
                        Mutation(content: .tombstone, causality: .seen(object.context)), options)),
                patience: .milliseconds(2), startBy: Instant(nanoseconds: 7),
                date: HybridTimestamp(bits: 8))),
        "14ac02016b01000001010100000000000000020405000000000000000001000201010102"
            + "01e807d00f" + "07000000000000000800000000000000"
    ),
    (
        "forwardReply",
        .forwardReply(
            ForwardReply(
                operation: operation,
                answer: .written(
                    WriteAnswer(
                        dot: dot, context: nil, siblingCount: 2, replacedValue: true,
                        evidence: evidence)),
                shown: Instant(nanoseconds: 7), timestamp: HybridTimestamp(bits: 8))),
        "15ac020101000000000000000204000201010000000000000002010000000000000000040200000000000000"
            + "01030000000000000000" + "07000000000000000800000000000000"
    ),
    (
        "removed",
        .removed(
            RemovedVersions(
                key: key, known: object.context, watermark: HybridTimestamp(bits: 6))),
        "1a016b" + "01010000000000000002040500000000000000" + "0600000000000000"
    ),
]
