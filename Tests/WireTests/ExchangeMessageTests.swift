// The messages of anti-entropy as bytes: they read back, they stay what they were, and whatever
// else comes is a typed error.
import MartletBase
import MartletVersions
import MartletWire
import Testing

@Suite("Messages of anti-entropy") struct ExchangeMessageTests {
    @Test("Every kind reads back as it was", arguments: 0..<Sample.exchangeKindCount)
    func roundTrip(kind: Int) throws {
        for seed in 0..<200 as Range<UInt64> {
            var sample = Sample(seed: seed)
            let message = PeerMessage.exchange(sample.exchange(kind: kind))
            #expect(try PeerMessage(bytes: message.encoded) == message, "seed \(seed)")
        }
    }

    @Test(
        "No kind may be cut short or have something behind it",
        arguments: 0..<Sample.exchangeKindCount)
    func lengths(kind: Int) throws {
        var sample = Sample(seed: 11)
        let bytes = PeerMessage.exchange(sample.exchange(kind: kind)).encoded
        for length in 0..<bytes.count {
            #expect(throws: FormatError.self) { try PeerMessage(bytes: Bytes(bytes[..<length])) }
        }
        #expect(throws: FormatError.self) { try PeerMessage(bytes: bytes + [0]) }
    }

    @Test("Any bytes are a message or a typed error", arguments: 0..<Sample.exchangeKindCount)
    func hostile(kind: Int) {
        for seed in 0..<2_000 as Range<UInt64> {
            var sample = Sample(seed: seed)
            var bytes = [24, UInt8(kind)] + sample.bytes(60)
            if sample.flag(), bytes.count > 8 { bytes[sample.random.below(8)] = 0xFF }
            do { _ = try PeerMessage(bytes: bytes) } catch {
                #expect(error is FormatError, "seed \(seed)")
            }
        }
    }

    @Test("Unknown kinds, deeper trees, what is out of order, and counts beyond the bytes")
    func refused() {
        let bad: [(Bytes, FormatError.Reason)] = [
            ([24, 9], .invalid("kind of exchange message")),
            ([24, 255], .invalid("kind of exchange message")),
            ([24, 3, 3, 0, 0], .invalid("stage")),
            ([24, 3, 0, 64, 0], .invalid("window")),
            ([24, 3, 0, 0, 1, 0, 17, 0, 0], .invalid("depth of a tree")),
            ([24, 4, 1, 0, 17, 0, 4, 0, 0], .invalid("depth of a tree")),
            ([24, 5, 1, 0, 17, 3, 0, 0, 0], .invalid("depth of a tree")),
            ([24, 8, 1, 0, 17, 0, 0], .invalid("depth of a tree")),
            ([24, 8, 1, 0, 2, 16, 0], .invalid("node")),
            ([24, 8, 1, 0, 5, 1, 2, 1, 0], .invalid("node")),
            ([24, 8, 1, 0, 5, 1, 0, 0, 0], .invalid("group of no nodes")),
            ([24, 2, 1, 1, 0x80, 0x80, 4, 0], .invalid("order")),
            ([24, 2, 1, 2, 0xFF, 0xFF, 3, 0, 0], .invalid("order")),
            ([24, 7, 1, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0], .invalid("time")),
        ]
        for (bytes, reason) in bad {
            #expect { try PeerMessage(bytes: bytes) } throws: {
                ($0 as? FormatError)?.reason == reason
            }
        }
        for kind in [1, 2, 3, 7] as [UInt8] {
            let endless = [24, kind] + Bytes(repeating: 0x7F, count: 12)
            #expect(throws: FormatError.self) { try PeerMessage(bytes: endless) }
        }
    }

    @Test("The bytes of each kind are what they were", arguments: golden)
    func goldenBytes(name: String, message: ExchangeMessage, expected: String) {
        #expect(hexDigits(PeerMessage.exchange(message).encoded) == expected, "\(name)")
    }
}

private let time = HybridTimestamp(bits: 0x0102)
private let later = HybridTimestamp(bits: 10 << 16)
private let sooner = HybridTimestamp(bits: 3 << 16)
private let nodes = [
    TreeNodes.Part(partition: 9, nodes: NodeSet(depth: 4, [0, 3]), hashes: [7, 0x0102]),
    TreeNodes.Part(partition: 11, nodes: NodeSet(depth: 6, [17, 31, 48]), hashes: [1, 2, 3]),
]
private let known: Context = {
    let actor = Actor(node: NodeID(rawValue: 1), incarnation: 2)
    var context = Context(covering: [Dot(actor: actor, counter: 4)])
    context.reach(HybridTimestamp(bits: 5))
    return context
}()

private let golden: [(String, ExchangeMessage, String)] = [
    (
        "promise", .promise(Promise(floor: time, hinted: [1, 0x0203], epoch: 300)),
        "1800" + "0201000000000000" + "02" + "01" + "8104" + "ac02"
    ),
    (
        "roots",
        .roots(
            TreeRoots(
                round: 300, epoch: 2,
                entries: [
                    TreeRoots.Entry(partition: 9, root: 10, watermark: later),
                    TreeRoots.Entry(partition: 11, root: 12, watermark: sooner),
                ])),
        "1801" + "ac0202" + "00000a0000000000" + "02" + "090a0000000000000000"
            + "010c0000000000000007"
    ),
    (
        "rootsReply", .rootsReply(TreeRootsReply(round: 300, differing: [1], unknown: [2, 3])),
        "1802" + "ac02" + "0101" + "020200"
    ),
    (
        "nodes",
        .nodes(
            TreeNodes(
                stage: .confirmation, window: HashWindow(start: 1, byteCount: 2), parts: nodes)),
        "1803" + "0109" + "02" + "09040900" + "07000201" + "0106020102800101" + "00"
            + "010002000300"
    ),
    (
        "nodesReply",
        .nodesReply(
            TreeNodesReply(parts: [
                TreeNodesReply.Part(
                    partition: 9, treeDepth: 6, objectCount: 300,
                    differing: NodeSet(depth: 4, [1]))
            ])),
        "1804" + "01" + "0906ac02" + "040200"
    ),
    (
        "question",
        .question(
            LeafQuestion(parts: [
                LeafQuestion.Part(partition: 9, leaves: NodeSet(depth: 5, [16]))
            ])),
        "1808" + "01" + "09" + "0501010100"
    ),
    ("leaf", .leaf(digests), "1805" + "0900040300" + "03" + "01" + "07000000"),
    ("wants", .wants(digests), "1806" + "0900040300" + "03" + "01" + "07000000"),
    (
        "settled",
        .settled(
            Settled(epoch: 300, entries: [Settled.Entry(partition: 9, watermark: time)])),
        "1807" + "ac02" + "0201000000000000" + "01" + "0900"
    ),
]

private let digests = LeafDigests(
    partition: 9, depth: 4, leaf: 3, window: HashWindow(start: 0, byteCount: 4), digests: [7])
