// The messages of anti-entropy as bytes: they read back, they stay what they were, and whatever
// else comes is a typed error.
import MartletBase
import MartletVersions
import MartletWire
import Testing

@Suite("Messages of anti-entropy") struct ExchangeMessageTests {
    @Test("Every kind reads back as it was", arguments: 0..<9)
    func roundTrip(kind: Int) throws {
        for seed in 0..<200 as Range<UInt64> {
            var sample = Sample(seed: seed)
            let message = PeerMessage.exchange(sample.exchange(kind: kind))
            #expect(try PeerMessage(bytes: message.encoded) == message, "seed \(seed)")
        }
    }

    @Test("No kind may be cut short or have something behind it", arguments: 0..<9)
    func lengths(kind: Int) throws {
        var sample = Sample(seed: 11)
        let bytes = PeerMessage.exchange(sample.exchange(kind: kind)).encoded
        for length in 0..<bytes.count {
            #expect(throws: FormatError.self) { try PeerMessage(bytes: Bytes(bytes[..<length])) }
        }
        #expect(throws: FormatError.self) { try PeerMessage(bytes: bytes + [0]) }
    }

    @Test("Any bytes are a message or a typed error", arguments: 0..<9)
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

    @Test("Unknown kinds, deeper trees, partitions out of order and counts beyond the bytes")
    func refused() {
        let bad: [(Bytes, FormatError.Reason)] = [
            ([24, 9], .invalid("kind of exchange message")),
            ([24, 255], .invalid("kind of exchange message")),
            ([24, 3, 1, 0, 17, 0, 0], .invalid("depth of a tree")),
            ([24, 4, 1, 0, 4, 17, 0, 0], .invalid("depth of a tree")),
            ([24, 5, 1, 0, 200, 0, 0, 0], .invalid("depth of a tree")),
            ([24, 2, 1, 2, 5, 0, 5, 0, 0], .invalid("order")),
            ([24, 2, 1, 0, 2, 6, 0, 5, 0], .invalid("order")),
        ]
        for (bytes, reason) in bad {
            #expect { try PeerMessage(bytes: bytes) } throws: {
                ($0 as? FormatError)?.reason == reason
            }
        }
        for kind in [1, 2, 3, 8] as [UInt8] {
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
private let nodes = [TreeNode(index: 3, hash: 7), TreeNode(index: 0x0405, hash: 8)]
private let known: Context = {
    let actor = Actor(node: NodeID(rawValue: 1), incarnation: 2)
    var context = Context(covering: [Dot(actor: actor, counter: 4)])
    context.reach(HybridTimestamp(bits: 5))
    return context
}()

private let golden: [(String, ExchangeMessage, String)] = [
    (
        "promise", .promise(Promise(floor: time, hinted: [1, 0x0203])),
        "1800" + "0201000000000000" + "0201000302"
    ),
    (
        "roots",
        .roots(
            TreeRoots(
                round: 300, epoch: 2,
                entries: [TreeRoots.Entry(partition: 9, root: 10, watermark: time)])),
        "1801" + "ac0202" + "01" + "0900" + "0a00000000000000" + "0201000000000000"
    ),
    (
        "rootsReply", .rootsReply(TreeRootsReply(round: 300, differing: [1], unknown: [2, 3])),
        "1802" + "ac02" + "010100" + "0202000300"
    ),
    (
        "nodes", .nodes(TreeNodes(partition: 9, depth: 4, isConfirmed: true, nodes: nodes)),
        "1803" + "09000401" + "02" + "03000700000000000000" + "05040800000000000000"
    ),
    (
        "nodesReply",
        .nodesReply(
            TreeNodesReply(
                partition: 9, depth: 4, treeDepth: 6, isConfirmed: false, differing: nodes)),
        "1804" + "0900040600" + "02" + "03000700000000000000" + "05040800000000000000"
    ),
    (
        "leaf", .leaf(LeafDigests(partition: 9, depth: 4, leaf: 3, digests: [7])),
        "1805" + "0900040300" + "01" + "0700000000000000"
    ),
    (
        "wants", .wants(LeafDigests(partition: 9, depth: 4, leaf: 3, digests: [7])),
        "1806" + "0900040300" + "01" + "0700000000000000"
    ),
    (
        "removed",
        .removed(RemovedVersions(key: Bytes(text: "k"), known: known, watermark: time)),
        "1807" + "016b" + "0101000000000000000204" + "0500000000000000" + "0201000000000000"
    ),
    (
        "settled",
        .settled(
            Settled(epoch: 300, entries: [Settled.Entry(partition: 9, watermark: time)])),
        "1808" + "ac02" + "01" + "0900" + "0201000000000000"
    ),
]
