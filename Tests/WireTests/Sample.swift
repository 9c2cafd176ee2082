// Random values of everything that goes over the wire, each a function of its seed.
import MartletBase
import MartletRing
import MartletVersions
import MartletWire

/// A source of messages that uses every case and every optional field.
struct Sample {
    var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed, stream: "wire")
    }

    /// How many kinds of messages there are.
    static let kindCount = 11

    mutating func message(kind: Int) -> PeerMessage {
        switch kind {
        case 0:
            .pushPull(pushPull())
        case 1: .topology(topology())
        case 2: .exchange(exchange())
        default: .replication(replication(kind: kind - 3))
        }
    }

    private mutating func replication(kind: Int) -> ReplicationMessage {
        switch kind {
        case 0:
            .put(
                ReplicaPut(
                    operation: operation(), key: bytes(40), object: object(),
                    purpose: ReplicaPut.Purpose.allCases[random.below(3)],
                    heldFor: maybe { $0.node() }, durable: flag(), patience: duration()))
        case 1:
            .putReplies(
                (0..<1 + random.below(9)).map { _ in
                    ReplicaPutReply(
                        operation: operation(), outcome: flag() ? .stored : .refused(error()))
                })
        case 2:
            .get(
                ReplicaGet(operation: operation(), key: bytes(40), summaryAllowed: flag(), epoch: 1)
            )
        case 3:
            .getReply(
                ReplicaGetReply(
                    operation: operation(), outcome: shown(), watermark: timestamp()))
        case 4:
            .forward(
                Forward(
                    operation: operation(), request: request(), patience: duration(),
                    startBy: instant(), date: timestamp()))
        case 5:
            .forwardReply(
                ForwardReply(
                    operation: operation(), answer: answer(), shown: instant(),
                    timestamp: timestamp()))
        case 6:
            .parcel(
                Parcel(
                    operation: operation(), patience: duration(),
                    entries: (0..<random.below(9)).map { _ in
                        Parcel.Entry(key: bytes(40), object: object())
                    }))
        default:
            .removed(RemovedVersions(key: bytes(40), known: context(), watermark: timestamp()))
        }
    }

    mutating func instant() -> Instant { Instant(nanoseconds: random.next()) }

    mutating func flag() -> Bool { random.chance(0.5) }

    mutating func maybe<Value>(_ value: (inout Sample) -> Value) -> Value? {
        flag() ? value(&self) : nil
    }

    mutating func bytes(_ limit: Int) -> Bytes {
        (0..<random.below(limit)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    mutating func text() -> String { String(repeating: "é", count: random.below(9)) + "n" }
    mutating func node() -> NodeID { NodeID(rawValue: random.next()) }
    mutating func operation() -> OperationID { OperationID(rawValue: random.next() >> 20) }
    mutating func duration() -> Duration { .microseconds(random.below(86_400_000)) }
    mutating func small() -> Int { random.below(1_000) }
    mutating func wall() -> WallTime { WallTime(milliseconds: random.next() >> 20) }

    mutating func actor() -> Actor {
        Actor(
            node: NodeID(rawValue: UInt64(random.below(5))), incarnation: UInt32(random.below(3)))
    }

    mutating func dot() -> Dot { Dot(actor: actor(), counter: UInt64(1 + random.below(1_000))) }

    mutating func timestamp() -> HybridTimestamp { HybridTimestamp(bits: random.next()) }

    mutating func context() -> Context {
        var context = Context(covering: (0..<random.below(6)).map { _ in dot() })
        if flag() { context.reach(timestamp()) }
        return context
    }

    mutating func object() -> Object {
        var object = Object()
        for _ in 0..<random.below(5) {
            let dot = dot()
            if object.context.covers(dot) { continue }
            object.record(
                Sibling(
                    dot: dot, timestamp: HybridTimestamp(bits: random.next()),
                    content: flag() ? .value(bytes(60)) : .tombstone,
                    expiry: maybe { $0.wall() }),
                seen: flag() ? object.context : Context())
        }
        return object
    }

    mutating func quorum() -> Quorum {
        switch random.below(3) {
        case 0: .count(small())
        case 1: .majority
        default: .all
        }
    }

    mutating func request() -> ClientRequest {
        if flag() {
            var options = ReadOptions()
            options.n = maybe { $0.small() }
            options.r = maybe { $0.quorum() }
            options.pr = maybe { $0.quorum() }
            options.timeout = maybe { $0.duration() }
            return ClientRequest(key: bytes(40), operation: .get(options))
        }
        var options = WriteOptions()
        options.n = maybe { $0.small() }
        options.w = maybe { $0.quorum() }
        options.pw = maybe { $0.quorum() }
        options.dw = maybe { $0.quorum() }
        options.timeout = maybe { $0.duration() }
        let mutation = Mutation(
            content: flag() ? .value(bytes(60)) : .tombstone, expiry: maybe { $0.wall() },
            causality: flag() ? .seen(context()) : .coordinator)
        return ClientRequest(key: bytes(40), operation: .put(mutation, options))
    }

    mutating func evidence() -> Evidence {
        Evidence(
            coordinator: node(),
            witnesses: (0..<random.below(5)).map { _ in
                Witness(
                    node: node(), standsInFor: maybe { $0.node() },
                    act: Witness.Act.allCases[random.below(Witness.Act.allCases.count)])
            })
    }

    mutating func error() -> RequestError {
        switch random.below(10) {
        case 0: .noTopology
        case 1: .invalidOptions(text())
        case 2: .unavailable(needed: small(), reachable: small(), evidence: evidence())
        case 3: .timedOut(needed: small(), answered: small(), evidence: evidence())
        case 4: .overloaded
        case 5: .tooLarge(what: text(), limit: small())
        case 6: .tooManySiblings(limit: small())
        case 7: .clockSkew
        case 8: .late
        default: .storage(text())
        }
    }

    mutating func answer() -> ClientAnswer {
        switch random.below(3) {
        case 0: .read(ReadAnswer(object: object(), evidence: evidence()))
        case 1:
            .written(
                WriteAnswer(
                    dot: dot(), context: maybe { $0.context() }, siblingCount: small(),
                    replacedValue: flag(), evidence: evidence()))
        default: .failed(error())
        }
    }

    mutating func shown() -> ReplicaGetReply.Outcome {
        switch random.below(3) {
        case 0: .object(object())
        case 1: .summary(context(), (0..<random.below(4)).map { _ in dot() })
        default: .refused(error())
        }
    }

    mutating func pushPull() -> PushPull {
        let members = (0..<random.below(5)).map { index in
            Member(
                id: NodeID(rawValue: UInt64(index + 1)), name: text(), zone: text(),
                weight: UInt32(1 + random.below(9)),
                peerEndpoint: Endpoint(host: "10.0.0.\(index)", port: 7_401),
                clientEndpoint: Endpoint(host: "::\(index)", port: 7_400),
                incarnation: UInt64(small()),
                state: MemberState.allCases[random.below(MemberState.allCases.count)])
        }
        return PushPull(members: members, wantsReply: flag(), epoch: UInt64(small()))
    }

    mutating func topology() -> Topology {
        let count = 1 + random.below(4)
        let members = (0..<count).map {
            RingMember(
                id: NodeID(rawValue: UInt64($0 + 1)), name: "n\($0)", zone: text(), weight: 1)
        }
        let homes = (0..<4).flatMap { partition in
            (0..<min(3, count)).map { UInt16((partition + $0) % count) }
        }
        guard let partitions = PartitionCount(4),
            let topology = try? Topology(
                epoch: UInt64(1 + small()), clusterName: text(), clusterID: random.next(),
                secret: .drawn(by: &random), replicaCount: 3, partitionCount: partitions,
                members: members,
                homeIndexes: homes)
        else { fatalError("a sample topology breaks a rule") }
        return topology
    }
}

extension PeerMessage {
    var encoded: Bytes {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.take()
    }

    init(bytes: Bytes) throws {
        var reader = ByteReader(bytes)
        self = try PeerMessage(from: &reader)
        try reader.expectEnd()
    }
}

extension Frame {
    var encoded: Bytes {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.take()
    }
}

func hexDigits(_ bytes: Bytes) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
